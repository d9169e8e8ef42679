using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Provisioning.Tests.Sso;

/// <summary>What a provider knows of a code it gave out.</summary>
internal sealed record GivenCode(string ClientId, string RedirectUri, string Challenge, string Nonce);

/// <summary>
/// An OpenID provider on loopback with keys of its own, for tests: it authenticates whoever <see cref="Person"/> is without asking, and
/// misbehaves in every way a test asks for.
/// </summary>
internal sealed class TestProvider : IAsyncDisposable
{
    public const string ClientId = "the client", ClientSecret = "s3cret &+%/ with signs";

    /// <summary>Made once: making RSA keys takes long.</summary>
    private static readonly TestKey Usual = TestKey.Rsa("k1");

    private readonly WebApplication app;
    private readonly ConcurrentDictionary<string, GivenCode> codes = new();
    private int counter;

    private TestProvider(WebApplication app)
    {
        this.app = app;
        Keys = [Usual];
    }

    public string Issuer => app.Urls.First();

    /// <summary>Published; the first one signs.</summary>
    public List<TestKey> Keys { get; set; }

    /// <summary>Claims of whoever signs in.</summary>
    public JsonObject Person { get; set; } = [];

    /// <summary>Claims of the userinfo endpoint; null: 404.</summary>
    public JsonObject? UserInfo { get; set; }

    /// <summary>Changes the claims of the ID token.</summary>
    public Action<JsonObject>? ChangeClaims { get; set; }

    /// <summary>Makes the ID token from its claims; by default signed with the first key.</summary>
    public Func<JsonObject, string>? MakeToken { get; set; }

    /// <summary>Changes the published metadata.</summary>
    public Action<JsonObject>? ChangeMetadata { get; set; }

    /// <summary>Changes the query of the answer to the authorization request.</summary>
    public Action<Dictionary<string, string>>? ChangeAnswer { get; set; }

    public bool SendsIssuer { get; set; }

    public int KeyFetches { get; private set; }

    /// <summary>Whether a client assertion (private_key_jwt) is ours; null takes none.</summary>
    public Func<string, bool>? AcceptsAssertion { get; set; }

    /// <summary>The last authorization request.</summary>
    public IQueryCollection? LastRequest { get; private set; }

    /// <summary>The last token request's Authorization header, and its form.</summary>
    public (string? Authorization, IFormCollection Form)? LastTokenRequest { get; private set; }

    public static async Task<TestProvider> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var provider = new TestProvider(app);
        app.MapGet("/.well-known/openid-configuration", provider.Metadata);
        app.MapGet("/keys", provider.KeySet);
        app.MapGet("/authorize", provider.Authorize);
        app.MapPost("/token", (Delegate)provider.TokenAsync);
        app.MapGet("/userinfo", (HttpContext context) => provider.UserInfo is { } claims && context.Request.Headers.Authorization == "Bearer the-access-token"
            ? Json(claims) : Results.NotFound());
        await app.StartAsync();
        return provider;
    }

    public string Sign(JsonObject claims, string? type = "JWT") => Keys[0].Sign(claims, type);

    /// <summary>A logout token as Back-Channel Logout 1.0 wants it.</summary>
    public JsonObject LogoutClaims(string? subject, string? session)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var claims = new JsonObject
        {
            ["iss"] = Issuer, ["aud"] = ClientId, ["iat"] = now, ["exp"] = now + 120, ["jti"] = Guid.NewGuid().ToString(),
            ["events"] = new JsonObject { ["http://schemas.openid.net/event/backchannel-logout"] = new JsonObject() },
        };
        if (subject is not null) claims["sub"] = subject;
        if (session is not null) claims["sid"] = session;
        return claims;
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }

    private IResult Metadata()
    {
        var metadata = new JsonObject
        {
            ["issuer"] = Issuer, ["authorization_endpoint"] = Issuer + "/authorize?tenant=1", ["token_endpoint"] = Issuer + "/token",
            ["jwks_uri"] = Issuer + "/keys", ["userinfo_endpoint"] = Issuer + "/userinfo", ["end_session_endpoint"] = Issuer + "/logout",
            ["authorization_response_iss_parameter_supported"] = SendsIssuer,
        };
        ChangeMetadata?.Invoke(metadata);
        return Json(metadata);
    }

    private IResult KeySet()
    {
        KeyFetches++;
        return Json(new JsonObject { ["keys"] = new JsonArray([.. Keys.Select(key => key.Public())]) });
    }

    private IResult Authorize(HttpContext context)
    {
        var query = LastRequest = context.Request.Query;
        var code = "code-" + Interlocked.Increment(ref counter).ToString(CultureInfo.InvariantCulture);
        codes[code] = new GivenCode(query["client_id"]!, query["redirect_uri"]!, query["code_challenge"]!, query["nonce"]!);
        var answer = new Dictionary<string, string> { ["code"] = code, ["state"] = query["state"]! };
        if (SendsIssuer) answer["iss"] = Issuer;
        ChangeAnswer?.Invoke(answer);
        return Results.Redirect(query["redirect_uri"] + QueryString.Create(answer!).ToString());
    }

    private async Task<IResult> TokenAsync(HttpContext context)
    {
        var form = await context.Request.ReadFormAsync();
        LastTokenRequest = (context.Request.Headers.Authorization, form);
        if (!IsOurClient(context.Request.Headers.Authorization, form)) return Error("invalid_client", 401);
        if (!codes.TryRemove(form["code"].ToString(), out var given)) return Error("invalid_grant", 400);
        var challenge = Text(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"].ToString())));
        if (given.RedirectUri != form["redirect_uri"] || given.Challenge != challenge || given.ClientId != ClientId) return Error("invalid_grant", 400);
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var claims = new JsonObject { ["iss"] = Issuer, ["aud"] = ClientId, ["iat"] = now, ["exp"] = now + 300, ["nonce"] = given.Nonce, ["auth_time"] = now };
        foreach (var (name, value) in Person) claims[name] = value?.DeepClone();
        ChangeClaims?.Invoke(claims);
        return Json(new JsonObject
        {
            ["id_token"] = MakeToken is { } make ? make(claims) : Sign(claims), ["access_token"] = "the-access-token", ["token_type"] = "Bearer",
        });
    }

    private bool IsOurClient(string? authorization, IFormCollection form)
    {
        if (form["client_assertion"].ToString() is { Length: > 0 } assertion) return AcceptsAssertion?.Invoke(assertion) == true;
        if (authorization is null) return form["client_id"] == ClientId && form["client_secret"] == ClientSecret;
        var pair = Encoding.UTF8.GetString(Convert.FromBase64String(authorization["Basic ".Length..])).Split(':');
        return Decoded(pair[0]) == ClientId && Decoded(pair[1]) == ClientSecret;
    }

    private static string Decoded(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));

    private static IResult Error(string code, int status) =>
        Results.Content(new JsonObject { ["error"] = code }.ToJsonString(), "application/json", null, status);

    private static IResult Json(JsonObject json) => Results.Content(json.ToJsonString(), "application/json");

    internal static string Text(byte[] bytes) => Convert.ToBase64String(bytes).Replace('+', '-').Replace('/', '_').TrimEnd('=');
}

