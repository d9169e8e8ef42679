using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Organizations;

namespace Provisioning.Api.Admin;

/// <summary>Reads a connection from a body. What only the network can tell is left to <see cref="ConnectionChecks"/>.</summary>
internal sealed class ConnectionFields(SecretProtection secrets, OutboundAddress addresses, IProviderMetadata metadata, TimeProvider time)
{
    private const int MostDomains = 200, MostScopes = 30, LongestSecret = 1000;

    /// <param name="before">The connection that is changed: its secret stays when the body names none, as long as it goes to the same place.</param>
    public async Task<Outcome<NewConnection>> ReadAsync(JsonFields fields, Connection? before, CancellationToken cancel)
    {
        var name = fields.Text("name", 64);
        var kind = fields.OptionalWord<ConnectionKind>("kind") ?? before?.Kind ?? ConnectionKind.Gateway;
        var enabled = fields.OptionalFlag("enabled") ?? true;
        var isDefault = fields.OptionalFlag("isDefault") ?? false;
        var trust = fields.OptionalFlag("trustEmail") ?? false;
        var claim = fields.OptionalText("externalIdClaim");
        var domains = Domains(fields);
        var oidc = fields.OptionalObject("oidc");
        var saml = fields.OptionalObject("saml");
        if (claim is not (null or "sub")) fields.Refuse("'externalIdClaim' must be \"sub\" (the subject equals the externalId) or null.");
        if (Ids.TryParse<ConnectionId>(name, out _)) fields.Refuse("'name' must not look like an id.");
        if (before is not null && kind != before.Kind) fields.Refuse("The kind of a connection stays; make another connection.");
        if (oidc is null == (kind == ConnectionKind.Oidc)) fields.Refuse("'oidc' is required for kind oidc, and only there.");
        if (saml is null == (kind == ConnectionKind.Saml)) fields.Refuse("'saml' is required for kind saml, and only there.");
        if (kind == ConnectionKind.Gateway && (isDefault || domains.Count > 0)) fields.Refuse("A gateway signs people in itself; 'isDefault' and 'domains' are for the other kinds.");
        ConnectionSettings? settings = oidc is not null ? Oidc(oidc) : null;
        if (saml is not null)
        {
            if (!(await new SamlFields(addresses, metadata).ReadAsync(saml, enabled, cancel)).Try(out var read, out var unread)) return fields.Problem ?? unread;
            settings = read;
        }
        var isElsewhere = before?.Settings is OidcSettings known && settings is OidcSettings wanted && IsElsewhere(known, wanted);
        var secret = oidc is not null ? Secret(oidc, isElsewhere ? null : before?.ProtectedSecret) : before?.ProtectedSecret;
        var method = (settings as OidcSettings)?.TokenEndpointAuthMethod;
        if (method == ClientAuthentication.PrivateKeyJwt)
        {
            if (oidc!.Has("clientSecret")) oidc.Refuse("'oidc.clientSecret' has no place with private_key_jwt: the service makes the key itself.");
            // The key stays: what is signed with it is worth something at the token endpoint it is sent to, and nowhere else. A new one, not
            // published yet, would be refused by the provider.
            secret = before?.Settings is OidcSettings { TokenEndpointAuthMethod: ClientAuthentication.PrivateKeyJwt }
                ? before.ProtectedSecret : new ClientKeys(secrets, time).Make();
        }
        var lacksSecret = method is ClientAuthentication.ClientSecretBasic or ClientAuthentication.ClientSecretPost && secret is null;
        if (lacksSecret && !isElsewhere) oidc!.Refuse("'oidc.clientSecret' is required unless 'oidc.tokenEndpointAuthMethod' is private_key_jwt or none.");
        fields.Check(oidc);
        fields.Check(saml);
        if (fields.Problem is { } problem) return problem;
        if (lacksSecret)
            return new Unprocessable("client_secret_required", "The secret that is kept was given for another issuer, client id or tokenEndpointAuthMethod, and goes nowhere else; give 'oidc.clientSecret' again.");
        if (kind == ConnectionKind.Saml) secret ??= OwnKey();
        return new NewConnection(name, kind, trust, claim)
        {
            Enabled = enabled, IsDefault = isDefault, Domains = domains, Settings = settings, ProtectedSecret = secret,
        };
    }

