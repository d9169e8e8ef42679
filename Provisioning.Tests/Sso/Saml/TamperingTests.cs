using System.Text;
using System.Xml;
using NUnit.Framework;
using Provisioning.Api.Sso.Saml;

namespace Provisioning.Tests.Sso.Saml;

/// <summary>Whatever is done to a good response: it is refused, or says what it said.</summary>
public sealed class TamperingTests : SamlFixture
{
    private const int Rounds = 400;

    [TestCase(true, false)]
    [TestCase(false, true)]
    public void A_response_with_changed_bytes_is_never_read_as_something_else(bool assertion, bool response)
    {
        var good = SigningKey.Bytes(Signed(Good, assertion, response));
        var random = Begin();
        var accepted = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var bytes = good.ToList();
            for (var times = random.Next(1, 4); times > 0; times--)
            {
                var at = random.Next(bytes.Count);
                switch (random.Next(4))
                {
                    case 0: bytes[at] = (byte)random.Next(256); break;
                    case 1: bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at)); break;
                    case 2: bytes.Insert(at, (byte)" <>/\"&a#'="[random.Next(10)]); break;
                    default: bytes.InsertRange(random.Next(bytes.Count), bytes.Slice(at, Math.Min(random.Next(1, 200), bytes.Count - at))); break;
                }
            }
            accepted += Same([.. bytes]);
        }
        Assert.That(accepted, Is.LessThan(Rounds), "most changes must be noticed");
    }

    [TestCase(true, false)]
    [TestCase(false, true)]
    [TestCase(true, true)]
    public void A_response_with_moved_elements_is_never_read_as_something_else(bool assertion, bool response)
    {
        var good = Signed(Good, assertion, response).OuterXml;
        var random = Begin();
        for (var round = 0; round < Rounds; round++)
        {
            var document = Said.Load(good);
            for (var times = random.Next(1, 4); times > 0; times--) Move(document, random);
            Same(SigningKey.Bytes(document));
        }
    }

    private static void Move(XmlDocument document, Random random)
    {
        var elements = document.SelectNodes("//*")!.Cast<XmlElement>().ToList();
        var one = elements[random.Next(elements.Count)];
        var other = elements[random.Next(elements.Count)];
        switch (random.Next(6))
        {
            case 0 when one.ParentNode is XmlElement parent: parent.RemoveChild(one); break;
            case 1: other.PrependChild(one.CloneNode(true)); break;
            case 2: other.AppendChild(Forged(one)); break;
            case 3 when one.ParentNode is XmlElement parent && parent != document.DocumentElement && !other.SelectNodes("ancestor-or-self::*")!.Cast<XmlNode>().Contains(one):
                other.AppendChild(one);
                break;
            case 4 when other.ParentNode is XmlElement parent: parent.InsertBefore(Forged(one), other); break;
            default: one.SetAttribute("ID", other.GetAttribute("ID") is { Length: > 0 } id ? id : "_x"); break;
        }
    }

    private static XmlNode Forged(XmlElement element)
    {
        var copy = element.CloneNode(true);
        foreach (var text in copy.SelectNodes(".//text()")!.OfType<XmlText>().Where(text => text.Value == "00u-ada")) text.Value = "00u-owner";
        return copy;
    }

    private static Random Begin()
    {
        var seed = Environment.TickCount;
        TestContext.Out.WriteLine($"seed {seed}");
        return new Random(seed);
    }

    /// <summary>1 when it was accepted, and then with nothing but the person and the words of the good response.</summary>
    private static int Same(byte[] bytes)
    {
        var read = Accept(bytes);
        if (!read.IsOk) return 0;
        var assertion = read.Value;
        Assert.That((assertion.NameId, assertion.Issuer, assertion.NameIdFormat, assertion.SessionIndex), Is.EqualTo(("00u-ada", Expected.Identity, SamlNames.PersistentFormat, "_session")),
            Encoding.UTF8.GetString(bytes));
        Assert.That(assertion.Attributes.Select(pair => pair.Key + "=" + string.Join(",", pair.Value)), Is.EqualTo(
            new[] { "email=ada@acme.example", "displayName=Ada & Co", "groups=eng,ops" }), Encoding.UTF8.GetString(bytes));
        return 1;
    }
}
