using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Provisioning.Bench.Seeding;

/// <summary>An organisation beside the large one: its name and the token of its gateway.</summary>
internal sealed record Tenant(string Slug, string GatewayToken);

/// <summary>Organisations made through the operator's REST, each with seats, a verified domain and a gateway connection.</summary>
internal static class Tenants
{
    public const string OperatorToken = "bench-operator-token-0123456789";

    /// <exception cref="InvalidOperationException">The service refused one.</exception>
    public static async Task<IReadOnlyList<Tenant>> MakeAsync(EndPoint server, int count)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://{server}") };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", OperatorToken);
        var made = new List<Tenant>(count);
        while (made.Count < count)
        {
            var slug = string.Create(CultureInfo.InvariantCulture, $"tenant-{made.Count}");
            await PostAsync(http, "", new
            {
                slug, name = slug, mode = "scim_and_jit", domains = new[] { slug + ".example" },
                tiers = new[] { new { tier = "standard", rank = 10, purchased = 1_000_000 }, new { tier = "premium", rank = 20, purchased = 1_000_000 } },
            });
            await PostAsync(http, $"/{slug}/connections", new { name = "demo", kind = "gateway", trustEmail = true });
            using var token = await PostAsync(http, $"/{slug}/tokens", new { door = "gateway", name = "bench" });
            made.Add(new Tenant(slug, token.RootElement.GetProperty("token").GetString()!));
        }
        return made;
    }

    private static async Task<JsonDocument> PostAsync(HttpClient http, string path, object body)
    {
        using var response = await http.PostAsJsonAsync(new Uri("/v1/organizations" + path, UriKind.Relative), body);
        var text = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode ? JsonDocument.Parse(text) : throw new InvalidOperationException($"POST {path}: {(int)response.StatusCode} {text}");
    }
}
