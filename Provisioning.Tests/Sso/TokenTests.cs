using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Api.Sso.Oidc.Tokens;

namespace Provisioning.Tests.Sso;

/// <summary>Reading and verifying signed tokens: accepted algorithms, keys that fit, nothing else.</summary>
public sealed class TokenTests
{
    private static readonly TestKey Rsa = TestKey.Rsa("r"), Other = TestKey.Rsa("r");

    private static readonly JsonObject Claims = new() { ["sub"] = "a" };

    [TestCase("RS256")]
    [TestCase("RS384")]
    [TestCase("RS512")]
    [TestCase("PS256")]
    [TestCase("PS384")]
    [TestCase("PS512")]
    public void RSA_signatures_are_verified(string algorithm)
    {
        var key = Rsa with { Algorithm = algorithm };
        Assert.That(Verify(key.Sign(Claims), key.Public()), Is.EqualTo(KeyVerdict.Good));
        Assert.That(Verify(key.Sign(Claims), Other.Public()), Is.EqualTo(KeyVerdict.BadSignature));
    }

    [TestCase("ES256")]
    [TestCase("ES384")]
    [TestCase("ES512")]
    public void EC_signatures_are_verified(string algorithm)
    {
        var key = TestKey.Ec("e", algorithm);
        Assert.That(Verify(key.Sign(Claims), key.Public()), Is.EqualTo(KeyVerdict.Good));
        Assert.That(Verify(key.Sign(Claims), TestKey.Ec("e", algorithm).Public()), Is.EqualTo(KeyVerdict.BadSignature));
    }

    [Test]
    public void Every_changed_byte_of_a_token_is_noticed()
    {
        var seed = Environment.TickCount;
        TestContext.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {seed}"));
        var random = new Random(seed);
        var key = TestKey.Ec("e");
        var token = key.Sign(new JsonObject { ["sub"] = "somebody", ["iss"] = "https://idp.example" });
        for (var round = 0; round < 300; round++)
        {
            var changed = token.ToCharArray();
            var at = random.Next(changed.Length);
            var with = "abcXYZ019-_."[random.Next(12)];
            if (changed[at] == with) continue;
            changed[at] = with;
            if (!SignedToken.Read(new string(changed)).Try(out var read, out _)) continue;
            Assert.That(Keys(key.Public()).Verify(read), Is.Not.EqualTo(KeyVerdict.Good), new string(changed));
        }
    }

    [TestCase("none")]
    [TestCase("None")]
    [TestCase("HS256")]
    [TestCase("HS512")]
    [TestCase("rs256")]
    [TestCase("EdDSA")]
    [TestCase("")]
    public void Other_algorithms_are_refused_before_any_key_is_looked_at(string algorithm) =>
        Assert.That(SignedToken.Read(Rsa.Sign(Claims, header: header => header["alg"] = algorithm)).IsOk, Is.False);

    [Test]
    public void A_public_key_is_never_the_secret_of_an_HMAC()
    {
        var pem = Encoding.UTF8.GetBytes(Rsa.RsaKey!.ExportSubjectPublicKeyInfoPem());
        var signed = TestKey.Part(new JsonObject { ["alg"] = "HS256", ["kid"] = "r" }) + "." + TestKey.Part(Claims);
        var forged = signed + "." + TestProvider.Text(HMACSHA256.HashData(pem, Encoding.ASCII.GetBytes(signed)));
        Assert.That(SignedToken.Read(forged).IsOk, Is.False);
    }

    [Test]
    public void A_key_serves_only_what_it_is_published_for()
    {
        var token = Rsa.Sign(Claims);
        Assert.That(Verify(token, With(Rsa, key => key["use"] = "enc")), Is.EqualTo(KeyVerdict.NoSuchKey));
        Assert.That(Verify(token, With(Rsa, key => key["alg"] = "RS512")), Is.EqualTo(KeyVerdict.NoSuchKey));
        Assert.That(Verify(token, With(Rsa, key => key["alg"] = "PS256")), Is.EqualTo(KeyVerdict.NoSuchKey));
        Assert.That(Verify(token, With(Rsa, key => key["key_ops"] = new JsonArray("encrypt"))), Is.EqualTo(KeyVerdict.NoSuchKey));
        Assert.That(Verify(token, With(Rsa, key => key["kid"] = "another")), Is.EqualTo(KeyVerdict.NoSuchKey));
        Assert.That(Verify(token, With(Rsa, key => key["kty"] = "oct")), Is.EqualTo(KeyVerdict.NoSuchKey));
        var curve = TestKey.Ec("r", "ES384");
        Assert.That(Verify((curve with { Algorithm = "ES256" }).Sign(Claims), curve.Public()), Is.EqualTo(KeyVerdict.NoSuchKey), "the curve of the algorithm");
        var weak = TestKey.Rsa("r", bits: 1024);
        Assert.That(Verify(weak.Sign(Claims), weak.Public()), Is.EqualTo(KeyVerdict.NoSuchKey), "too weak");
    }

    [Test]
    public void A_token_without_key_id_is_verified_only_where_one_key_fits()
    {
        var token = Rsa.Sign(Claims, header: header => header.Remove("kid"));
        Assert.That(Verify(token, Rsa.Public()), Is.EqualTo(KeyVerdict.Good));
        Assert.That(Verify(token, Rsa.Public(), TestKey.Ec("e").Public()), Is.EqualTo(KeyVerdict.Good), "the other key is of another kind");
        Assert.That(Verify(token, Rsa.Public(), With(Other, key => key["kid"] = "o")), Is.EqualTo(KeyVerdict.NoSuchKey));
    }

    [Test]
    public void Headers_that_demand_more_are_refused()
    {
        Assert.That(SignedToken.Read(Rsa.Sign(Claims, header: header => header["crit"] = new JsonArray("exp"))).IsOk, Is.False);
        Assert.That(SignedToken.Read(Rsa.Sign(Claims, header: header => header["kid"] = 7)).IsOk, Is.False);
        // A key in the header, embedded or by address, is not looked at: only published keys count.
        var own = Other.Sign(Claims, header: header => { header["jwk"] = Other.Public(); header["jku"] = "https://evil.example/keys"; });
        Assert.That(Verify(own, Rsa.Public()), Is.EqualTo(KeyVerdict.BadSignature));
    }

    [TestCase("{}")]
    [TestCase("[]")]
    [TestCase("{\"keys\":{}}")]
    [TestCase("no json")]
    public void What_is_no_key_set_is_refused(string json) => Assert.That(ProviderKeys.Read(Encoding.UTF8.GetBytes(json)).IsOk, Is.False);

    [Test]
    public void A_claim_named_twice_is_refused()
    {
        var body = TestProvider.Text(Encoding.UTF8.GetBytes("""{"sub":"a","sub":"b"}"""));
        Assert.That(SignedToken.Read(TestKey.Part(new JsonObject { ["alg"] = "RS256" }) + "." + body + ".AAAA").IsOk, Is.False);
    }

    private static KeyVerdict Verify(string token, params JsonObject[] keys) => Keys(keys).Verify(SignedToken.Read(token).Value);

    private static ProviderKeys Keys(params JsonObject[] keys) =>
        ProviderKeys.Read(Encoding.UTF8.GetBytes(new JsonObject { ["keys"] = new JsonArray([.. keys]) }.ToJsonString())).Value;

    private static JsonObject With(TestKey key, Action<JsonObject> change)
    {
        var json = key.Public();
        change(json);
        return json;
    }
}
