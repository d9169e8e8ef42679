using System.Security.Cryptography;
using System.Text.Json;
using System.Xml;
using NUnit.Framework;
using Provisioning.Api.Sso.Saml;
using Provisioning.Core.Common;

namespace Provisioning.Tests.Sso.Saml;

/// <summary>An identity provider and a service that trusts it, without any HTTP.</summary>
public abstract class SamlFixture
{
    internal static readonly DateTimeOffset Now = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);
    internal static readonly ExpectedResponse Expected = new("https://idp.example/entity", "https://service.example/sp", "https://service.example/acs");

    /// <summary>Made once: keys take longer than the tests.</summary>
    private static readonly Lazy<(SigningKey Key, SigningKey Stranger, RSA Service)> Keys = new(() => (
        SigningKey.Make(Now.AddYears(-1), Now.AddYears(1)), SigningKey.Make(Now.AddYears(-1), Now.AddYears(1)), RSA.Create(2048)));

    internal static SigningKey Key => Keys.Value.Key;

    /// <summary>A key that the connection does not name.</summary>
    internal static SigningKey Stranger => Keys.Value.Stranger;

    internal static RSA Service => Keys.Value.Service;

    internal static Said Good => new(Expected.Identity, Expected.Service, Expected.Consumer, Now);

    /// <summary>Reads and checks a response as the consumer does.</summary>
    internal static Outcome<SamlAssertion> Accept(byte[] response, params SigningKey[] keys)
    {
        var pinned = new PinnedKeys([.. (keys.Length == 0 ? [Key] : keys).Select(one => one.Certificate)], Now);
        return new SamlResponseReader(pinned, Service).Read(response)
            .Then(read => AssertionRules.Check(read, Expected, Now).Select(_ => read.Assertion));
    }

    internal static Outcome<SamlAssertion> Accept(XmlDocument response, params SigningKey[] keys) => Accept(SigningKey.Bytes(response), keys);

    /// <summary>A response in which the assertion is signed, and perhaps the response.</summary>
    internal static XmlDocument Signed(Said said, bool assertion = true, bool response = false)
    {
        var document = said.Document();
        if (assertion) Key.Sign(document, said.AssertionId);
        if (response) Key.Sign(document, said.ResponseId);
        return document;
    }

    internal static void Refused(string fault, XmlDocument response, params SigningKey[] keys) => Refused(fault, SigningKey.Bytes(response), keys);

    internal static void Refused(string fault, byte[] response, params SigningKey[] keys)
    {
        var outcome = Accept(response, keys);
        Assert.That((outcome.Error as Unprocessable)?.Code, Is.EqualTo(fault), outcome.Error?.Detail ?? "it was accepted");
    }

    internal static void Refused(string fault, Said said)
    {
        Refused(fault, Signed(said));
    }

    internal static string Content(SamlAssertion assertion) => JsonSerializer.Serialize(assertion);
}
