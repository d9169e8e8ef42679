using System.Net;
using System.Text.RegularExpressions;
using System.Web;

namespace Provisioning.Tests.Sso.Saml;

/// <summary>A page or redirect that a browser was given.</summary>
internal sealed record Shown(int Status, Uri? Location, string Body)
{
    /// <summary>The stable reason on a page of refusal.</summary>
    public string? Reason => Regex.Match(Body, "Reason: ([a-z_]+)") is { Success: true } match ? match.Groups[1].Value : null;

    public string Hidden(string name) => WebUtility.HtmlDecode(Regex.Match(Body, $"name=\"{name}\" value=\"([^\"]*)\"").Groups[1].Value);

    public string? Query(string name) => Location is null ? null : HttpUtility.ParseQueryString(Location.Query)[name];

    public override string ToString() => $"{Status} {Location}\n{Body}";
}

/// <summary>A browser with cookies of its own. They are SameSite=Lax: a form of another site is sent without them, what it sets is kept.</summary>
internal sealed class Browser(Uri service) : IDisposable
{
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = service };
    private readonly Dictionary<string, string> cookies = [];

    public IReadOnlyDictionary<string, string> Cookies => cookies;

    public Task<Shown> GetAsync(Uri address) => SendAsync(new HttpRequestMessage(HttpMethod.Get, address), withCookies: true);

    public Task<Shown> GetAsync(string address) => GetAsync(new Uri(address, UriKind.RelativeOrAbsolute));

    public Task<Shown> PostAsync(string address, bool crossSite, params (string Name, string Value)[] fields) => SendAsync(
        new HttpRequestMessage(HttpMethod.Post, new Uri(address, UriKind.RelativeOrAbsolute))
        {
            Content = new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value))),
        }, withCookies: !crossSite);

    public void Dispose() => http.Dispose();

    private async Task<Shown> SendAsync(HttpRequestMessage request, bool withCookies)
    {
        using (request)
        {
            if (withCookies && cookies.Count > 0) request.Headers.Add("Cookie", string.Join("; ", cookies.Select(pair => $"{pair.Key}={pair.Value}")));
            using var response = await http.SendAsync(request);
            if (response.Headers.TryGetValues("Set-Cookie", out var set))
                foreach (var pair in set.Select(cookie => cookie.Split(';')[0].Split('=', 2))) cookies[pair[0]] = pair[1];
            var location = response.Headers.Location is { } relative ? new Uri(service, relative) : null;
            return new Shown((int)response.StatusCode, location, await response.Content.ReadAsStringAsync());
        }
    }
}
