using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Organizations;

namespace Provisioning.Tests.Core;

/// <summary>Keys, ids, tags and cursors.</summary>
public sealed class TextKeyTests
{
    [TestCase("Ann", "aNN")]
    [TestCase("É", "e\u0301")]
    [TestCase("Σίσυφος", "ΣΊΣΥΦΟΣ")]
    [TestCase("ＡＢＣ", "abc")]
    [TestCase("𐐀", "𐐨")]
    [TestCase("\u212A", "k")]
    public void Texts_that_mean_the_same_fold_alike(string one, string other) => Assert.That(TextKey.Fold(one), Is.EqualTo(TextKey.Fold(other)));

    [TestCase("ann", "ann ")]
    [TestCase("ann", " ann")]
    [TestCase("a", "á")]
    [TestCase("", " ")]
    public void Blanks_and_accents_count(string one, string other) => Assert.That(TextKey.Fold(one), Is.Not.EqualTo(TextKey.Fold(other)));

    [Test]
    public void Folding_is_done_once_and_never_throws()
    {
        var random = new Random(7);
        for (var i = 0; i < 20_000; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(6)).Select(_ => (char)random.Next(0x10000)));
            var folded = TextKey.FoldText(text);
            Assert.That(TextKey.FoldText(folded), Is.EqualTo(folded), string.Join(' ', text.Select(letter => $"{(int)letter:X4}")));
        }
    }

    [Test]
    public void Byte_order_is_code_point_order_also_above_U_FFFF() =>
        Assert.That(TextKey.Exact("\uFFFD").AsSpan().SequenceCompareTo(TextKey.Exact("😀")), Is.Negative, "UTF-16 order is the other one");

    [Test]
    public void What_fits_is_256_characters_and_1000_bytes_and_what_is_stored_is_text()
    {
        Assert.That(TextKey.Fits(new string('a', 256)), Is.True);
        Assert.That(TextKey.Fits(new string('a', 257)), Is.False);
        Assert.That(TextKey.Fits(new string('日', 256)), Is.True);
        Assert.That(new[] { "a\0", "\uD800", "\uDC00a", "\uFFFE" }.Select(TextKey.IsStorable), Is.All.False);
        Assert.That(TextKey.IsStorable("😀 \uFFFD"), Is.True);
    }
}

public sealed class IdsTests
{
    [Test]
    public void Ids_sort_by_creation_as_bytes_and_as_text()
    {
        var time = new AdjustableTime();
        var ids = Enumerable.Range(0, 5000).Select(i =>
        {
            if (i % 100 == 0) time.Advance(TimeSpan.FromMilliseconds(i));
            return Ids.New<MemberId>(time);
        }).ToList();
        Assert.That(ids.Select(id => id.ToString()), Is.Ordered.Using<string>(string.CompareOrdinal).And.Unique);
        Assert.That(ids.Select(id => Convert.ToHexString(Ids.ToBytes(id))), Is.Ordered.Using<string>(string.CompareOrdinal));
    }

    [Test]
    public void Ids_are_read_exactly_as_written()
    {
        var id = Ids.New<MemberId>(new AdjustableTime());
        Assert.That(Ids.TryParse<MemberId>(id.ToString(), out var back) && back == id, Is.True);
        Assert.That(id.Value.Version, Is.EqualTo(7));
        var text = id.ToString();
        foreach (var wrong in new[] { null, "", text.ToUpperInvariant(), "mem_" + text[4..].ToUpperInvariant(), text[4..], "org" + text[3..], text + " ", "mem_{" + text[4..] + "}", "mem_" + id.Value.ToString("N") })
            Assert.That(Ids.TryParse<MemberId>(wrong, out _), Is.False, wrong);
    }
}

public sealed class IfMatchTests
{
    [TestCase(null, 1, null)]
    [TestCase("  ", 1, null)]
    [TestCase("*", 7, true)]
    [TestCase("\"7\"", 7, true)]
    [TestCase("W/\"7\"", 7, true)]
    [TestCase("\"6\"", 7, false)]
    [TestCase("\"1\", W/\"7\"", 7, true)]
    [TestCase("\"abc\"", 7, false)]
    [TestCase("\"99999999999999999999\"", 7, false)]
    public void RFC_9110_13_1_1(string? header, long version, bool? accepted) =>
        Assert.That(IfMatch.Parse(header)?.Accepts(version), Is.EqualTo(accepted));
}

