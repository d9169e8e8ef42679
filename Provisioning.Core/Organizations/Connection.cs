using Provisioning.Core.Common;

namespace Provisioning.Core.Organizations;

/// <summary>Something that vouches for people at sign-in: an identity gateway that does the SSO exchange itself, or an identity provider.</summary>
/// <param name="TrustEmail">Whether its e-mail addresses count as verified (rule JIT-1).</param>
/// <param name="ExternalIdClaim">
/// The claim that equals a directory entry's externalId (rule JIT-1): <c>sub</c>, the subject (Okta), or null: none, unless the connection
/// states an externalId with the sign-in (Entra's <c>oid</c>, by the claim mapping of the settings).
/// </param>
public sealed record Connection(
    ConnectionId Id, OrganizationId Organization, string Name, ConnectionKind Kind, bool TrustEmail, string? ExternalIdClaim, DateTimeOffset CreatedAt)
{
    /// <summary>A connection that is off lets nobody in.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>For people whose domain has no connection of its own; at most one per organisation.</summary>
    public bool IsDefault { get; init; }

    /// <summary>Of the kind; null for a gateway.</summary>
    public ConnectionSettings? Settings { get; init; }

    /// <summary>The client secret (OIDC) or private keys (SAML), encrypted by the host; opaque here.</summary>
    public string? ProtectedSecret { get; init; }

    public DateTimeOffset UpdatedAt { get; init; } = CreatedAt;

    public long Version { get; init; } = 1;

    /// <summary>Whether people sign in at this service through it.</summary>
    public bool SignsPeopleIn => Enabled && Settings is not null;
}

public enum ConnectionKind { Gateway, Oidc, Saml }
