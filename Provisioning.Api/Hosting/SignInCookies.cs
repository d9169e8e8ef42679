using Provisioning.Core.SignIn;

namespace Provisioning.Api.Hosting;

/// <summary>
/// The cookies of sign-in: one binds flows to the browser that began them, one holds the session. Both are random secrets, not readable
/// by scripts; their names carry <c>__Host-</c> outside this machine, so no other host of the domain can plant one.
/// </summary>
public sealed class SignInCookies(PublicUrl url)
{
    private const string Session = "provisioning_session", Browser = "provisioning_browser";

    /// <summary>The browser's own secret; made and set when it has none.</summary>
    public string EnsureBrowser(HttpContext context)
    {
        if (BrowserOf(context) is { } known) return known;
        var secret = SignInSecret.New();
        context.Response.Cookies.Append(Name(context, Browser), secret, Options(context, SignInFlows.Life * 4));
        return secret;
    }

    public string? BrowserOf(HttpContext context) => Read(context, Browser);

    public string? SessionOf(HttpContext context) => Read(context, Session);

    public void SetSession(HttpContext context, string secret, TimeSpan life) =>
        context.Response.Cookies.Append(Name(context, Session), secret, Options(context, life));

    public void ClearSession(HttpContext context) => context.Response.Cookies.Delete(Name(context, Session), Options(context, null));

    /// <summary>43 characters of base64url; anything else is none of ours.</summary>
    private string? Read(HttpContext context, string name) =>
        context.Request.Cookies.TryGetValue(Name(context, name), out var value) && value is { Length: 43 } ? value : null;

    private string Name(HttpContext context, string name) => IsSecure(context) ? "__Host-" + name : name;

    /// <summary>Lax: sent when an identity provider sends the browser back by GET, not by a form of another site.</summary>
    private CookieOptions Options(HttpContext context, TimeSpan? life) => new()
    {
        HttpOnly = true, Secure = IsSecure(context), SameSite = SameSiteMode.Lax, Path = "/", MaxAge = life, IsEssential = true,
    };

    /// <summary>Everywhere but on this machine: over http elsewhere no browser keeps the cookies, and nobody signs in.</summary>
    private bool IsSecure(HttpContext context) => new Uri(url.Root(context.Request)) is not { Scheme: "http", IsLoopback: true };
}
