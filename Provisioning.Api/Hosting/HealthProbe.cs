namespace Provisioning.Api.Hosting;

/// <summary>
/// The health check of a container, where there is neither shell nor curl: asks a running service on this machine whether it is live.
/// </summary>
internal static class HealthProbe
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    /// <summary>0 when it is live, else 1.</summary>
    /// <param name="urls">Where it listens, as in ASPNETCORE_URLS; the first counts.</param>
    public static async Task<int> AskAsync(string? urls, Terminal terminal)
    {
        try
        {
            using var client = new HttpClient { Timeout = Patience };
            using var answer = await client.GetAsync(Address(urls));
            return answer.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException or FormatException)
        {
            await terminal.Error.WriteLineAsync($"The service does not answer: {exception.Message}");
            return 1;
        }
    }

    /// <summary>Who listens on every address is asked on the loopback one.</summary>
    internal static Uri Address(string? urls)
    {
        var first = urls?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault() ?? ProvisioningHost.DefaultUrl;
        var bound = BindingAddress.Parse(first);
        var host = bound.Host is "*" or "+" or "0.0.0.0" or "[::]" ? "127.0.0.1" : bound.Host;
        return new UriBuilder(bound.Scheme, host, bound.Port, Health.Root + "live").Uri;
    }
}
