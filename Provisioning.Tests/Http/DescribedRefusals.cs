using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace Provisioning.Tests.Http;

/// <summary>Holds every refusal that any test meets at a REST route against the codes that the OpenAPI document names for the route.</summary>
internal static class DescribedRefusals
{
    private static readonly SemaphoreSlim Gate = new(1, 1);
    private static List<(string Method, Regex Path, JsonNode Operation)>? routes;

    /// <summary>Fails the test when the code, with this status, is not described.</summary>
    public static async Task CheckAsync(HttpClient http, string method, string path, Answer answer)
    {
        if (answer.Status is < 400 or 405 or >= 500 || answer.ContentType != "application/problem+json" || !path.StartsWith("/v1/", StringComparison.Ordinal)) return;
        var plain = path.Split('?')[0].TrimEnd('/');
        var operation = (await RoutesAsync(http)).FirstOrDefault(route => route.Method == method && route.Path.IsMatch(plain)).Operation;
        var described = (string?)operation?["responses"]?[answer.Status.ToString(System.Globalization.CultureInfo.InvariantCulture)]?["description"];
        if (operation is null || answer.TextOrNull("code") is not { } code || described?.Split(' ', ',').Contains(code) == true) return;
        throw new AssertionException($"/openapi/v1.json does not say that this route may refuse with {answer.Status} {code}: add .Refuses(\"{code}\") where the route is mapped.\n{answer}");
    }

    private static async Task<List<(string Method, Regex Path, JsonNode Operation)>> RoutesAsync(HttpClient http)
    {
        if (routes is { } known) return known;
        await Gate.WaitAsync();
        try
        {
            var document = JsonNode.Parse(await http.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative)))!;
            return routes ??=
            [
                .. document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(operation => (
                    operation.Key.ToUpperInvariant(),
                    new Regex("^" + Regex.Replace(path.Key, @"\{\w+\}", "[^/]+") + "$", RegexOptions.CultureInvariant), operation.Value!))),
            ];
        }
        finally
        {
            Gate.Release();
        }
    }
}
