using Provisioning.Core.Common;

namespace Provisioning.Core.Organizations;

/// <summary>Something that vouches for people at sign-in; today an identity gateway that does the SSO exchange itself.</summary>
/// <param name="TrustEmail">Whether its e-mail addresses count as verified (rule JIT-1).</param>
/// <param name="ExternalIdClaim">
/// The claim that equals a directory entry's externalId: <c>sub</c> is the subject (Okta), <c>externalId</c> the field of that
/// name in the sign-in (Entra's <c>oid</c>); null: never matched so.
/// </param>
public sealed record Connection(
    ConnectionId Id, OrganizationId Organization, string Name, ConnectionKind Kind, bool TrustEmail, string? ExternalIdClaim, DateTimeOffset CreatedAt);

public enum ConnectionKind { Gateway }
