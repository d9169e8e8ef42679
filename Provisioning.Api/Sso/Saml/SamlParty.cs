using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Organizations;

namespace Provisioning.Api.Sso.Saml;

/// <summary>One connection as SAML sees it: the identity provider, and this service as it is known there.</summary>
/// <param name="Own">The service's key pair of this connection.</param>
/// <param name="Root">Of absolute URLs (<see cref="PublicUrl"/>).</param>
internal sealed record SamlParty(Organization Organization, Connection Connection, SamlSettings Settings, X509Certificate2 Own, string Root) : IDisposable
{
    /// <summary>The service's entity id, and where its metadata is.</summary>
    public string Service => Path(Root, Connection.Id, "metadata");

    public string Consumer => Path(Root, Connection.Id, "acs");

    public string Logout => Path(Root, Connection.Id, "slo");

    public RSA OwnKey => Own.GetRSAPrivateKey()!;

    public ExpectedResponse ExpectedAt(string address) => new(Settings.IdpEntityId, Service, address);

    /// <summary>The provider's certificates; disposed of with the process's garbage, they hold no secret.</summary>
    public PinnedKeys KeysAt(DateTimeOffset now) =>
        new([.. Settings.Certificates.Select(text => X509CertificateLoader.LoadCertificate(Convert.FromBase64String(text)))], now);

    public void Dispose() => Own.Dispose();

    public static string Path(string root, ConnectionId connection, string what) => $"{root}/sso/saml/{connection}/{what}";
}

/// <summary>Finds the connection that an address of SAML names.</summary>
internal sealed class SamlParties(ConnectionDirectory connections, SecretProtection secrets, PublicUrl url)
{
    /// <summary>Null when the address names no SAML connection.</summary>
    public Task<SamlParty?> FindAsync(HttpContext context) =>
        Ids.TryParse<ConnectionId>(context.Request.RouteValues["connection"] as string, out var id) ? FindAsync(context, id) : Task.FromResult<SamlParty?>(null);

    public async Task<SamlParty?> FindAsync(HttpContext context, ConnectionId id) =>
        await connections.FindRealmAsync(id, context.RequestAborted) is { } realm ? Of(context, realm.Organization, realm.Connection) : null;

    /// <summary>Null when it is no SAML connection, or has no key pair that can be read.</summary>
    public SamlParty? Of(HttpContext context, Organization organization, Connection connection) =>
        connection.Settings is SamlSettings settings && OwnOf(connection) is { } own
            ? new SamlParty(organization, connection, settings, own, url.Root(context.Request)) : null;

    public X509Certificate2? OwnOf(Connection connection) =>
        secrets.Unprotect(SecretProtection.ConnectionSecret, connection.ProtectedSecret) is { } text ? ConnectionCertificates.ReadOwn(text) : null;
}
