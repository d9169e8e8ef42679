using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Polly;
using Polly.Retry;
using Provisioning.Core.Common;
using OutboundOutcome = Provisioning.Core.Common.Outcome<Provisioning.Api.Hosting.OutboundAnswer>;

namespace Provisioning.Api.Hosting;

/// <summary>An answer from outside, read whole.</summary>
/// <param name="MediaType">Without parameters, lower case; empty when not given.</param>
public sealed record OutboundAnswer(int Status, string MediaType, byte[] Body)
{
    public bool IsSuccess => Status is >= 200 and < 300;
}

/// <summary>
/// The one client for everything fetched or sent on an owner's word: OpenID metadata and keys, SAML metadata, tokens, webhooks (design
/// D6). The resolved address is checked when the connection is made, so a name that changes its address between two look-ups gains
/// nothing; redirects are not followed; sizes and times are limited; no cookies, no proxy, no decompression.
/// </summary>
/// <remarks>
/// Refusals are <see cref="Unprocessable"/>: <c>outbound_refused</c> (an address this service does not connect to) and
/// <c>outbound_failed</c> (unreachable, too slow, too large). Their details name the host and nothing of the answer.
/// </remarks>
public sealed class OutboundHttp : IDisposable
{
    /// <summary>Largest answer that is read, in bytes, unless the caller says less.</summary>
    public const int MostBytes = 1_048_576;

    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(5), Limit = TimeSpan.FromSeconds(10);

    private readonly OutboundAddress addresses;
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> lookup;
    private readonly HttpClient http;
    private readonly ResiliencePipeline<OutboundOutcome> retries;

    /// <param name="lookup">Addresses of a name; the platform's when null.</param>
    public OutboundHttp(OutboundAddress addresses, TimeProvider time, Func<string, CancellationToken, Task<IPAddress[]>>? lookup = null)
    {
        this.addresses = addresses;
        this.lookup = lookup ?? Dns.GetHostAddressesAsync;
        http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false, UseCookies = false, UseProxy = false, AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = ConnectLimit, PooledConnectionLifetime = TimeSpan.FromMinutes(2), MaxResponseHeadersLength = 32,
            MaxConnectionsPerServer = 20, ConnectCallback = ConnectAsync,
        }, disposeHandler: true)
        {
            Timeout = Timeout.InfiniteTimeSpan, // the limit of a call covers its body too
        };
        retries = new ResiliencePipelineBuilder<OutboundOutcome> { TimeProvider = time }.AddRetry(new RetryStrategyOptions<OutboundOutcome>
        {
            MaxRetryAttempts = 2, Delay = TimeSpan.FromMilliseconds(200), BackoffType = DelayBackoffType.Exponential, UseJitter = true,
            ShouldHandle = static tried => ValueTask.FromResult(
                tried.Outcome.Result is { IsOk: true, Value.Status: 502 or 503 or 504 } or { Error: Unprocessable { Code: FailedCode } }),
        }).Build();
    }

    private const string RefusedCode = "outbound_refused", FailedCode = "outbound_failed";

    /// <summary>GET, tried again when the other side stumbles.</summary>
    public async Task<OutboundOutcome> GetAsync(
        Uri address, string accept, CancellationToken cancel, AuthenticationHeaderValue? authorization = null, int mostBytes = MostBytes) =>
        await retries.ExecuteAsync(async token => await SendAsync(() =>
        {
            var request = new HttpRequestMessage(HttpMethod.Get, address);
            request.Headers.Accept.ParseAdd(accept);
            request.Headers.Authorization = authorization;
            return request;
        }, token, mostBytes), cancel);

    /// <summary>One attempt at any request, over HTTP/1.1.</summary>
    /// <param name="make">Makes the request; disposed of here.</param>
    public async Task<OutboundOutcome> SendAsync(Func<HttpRequestMessage> make, CancellationToken cancel, int mostBytes = MostBytes)
    {
        using var request = make();
        var address = request.RequestUri!;
        if (!address.IsAbsoluteUri || address.UserInfo.Length > 0 || !addresses.AllowsScheme(address))
            return new Unprocessable(RefusedCode, $"{Named(address)} is not an https address.");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Limit);
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            if (await ReadAsync(response.Content, mostBytes, limit.Token) is not { } body)
                return new Unprocessable(FailedCode, string.Create(CultureInfo.InvariantCulture, $"{Named(address)} answered with more than {mostBytes} bytes."));
            return new OutboundAnswer((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType?.ToLowerInvariant() ?? "", body);
        }
        catch (Exception exception) when (Refusal(exception) is { } refusal)
        {
            return new Unprocessable(RefusedCode, refusal.Message);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new Unprocessable(FailedCode, $"{Named(address)} did not answer in time.");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return new Unprocessable(FailedCode, $"{Named(address)} could not be reached: {Why(exception)}.");
        }
    }

    public void Dispose() => http.Dispose();

    /// <summary>Looks the name up and connects to an allowed address of it, or to none.</summary>
    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var found = await lookup(context.DnsEndPoint.Host, cancel);
        var usable = Array.FindAll(found, addresses.Allows);
        if (usable.Length == 0) throw new RefusedException($"{context.DnsEndPoint.Host} has no address that this service connects to: private, local and reserved ones are closed.");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(usable, context.DnsEndPoint.Port, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<byte[]?> ReadAsync(HttpContent content, int mostBytes, CancellationToken cancel)
    {
        if (content.Headers.ContentLength > mostBytes) return null;
        await using var stream = await content.ReadAsStreamAsync(cancel);
        using var kept = new MemoryStream();
        var buffer = new byte[8192];
        int read;
        while ((read = await stream.ReadAsync(buffer, cancel)) > 0)
        {
            if (kept.Length + read > mostBytes) return null;
            kept.Write(buffer, 0, read);
        }
        return kept.ToArray();
    }

    /// <summary>The platform wraps what the connection callback throws.</summary>
    private static RefusedException? Refusal(Exception? exception) =>
        exception is null ? null : exception as RefusedException ?? Refusal(exception.InnerException);

    private static string Why(Exception exception) => exception switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => "the name is unknown",
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => "the TLS certificate is not accepted",
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } => "no connection",
        _ => "the answer could not be read",
    };

    private static string Named(Uri address) => address.IsAbsoluteUri ? $"{address.Scheme}://{address.Host}" : "The address";

    private sealed class RefusedException(string message) : Exception(message);
}
