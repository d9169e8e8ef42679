using System.Globalization;
using System.Text;

namespace Provisioning.Api.Hosting;

/// <summary>What the start-up text tells.</summary>
/// <param name="Addresses">As bound, for example <c>http://0.0.0.0:5080</c>.</param>
/// <param name="BaseUrl">Public:BaseUrl; null when not set.</param>
/// <param name="Engine">For example <c>sqlite</c>.</param>
/// <param name="DatabasePath">The embedded database's file; null for others.</param>
/// <param name="Demo">Null without a demo organisation.</param>
public sealed record StartupFacts(
    IReadOnlyList<string> Addresses, string? BaseUrl, string Environment, string Engine, string? DatabasePath, DemoFacts? Demo);

/// <summary>The demo organisation. A token that is null is not printed: it came from configuration or was printed at the first start.</summary>
/// <param name="Seats">Purchased seats by tier, best tier first.</param>
public sealed record DemoFacts(
    string Slug, string Domain, string Connection, string? ScimToken, string? OwnerToken, string? GatewayToken,
    IReadOnlyList<(string Tier, int Purchased)> Seats);

/// <summary>The start-up text: where everything is, and first requests to copy.</summary>
public static class StartupBanner
{
    private static readonly string[] AnyAddress = ["0.0.0.0", "[::]", "*", "+"];

    /// <summary>Lines separated by LF, the last one ended.</summary>
    public static string Text(StartupFacts facts)
    {
        var root = Root(facts);
        var text = new StringBuilder();
        Line(text, "");
        Line(text, $"Provisioning ({facts.Environment}) listens on {string.Join(", ", facts.Addresses)}");
        Line(text, "");
        Column(text, "SCIM base URL", root + "/scim/v2");
        Column(text, "Admin REST", root + "/v1/organizations/" + (facts.Demo?.Slug ?? "{org}"));
        Column(text, "API description", root + "/openapi/v1.json");
        Column(text, "Readiness", root + "/health/ready");
        Column(text, "Database", facts.DatabasePath is { } path ? $"{facts.Engine}, {path}" : facts.Engine);
        Column(text, "Documentation", "README.md");
        if (facts.Demo is { } demo) AddDemo(text, demo, root);
        Line(text, "");
        return text.ToString();
    }

    private static void AddDemo(StringBuilder text, DemoFacts demo, string root)
    {
        var seats = string.Join(", ", demo.Seats.Select(static seat => string.Create(CultureInfo.InvariantCulture, $"{seat.Tier} {seat.Purchased}")));
        Line(text, "");
        Line(text, "Demo organisation");
        Column(text, "Name", demo.Slug);
        Column(text, "Domain", demo.Domain);
        Column(text, "Seats", seats);
        Column(text, "SCIM token", Token(demo.ScimToken, "Demo:ScimToken"));
        Column(text, "Owner token", Token(demo.OwnerToken, "Demo:OwnerToken"));
        Column(text, "Gateway token", Token(demo.GatewayToken, "Demo:GatewayToken"));
        if (demo is { ScimToken: { } scim, OwnerToken: { } owner, GatewayToken: { } gateway })
        {
            Line(text, "");
            Line(text, "For the commands of README.md, in another shell:");
            Line(text, "");
            Line(text, $"  export BASE={root} SCIM={Quoted(scim)} OWNER={Quoted(owner)} GATEWAY={Quoted(gateway)}");
        }
        Line(text, "");
        Line(text, "Push a first user over SCIM:");
        Line(text, "");
        Request(text, root + "/scim/v2/Users", demo.ScimToken ?? "$SCIM_TOKEN", "application/scim+json",
            $$"""{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ada@{{demo.Domain}}","active":true}""");
        Line(text, "");
        Line(text, "Let a person sign in (just-in-time provisioning):");
        Line(text, "");
        Request(text, $"{root}/v1/organizations/{demo.Slug}/sign-in-decisions", demo.GatewayToken ?? "$GATEWAY_TOKEN", "application/json",
            $$"""{"connection":"{{demo.Connection}}","subject":"sub-1","email":"grace@{{demo.Domain}}","emailVerified":true}""");
        Line(text, "");
        Line(text, "See who has the seats:");
        Line(text, "");
        Line(text, $"  curl -s {root}/v1/organizations/{demo.Slug}/members -H {Quoted("Authorization: Bearer " + (demo.OwnerToken ?? "$OWNER_TOKEN"))}");
    }

    /// <summary>The public URL, else the first address in a form that a client on this machine can use.</summary>
    private static string Root(StartupFacts facts)
    {
        if (facts.BaseUrl is { } url) return url;
        var address = (facts.Addresses.Count > 0 ? facts.Addresses[0] : ProvisioningHost.DefaultUrl).TrimEnd('/');
        foreach (var any in AnyAddress) address = address.Replace($"://{any}:", "://localhost:", StringComparison.Ordinal);
        return address;
    }

    private static string Token(string? secret, string setting) => secret ?? $"as set by {setting}, or printed at the first start";

    private static void Request(StringBuilder text, string url, string token, string contentType, string body)
    {
        Line(text, $"  curl -s {url} \\");
        Line(text, $"    -H {Quoted("Authorization: Bearer " + token)} \\");
        Line(text, $"    -H 'Content-Type: {contentType}' \\");
        Line(text, $"    -d '{body}'");
    }

    /// <summary>For a shell: a placeholder variable is left to the shell, a secret is taken as it is.</summary>
    private static string Quoted(string value) =>
        value.Contains("Bearer $", StringComparison.Ordinal) && value.EndsWith("_TOKEN", StringComparison.Ordinal)
            ? $"\"{value}\"" : $"'{value.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static void Column(StringBuilder text, string name, string value) => Line(text, $"  {name,-18}{value}");

    private static void Line(StringBuilder text, string line) => text.Append(line).Append('\n');
}
