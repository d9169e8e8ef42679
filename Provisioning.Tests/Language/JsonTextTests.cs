using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Core.Common;

namespace Provisioning.Tests.Language;

[Description("Design D10, checklist E5: bad input gets a clear error, never an exception")]
public sealed class JsonTextTests
{
    private static Outcome<JsonObject> Parse(string text, int depth = 8) => JsonText.Parse(Encoding.UTF8.GetBytes(text), depth);

    [TestCase("")]
    [TestCase(" \r\n\t")]
    [TestCase("[]")]
    [TestCase("\"text\"")]
    [TestCase("null")]
    [TestCase("{")]
    [TestCase("{}}")]
    [TestCase("{}{}")]
    [TestCase("{\"a\":}")]
    [TestCase("{'a':1}")]
    [TestCase("{\"a\":1,}")]
    [TestCase("{\"a\":\"\u0001\"}")]
    [TestCase("{\"a\":01}")]
    [TestCase("{\"a\":1,\"a\":2}")]
    [TestCase("// comment\n{}")]
    public void What_is_no_JSON_object_is_invalid_syntax(string text) => Language.Refused<InvalidSyntax, JsonObject>(Parse(text));

    [Test]
    public void Bytes_that_are_not_UTF8_are_invalid_syntax() =>
        Language.Refused<InvalidSyntax, JsonObject>(JsonText.Parse(new byte[] { (byte)'{', (byte)'"', 0xC3, 0x28, (byte)'"', (byte)'}' }, 8));

    [TestCase(@"{""a"":""x\u0000""}")]
    [TestCase(@"{""a\u0000"":1}")]
    [TestCase(@"{""a"":""\ud800""}")]
    [TestCase(@"{""a"":""\udc00""}")]
    [TestCase(@"{""a"":""\ud800\u0041""}")]
    [TestCase(@"{""a"":""\ud800x\udc00""}")]
    [TestCase(@"{""a"":""\ud800\ud800\udc00""}")]
    [TestCase(@"{""\udfff"":1}")]
    [TestCase(@"{""a"":""\ufffe""}")]
    [TestCase("{\"a\":\"\uFFFE\"}")]
    public void NUL_and_lone_surrogates_are_invalid_values(string text) => Language.Refused<InvalidValue, JsonObject>(Parse(text));

    [Test]
    public void Escapes_and_pairs_are_read()
    {
        var json = Language.Ok(Parse(@"{""a"":""\u00e4\ud83d\ude00\\u0000\n"",""A"":[1.50,true,null,{}]}"));
        Assert.That(json["a"]!.GetValue<string>(), Is.EqualTo("ä😀\\u0000\n"));
        Assert.That(json["A"]!.ToJsonString(), Is.EqualTo("[1.50,true,null,{}]"));
    }

    [TestCase(0xFFFE)]
    [TestCase(0xD800)]
    [TestCase(0xDC00)]
    public void Text_that_cannot_be_stored_still_folds(int unit)
    {
        var text = $"ä{(char)unit}ä";
        Assert.That(TextKey.IsStorable(text), Is.False);
        Assert.That(TextKey.FoldText(text), Is.EqualTo("ä\uFFFDä"));
    }

    [Test]
    public void A_byte_order_mark_is_skipped() => Language.Ok(JsonText.Parse(new byte[] { 0xEF, 0xBB, 0xBF, (byte)'{', (byte)'}' }, 1));

    [Test]
    public void Depth_is_limited_and_the_setting_named()
    {
        Language.Ok(Parse("""{"a":[{}]}""", 3));
        Language.Refused<InvalidSyntax, JsonObject>(Parse("""{"a":[{}]}""", 2), "2", "Limits:JsonDepth");
        Language.Refused<InvalidSyntax, JsonObject>(Parse(new string('[', 100_000)), "object");
        Language.Refused<InvalidSyntax, JsonObject>(Parse("{\"a\":" + new string('[', 100_000)), "Limits:JsonDepth");
    }

    [Test]
    public void No_bytes_make_it_throw_and_what_it_accepts_can_be_written_again([Values(1, 2, 3)] int seed)
    {
        var random = new Random(seed);
        var sample = Encoding.UTF8.GetBytes("""{"a":"\ud83d\ude00 \u0041 ä","b":[1,-2.5e3,true,{"c":null}],"d":{"e":"\\\""}}""");
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = (byte[])sample.Clone();
            for (var n = random.Next(1, 4); n > 0; n--)
                bytes[random.Next(bytes.Length)] = random.Next(3) == 0 ? (byte)random.Next(256) : sample[random.Next(sample.Length)];
            if (random.Next(4) == 0) bytes = bytes[..random.Next(bytes.Length)];
            if (JsonText.Parse(bytes, 8).Try(out var json, out _)) JsonSerializer.SerializeToUtf8Bytes(json);
        }
    }
}
