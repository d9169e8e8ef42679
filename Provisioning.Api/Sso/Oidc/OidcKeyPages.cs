using Provisioning.Api.Hosting;
using Provisioning.Api.Sso.Oidc.Tokens;
using Provisioning.Core.Common;
using Provisioning.Core.Organizations;

namespace Provisioning.Api.Sso.Oidc;

/// <summary>The public keys of a connection, for its provider: the set to be fetched, and the newest certificate to be uploaded.</summary>
public sealed class OidcKeyPages(ConnectionDirectory connections, ClientKeys keys)
{
    public Task KeysAsync(HttpContext context) => AnswerAsync(context, "application/jwk-set+json",
        static certificates => ClientAssertion.KeySet(certificates).ToJsonString());

    public Task CertificateAsync(HttpContext context) => AnswerAsync(context, "application/x-pem-file",
        static certificates => certificates[^1].ExportCertificatePem() + "\n");

    /// <summary>Also of a connection that is off: the provider is given it first.</summary>
    private async Task AnswerAsync(
        HttpContext context, string type, Func<IReadOnlyList<System.Security.Cryptography.X509Certificates.X509Certificate2>, string> write)
    {
        var found = Ids.TryParse<ConnectionId>((string)context.Request.RouteValues["connection"]!, out var id)
            && await connections.FindRealmAsync(id, context.RequestAborted) is { } realm ? keys.Read(realm.Connection) : [];
        if (found.Count == 0)
        {
            await SsoEndpoints.NothingHereAsync(context);
            return;
        }
        var text = write(found);
        foreach (var certificate in found) certificate.Dispose();
        context.Response.ContentType = type;
        JsonAnswer.Protect(context.Response);
        context.Response.Headers.CacheControl = "public, max-age=0"; // a provider that caches would refuse a key that has just begun to sign
        await context.Response.WriteAsync(text, context.RequestAborted);
    }
}
