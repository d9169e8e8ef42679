using System.Net.Http.Headers;
using Provisioning.Core.Common;
using Provisioning.Core.Notifications;

namespace Provisioning.Api.Hosting;

/// <summary>Sends to receivers of webhooks through the one outbound client: no private address, no redirect, at most ten seconds (design D6).</summary>
internal sealed class WebhookClient(OutboundHttp http) : IWebhookSender
{
    public async Task<SendResult> SendAsync(WebhookRequest request, CancellationToken cancel)
    {
        var sent = await http.SendAsync(() => Message(request), cancel);
        if (!sent.Try(out var answer, out var error)) return new SendResult(null, error is Unprocessable refused ? refused.Code : "outbound_failed");
        return new SendResult(answer.Status, answer.IsSuccess ? null : "status_not_2xx");
    }

    private static HttpRequestMessage Message(WebhookRequest request)
    {
        var content = new ReadOnlyMemoryContent(request.Body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        var message = new HttpRequestMessage(HttpMethod.Post, request.Url) { Content = content };
        message.Headers.UserAgent.ParseAdd("Provisioning-Webhook/1");
        foreach (var (name, value) in request.Headers) message.Headers.TryAddWithoutValidation(name, value);
        return message;
    }
}

/// <summary>Encrypts the secrets of webhooks with the key ring that all nodes share.</summary>
internal sealed class WebhookSecretBox(SecretProtection protection) : ISecretBox
{
    private const string Purpose = "webhook-secret";

    public string Protect(string secret) => protection.Protect(Purpose, secret);

    public string? Unprotect(string secret) => protection.Unprotect(Purpose, secret);
}