/// <summary>A key of a provider and how it signs.</summary>
internal sealed record TestKey(string Id, string Algorithm, RSA? RsaKey, ECDsa? EcKey)
{
    public static TestKey Rsa(string id, string algorithm = "RS256", int bits = 2048) => new(id, algorithm, RSA.Create(bits), null);

    public static TestKey Ec(string id, string algorithm = "ES256") => new(id, algorithm, null, ECDsa.Create(algorithm switch
    {
        "ES384" => ECCurve.NamedCurves.nistP384,
        "ES512" => ECCurve.NamedCurves.nistP521,
        _ => ECCurve.NamedCurves.nistP256,
    }));

    private HashAlgorithmName Hash => Algorithm[2..] switch
    {
        "384" => HashAlgorithmName.SHA384,
        "512" => HashAlgorithmName.SHA512,
        _ => HashAlgorithmName.SHA256,
    };

    public JsonObject Public()
    {
        if (RsaKey is not null)
        {
            var rsa = RsaKey.ExportParameters(false);
            return new JsonObject { ["kty"] = "RSA", ["kid"] = Id, ["use"] = "sig", ["n"] = TestProvider.Text(rsa.Modulus!), ["e"] = TestProvider.Text(rsa.Exponent!) };
        }
        var ec = EcKey!.ExportParameters(false);
        return new JsonObject
        {
            ["kty"] = "EC", ["kid"] = Id, ["crv"] = Algorithm switch { "ES384" => "P-384", "ES512" => "P-521", _ => "P-256" },
            ["x"] = TestProvider.Text(ec.Q.X!), ["y"] = TestProvider.Text(ec.Q.Y!),
        };
    }

    public string Sign(JsonObject claims, string? type = "JWT", Action<JsonObject>? header = null)
    {
        var head = new JsonObject { ["alg"] = Algorithm, ["kid"] = Id };
        if (type is not null) head["typ"] = type;
        header?.Invoke(head);
        var signed = Part(head) + "." + Part(claims);
        var bytes = Encoding.ASCII.GetBytes(signed);
        return signed + "." + TestProvider.Text(RsaKey is not null
            ? RsaKey.SignData(bytes, Hash, Algorithm.StartsWith('P') ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1)
            : EcKey!.SignData(bytes, Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation));
    }

    public static string Part(JsonObject json) => TestProvider.Text(Encoding.UTF8.GetBytes(json.ToJsonString()));
}
