using Provisioning.Core.Common;

namespace Provisioning.Core.Organizations;

/// <summary>Something that vouches for people at sign-in; today an identity gateway that does the SSO exchange itself.</summary>
/// <param name="TrustEmail">Whether its e-mail addresses count as verified (rule JIT-1).</param>
/// <param name="ExternalIdClaim">
/// The claim that equals a directory entry's externalId (rule JIT-1): <c>sub</c>, the subject (Okta), or null: none, unless the gateway
/// states an externalId with the sign-in (Entra's <c>oid</c>).
/// </param>
public sealed record Connection(
    ConnectionId Id, OrganizationId Organization, string Name, ConnectionKind Kind, bool TrustEmail, string? ExternalIdClaim, DateTimeOffset CreatedAt);

public enum ConnectionKind { Gateway }