    /// <summary>Whether a secret of the one would be shown to somebody else, or in another way, by the other.</summary>
    private static bool IsElsewhere(OidcSettings before, OidcSettings after) =>
        before.Issuer != after.Issuer || before.ClientId != after.ClientId || before.TokenEndpointAuthMethod != after.TokenEndpointAuthMethod;

    private OidcSettings Oidc(JsonFields fields)
    {
        var issuer = Url(fields, "issuer", required: true, addresses)!;
        if (Uri.TryCreate(issuer, UriKind.Absolute, out var parsed) && (parsed.Query.Length > 0 || parsed.Fragment.Length > 0))
            fields.Refuse("'oidc.issuer' must have no query and no fragment."); // OpenID Connect Discovery 1.0, 2
        var client = fields.Text("clientId");
        var method = fields.OptionalWord<ClientAuthentication>("tokenEndpointAuthMethod") ?? ClientAuthentication.ClientSecretBasic;
        var scopes = fields.Has("scopes") ? fields.Texts("scopes", MostScopes) : OidcSettings.DefaultScopes;
        if (scopes.Any(scope => scope.Length is 0 or > 200 || scope.Any(static letter => letter is <= ' ' or '"' or '\\' or > '~')))
            fields.Refuse("'oidc.scopes' has something that is no scope.");
        return new OidcSettings(issuer, client, method, [.. scopes.Where(scope => scope != "openid").Distinct()], Claims(fields));
    }

    private static OidcClaims Claims(JsonFields fields)
    {
        var usual = OidcClaims.Default;
        if (fields.OptionalObject("claims") is not { } claims) return usual;
        var read = new OidcClaims(
            claims.OptionalText("email") ?? usual.Email, claims.OptionalText("emailVerified") ?? usual.EmailVerified,
            claims.OptionalText("name") ?? usual.Name, claims.OptionalText("groups") ?? usual.Groups, claims.OptionalText("externalId"));
        fields.Check(claims);
        return read;
    }

    /// <summary>The service's key pair of a SAML connection; it stays while the connection stays.</summary>
    private string OwnKey()
    {
        using var own = ConnectionCertificates.MakeOwn(time.GetUtcNow());
        return secrets.Protect(SecretProtection.ConnectionSecret, ConnectionCertificates.WriteOwn(own));
    }

    private string? Secret(JsonFields fields, string? before)
    {
        if (!fields.Has("clientSecret")) return before;
        return fields.OptionalText("clientSecret", LongestSecret) is { Length: > 0 } secret ? secrets.Protect(SecretProtection.ConnectionSecret, secret) : null;
    }

    /// <summary>An address that browsers are sent to or that is fetched: https without user name (http on this machine in Development).</summary>
    internal static string? Url(JsonFields fields, string name, bool required, OutboundAddress addresses)
    {
        var text = required ? fields.Text(name, OutboundAddress.LongestUrl) : fields.OptionalText(name, OutboundAddress.LongestUrl);
        if (text is null or "") return text;
        if (!addresses.IsAddress(text)) fields.Refuse($"'{name}' must be an https address without user name.");
        return text;
    }

    private static List<string> Domains(JsonFields fields)
    {
        var domains = new List<string>();
        foreach (var text in fields.Texts("domains", MostDomains))
        {
            if (!DomainName.TryParse(text, out var domain)) fields.Refuse($"'domains' has something that is no domain name: {(text.Length <= 64 ? text : text[..64])}.");
            else if (!domains.Contains(domain)) domains.Add(domain);
        }
        return domains;
    }
}
