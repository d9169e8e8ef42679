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

    private SigningKey key = null!;
    private SigningKey stranger = null!;
    private RSA service = null!;

    internal SigningKey Key => key;

    /// <summary>A key that the connection does not name.</summary>
    internal SigningKey Stranger => stranger;

    internal RSA Service => service;

    internal static Said Good => new(Expected.Identity, Expected.Service, Expected.Consumer, Now);

    [OneTimeSetUp]
    public void MakeKeys()
    {
        key = SigningKey.Make(Now.AddYears(-1), Now.AddYears(1));
        stranger = SigningKey.Make(Now.AddYears(-1), Now.AddYears(1));
        service = RSA.Create(2048);
    }

    [OneTimeTearDown]
    public void DropKeys()
    {
        key.Dispose();
        stranger.Dispose();
        service.Dispose();
    }

    /// <summary>Reads and checks a response as the consumer does.</summary>
    internal Outcome<SamlAssertion> Accept(byte[] response, params SigningKey[] keys)
    {
        var pinned = new PinnedKeys([.. (keys.Length == 0 ? [key] : keys).Select(one => one.Certificate)], Now);
        return new SamlResponseReader(pinned, service).Read(response)
            .Then(read => AssertionRules.Check(read, Expected, Now).Select(_ => read.Assertion));
    }

    internal Outcome<SamlAssertion> Accept(XmlDocument response, params SigningKey[] keys) => Accept(SigningKey.Bytes(response), keys);

    /// <summary>A response in which the assertion is signed, and perhaps the response.</summary>
    internal XmlDocument Signed(Said said, bool assertion = true, bool response = false)
    {
        var document = said.Document();
        if (assertion) key.Sign(document, said.AssertionId);
        if (response) key.Sign(document, said.ResponseId);
        return document;
    }

    internal void Refused(string fault, XmlDocument response, params SigningKey[] keys) => Refused(fault, SigningKey.Bytes(response), keys);

    internal void Refused(string fault, byte[] response, params SigningKey[] keys)
    {
        var outcome = Accept(response, keys);
        Assert.That((outcome.Error as Unprocessable)?.Code, Is.EqualTo(fault), outcome.Error?.Detail ?? "it was accepted");
    }

    internal void Refused(string fault, Said said)
    {
        Refused(fault, Signed(said));
    }

    internal static string Content(SamlAssertion assertion) => JsonSerializer.Serialize(assertion);
}
