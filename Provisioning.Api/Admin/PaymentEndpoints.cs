using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Provisioning.Api.Configuration;
using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;

namespace Provisioning.Api.Admin;

/// <summary>
/// Where a payment service tells what became of a payment. It signs time and body with the shared secret; nothing else is believed. Notices
/// may come twice and in any order.
/// </summary>
public static class PaymentEndpoints
{
    public const string SignatureHeader = "Payment-Signature";

    /// <summary>How far the signed time may lie from ours: an old notice cannot be played back.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    public static void MapPayments(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/payments", (Delegate)(async Task (HttpContext context) =>
        {
            var received = await ReceiveAsync(context);
            if (received.Try(out var result, out var error)) await context.Response.WriteAsJsonAsync(PaymentForm.ToApi(result), context.RequestAborted);
            else await Problems.WriteAsync(context, error);
        })).WithTags("Contract and invoices").WithMetadata(new RoutePolicy("a signature of the payment service")).WithSummary("What became of a payment")
            .WithDescription("""Body: {"invoice":"inv_...","result":"succeeded"|"failed","reference":"...","total":{"amount":"40.00","currency":"USD"}}. The total is what was taken, and demanded with succeeded. Payment-Signature: t=<Unix seconds>,v1=<hex HMAC-SHA-256 of "<t>.<body>" with Billing:PaymentSecret>.""")
            .Accepts<PaymentNoticeBody>("application/json").Produces<PaymentForm>().WithMetadata(new TakesNoKey())
            .Refuses("invalid_request", "unauthenticated", "not_found", "store_unavailable", "invoice_not_payable", "quote_expired", "quote_stale", "from_tier_in_use", "total_mismatch");

    /// <summary>The value of the header for a body at an instant.</summary>
    public static string Sign(string secret, ReadOnlySpan<byte> body, DateTimeOffset at)
    {
        var seconds = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        return $"t={seconds},v1={Convert.ToHexStringLower(Digest(secret, seconds, body))}";
    }

    private static async Task<Outcome<PaymentResult>> ReceiveAsync(HttpContext context)
    {
        var settings = context.RequestServices.GetRequiredService<ServiceSettings>();
        var read = await RequestBody.ReadAsync(context, Math.Min(settings.Limits.BodyBytes, RequestBody.AnonymousBytes), "application/json");
        if (!read.Try(out var bytes, out var error)) return error;
        var now = context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
        if (!IsSigned(settings.Billing.PaymentSecret, context.Request.Headers[SignatureHeader].ToString(), bytes.Span, now))
            return new Unauthenticated($"{SignatureHeader} is missing, older than {Window.TotalMinutes:0} minutes, or not made with the shared secret.");
        if (!JsonText.Parse(bytes, settings.Limits.JsonDepth).Try(out var json, out error)) return error;
        var fields = new JsonFields(json);
        var invoice = fields.Text("invoice");
        var result = fields.Text("result");
        var reference = fields.Text("reference");
        var amount = result == "succeeded" || fields.Has("total") ? MoneyFields.Money(fields, "total") : null;
        if (result is not ("succeeded" or "failed")) fields.Refuse("'result' must be succeeded or failed.");
        if (fields.Problem is { } problem) return problem;
        if (!Ids.TryParse<InvoiceId>(invoice, out var id)
            || await context.RequestServices.GetRequiredService<InvoiceAdministration>().OwnerAsync(id, context.RequestAborted) is not { } organization)
            return new NotFound("There is no such invoice.");
        var actor = new Actor(ActorKind.Job, "payment_service", Channel.AdminApi, context.CorrelationId());
        return await context.RequestServices.GetRequiredService<Payments>().ReceiveAsync(
            organization, actor, new PaymentNotice(id, result == "succeeded", reference, amount), context.RequestAborted);
    }

    private static bool IsSigned(string? secret, string header, ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        if (secret is null || header.Length > 200) return false;
        var parts = header.Split(',', StringSplitOptions.TrimEntries);
        var time = parts.FirstOrDefault(part => part.StartsWith("t=", StringComparison.Ordinal))?[2..];
        if (!long.TryParse(time, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || seconds > 253_402_300_799
            || (now - DateTimeOffset.FromUnixTimeSeconds(seconds)).Duration() > Window) return false;
        var digest = Digest(secret, time, body);
        foreach (var part in parts)
            if (part.StartsWith("v1=", StringComparison.Ordinal) && part.Length == 3 + (2 * digest.Length)
                && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(digest)), Encoding.ASCII.GetBytes(part[3..])))
                return true;
        return false;
    }

    private static byte[] Digest(string secret, string time, ReadOnlySpan<byte> body)
    {
        byte[] signed = [.. Encoding.ASCII.GetBytes(time + "."), .. body];
        return HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed);
    }
}