public sealed class CursorTests
{
    [Test]
    public void A_cursor_reads_back_and_nothing_else_does()
    {
        byte[] key = [0, 255, 62, 63, 250, 251, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
        var cursor = Cursor.Write(key);
        Assert.That(cursor, Does.Match("^[A-Za-z0-9_-]+$"));
        Assert.That(Cursor.Read(cursor, 16).Value, Is.EqualTo(key));
        Assert.That(Cursor.Read(null, 16).Value, Is.Null);
        Assert.That(Cursor.Read("", 16).Value, Is.Null);
        foreach (var wrong in new[] { "!", cursor + "AAAA", cursor[..^2], "é", new string('A', 100_000), cursor + "\0" })
            Assert.That(Cursor.Read(wrong, 16).Error, Is.InstanceOf<InvalidCursor>());
    }
}

public sealed class EmailAddressTests
{
    [TestCase(" Ann+Tag@Corp.Example ", "ann+tag@corp.example")]
    [TestCase("ann@BÜCHER.example", "ann@xn--bcher-kva.example")]
    [TestCase("É@a.example", "é@a.example")]
    public void DOM_4_addresses_are_normalised(string text, string normalized)
    {
        Assert.That(EmailAddress.TryParse(text, out var address), Is.True);
        Assert.That(address!.Normalized, Is.EqualTo(normalized));
    }

    [TestCase(null)]
    [TestCase("")]
    [TestCase("ann")]
    [TestCase("@corp.example")]
    [TestCase("ann@")]
    [TestCase("ann@corp")]
    [TestCase("a@b@corp.example")]
    [TestCase("a b@corp.example")]
    [TestCase("ann@corp..example")]
    [TestCase("ann@corp.example.")]
    [TestCase("ann@-corp.example")]
    [TestCase("ann@corp_x.example")]
    public void What_is_no_address_is_none(string? text) => Assert.That(EmailAddress.TryParse(text, out _), Is.False);

    [TestCase("CORP.Example", "corp.example")]
    [TestCase("Bücher.example", "xn--bcher-kva.example")]
    [TestCase(" corp.example ", "corp.example")]
    public void DOM_1_a_domain_is_its_lower_case_A_label(string text, string name)
    {
        Assert.That(DomainName.TryParse(text, out var domain), Is.True);
        Assert.That(domain, Is.EqualTo(name));
    }
}

public sealed class MatchEmailTests
{
    [Test]
    public void SCIM_15_the_primary_or_else_the_work_address_or_else_the_userName()
    {
        Assert.That(Of("""{"userName":"u@x.example","emails":[{"value":"w@x.example","type":"work"},{"value":"P@x.example","primary":true}]}"""), Is.EqualTo("p@x.example"));
        Assert.That(Of("""{"userName":"u@x.example","emails":[{"value":"h@x.example","type":"home"},{"value":"w@x.example","type":"Work"}]}"""), Is.EqualTo("w@x.example"));
        Assert.That(Of("""{"userName":"U@x.example","emails":[{"value":"h@x.example","type":"home"}]}"""), Is.EqualTo("u@x.example"));
        Assert.That(Of("""{"userName":"u@x.example","emails":[{"value":"not one","primary":true}]}"""), Is.EqualTo("u@x.example"));
        Assert.That(Of("""{"userName":"plain","emails":[{"primary":true}]}"""), Is.Null);
        Assert.That(Of("""{"userName":"plain"}"""), Is.Null);
    }

    [TestCase("ann@x.example", "bob@x.example", true, true)]
    [TestCase("ann@x.example", "bob@x.example", false, false)]
    [TestCase("ann@x.example", "0123456789abcdefABCDEF0123456789ann@x.example", true, false)]
    [TestCase("ann@x.example", "0123456789abcdefABCDEF0123456789ANN@x.example", true, false)]
    [TestCase("ann@x.example", "0123456789abcdefABCDEF0123456789bob@x.example", true, true)]
    [TestCase("ann@x.example", "0123456789abcdefABCDEF012345678gann@x.example", true, true)]
    [TestCase("ann@x.example", "short", true, true)]
    public void SCIM_15_it_does_not_follow_while_inactive_nor_entras_soft_delete(string old, string now, bool active, bool follows) =>
        Assert.That(MatchEmail.Follows(old, CoreStack.Content(now), active), Is.EqualTo(follows));

    private static string? Of(string json) => MatchEmail.Of(EntryContent.Of(Language.Language.Json(json)));
}
