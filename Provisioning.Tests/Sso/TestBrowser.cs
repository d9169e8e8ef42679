using System.Net;
using System.Text.RegularExpressions;
using System.Web;
using NUnit.Framework;

namespace Provisioning.Tests.Sso;

/// <summary>A page or a redirect as a browser got it.</summary>
internal sealed record Shown(int Status, Uri Address, Uri? Location, string Body, IReadOnlyDictionary<string, string> Headers)
{
    public string Title => Regex.Match(Body, "<h1>(.*?)</h1>").Groups[1].Value;

    public Uri To => Location ?? throw new AssertionException($"No redirect.\n{Status} {Address}\n{Body}");

    public string? Query(string name) => HttpUtility.ParseQueryString(To.Query)[name];

    /// <summary>The value of a hidden field.</summary>
    public string Hidden(string name) => WebUtility.HtmlDecode(Regex.Match(Body, $"name=\"{name}\" value=\"([^\"]*)\"").Groups[1].Value);

    /// <summary>Where "Try again" leads.</summary>
    public string Again => WebUtility.HtmlDecode(Regex.Match(Body, """<a class="button" href="([^"]+)">Try again</a>""").Groups[1].Value);

    public Shown Expect(int status, string? title = null)
    {
        Assert.That((Status, title is null ? null : Title), Is.EqualTo((status, title)), Body);
        return this;
    }
}

/// <summary>A browser: keeps cookies, follows no redirect unless told to.</summary>
internal sealed class TestBrowser : IDisposable
{
    private readonly HttpClient http;

    public TestBrowser(Uri home)
    {
        Home = home;
        http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = Cookies });
    }

    public CookieContainer Cookies { get; } = new();

    public Uri Home { get; set; }

    public Task<Shown> GoAsync(string address) => GoAsync(new Uri(Home, address));

    public async Task<Shown> GoAsync(Uri address)
    {
        using var response = await http.GetAsync(address);
        return await ReadAsync(address, response);
    }

    public async Task<Shown> SubmitAsync(string path, params (string Name, string Value)[] fields)
    {
        var address = new Uri(Home, path);
        using var form = new FormUrlEncodedContent(fields.ToDictionary(field => field.Name, field => field.Value));
        using var response = await http.PostAsync(address, form);
        return await ReadAsync(address, response);
    }

    /// <summary>A press of a button on a page of the service itself, as browsers say it (Fetch Metadata).</summary>
    public Task<Shown> PressAsync(string path, params (string Name, string Value)[] fields) =>
        SendAsync(HttpMethod.Post, path, new FormUrlEncodedContent(fields.ToDictionary(field => field.Name, field => field.Value)), "same-origin");

    /// <summary>A request with the browser's cookies.</summary>
    /// <param name="site">Sec-Fetch-Site; null for a browser that does not say.</param>
    public async Task<Shown> SendAsync(HttpMethod method, string path, HttpContent? content, string? site)
    {
        using var request = new HttpRequestMessage(method, new Uri(Home, path)) { Content = content };
        if (site is not null) request.Headers.Add("Sec-Fetch-Site", site);
        using var response = await http.SendAsync(request);
        return await ReadAsync(request.RequestUri!, response);
    }

    public string? Cookie(string name) => Cookies.GetCookies(Home).FirstOrDefault(cookie => cookie.Name == name)?.Value;

    public void Dispose() => http.Dispose();

    private static async Task<Shown> ReadAsync(Uri address, HttpResponseMessage response)
    {
        var location = response.Headers.Location;
        return new Shown((int)response.StatusCode, address, location is null || location.IsAbsoluteUri ? location : new Uri(address, location),
            await response.Content.ReadAsStringAsync(),
            response.Headers.Concat(response.Content.Headers).ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase));
    }
}
