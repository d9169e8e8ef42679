using System.Text.Json.Serialization;

namespace Provisioning.Core.Common;

/// <summary>
/// Every way a request can be refused. Each door renders the set once: SCIM as its error message with <c>scimType</c>
/// (RFC 7644 3.12), REST as problem+json with <c>code</c> (domain.md section 9). <see cref="Detail"/> is a sentence for the
/// person who reads it in an identity provider's log: it names the attribute, value or setting and says what is accepted.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(InvalidSyntax), nameof(InvalidSyntax))]
[JsonDerivedType(typeof(InvalidValue), nameof(InvalidValue))]
[JsonDerivedType(typeof(InvalidFilter), nameof(InvalidFilter))]
[JsonDerivedType(typeof(InvalidPath), nameof(InvalidPath))]
[JsonDerivedType(typeof(NoTarget), nameof(NoTarget))]
[JsonDerivedType(typeof(MutabilityViolated), nameof(MutabilityViolated))]
[JsonDerivedType(typeof(TooMany), nameof(TooMany))]
[JsonDerivedType(typeof(InvalidCursor), nameof(InvalidCursor))]
[JsonDerivedType(typeof(ExpiredCursor), nameof(ExpiredCursor))]
[JsonDerivedType(typeof(InvalidCount), nameof(InvalidCount))]
[JsonDerivedType(typeof(Unauthenticated), nameof(Unauthenticated))]
[JsonDerivedType(typeof(Forbidden), nameof(Forbidden))]
[JsonDerivedType(typeof(WrongMode), nameof(WrongMode))]
[JsonDerivedType(typeof(NotFound), nameof(NotFound))]
[JsonDerivedType(typeof(VersionConflict), nameof(VersionConflict))]
[JsonDerivedType(typeof(PreconditionMissing), nameof(PreconditionMissing))]
[JsonDerivedType(typeof(BodyTooLarge), nameof(BodyTooLarge))]
[JsonDerivedType(typeof(UnsupportedMediaType), nameof(UnsupportedMediaType))]
[JsonDerivedType(typeof(NotUnique), nameof(NotUnique))]
[JsonDerivedType(typeof(Gone), nameof(Gone))]
[JsonDerivedType(typeof(Conflict), nameof(Conflict))]
[JsonDerivedType(typeof(Unprocessable), nameof(Unprocessable))]
[JsonDerivedType(typeof(SeatDenied), nameof(SeatDenied))]
[JsonDerivedType(typeof(NotImplemented), nameof(NotImplemented))]
[JsonDerivedType(typeof(RateLimited), nameof(RateLimited))]
[JsonDerivedType(typeof(StoreUnavailable), nameof(StoreUnavailable))]
public abstract record Error(string Detail);

/// <summary>Not JSON, not an object, or not the message asked for: SCIM 400 invalidSyntax, REST 400 invalid_request.</summary>
public sealed record InvalidSyntax(string Detail) : Error(Detail);

/// <summary>A value that is missing, of the wrong type or out of range: SCIM 400 invalidValue, REST 400 invalid_request.</summary>
public sealed record InvalidValue(string Detail) : Error(Detail);

/// <summary>SCIM 400 invalidFilter; REST 400 invalid_request.</summary>
public sealed record InvalidFilter(string Detail) : Error(Detail);

/// <summary>SCIM 400 invalidPath.</summary>
public sealed record InvalidPath(string Detail) : Error(Detail);

/// <summary>SCIM 400 noTarget.</summary>
public sealed record NoTarget(string Detail) : Error(Detail);

/// <summary>SCIM 400 mutability.</summary>
public sealed record MutabilityViolated(string Detail) : Error(Detail);

/// <summary>SCIM 400 tooMany: the answer would need more work than a limit allows; names the limit.</summary>
public sealed record TooMany(string Detail) : Error(Detail);

/// <summary>400 invalid_cursor, SCIM invalidCursor.</summary>
public sealed record InvalidCursor(string Detail) : Error(Detail);

/// <summary>SCIM 400 expiredCursor (RFC 9865 2.1); REST 400 invalid_cursor.</summary>
public sealed record ExpiredCursor(string Detail) : Error(Detail);

/// <summary>SCIM 400 invalidCount: another count than that of the page before (RFC 9865 2.1); REST 400 invalid_request.</summary>
public sealed record InvalidCount(string Detail) : Error(Detail);

/// <summary>401 with WWW-Authenticate.</summary>
public sealed record Unauthenticated(string Detail) : Error(Detail);

/// <summary>403 forbidden_role: known, but not allowed (rules ROLE-1 to ROLE-5).</summary>
public sealed record Forbidden(string Detail) : Error(Detail);

/// <summary>403 wrong_mode: the organisation's provisioning mode does not allow this.</summary>
public sealed record WrongMode(string Detail) : Error(Detail);

/// <summary>404, also for what belongs to another organisation (rule ROLE-5).</summary>
public sealed record NotFound(string Detail) : Error(Detail);

/// <summary>412 version_conflict: the If-Match version is not the current one.</summary>
public sealed record VersionConflict(string Detail) : Error(Detail);

/// <summary>428 precondition_required: If-Match is absent.</summary>
public sealed record PreconditionMissing(string Detail) : Error(Detail);

/// <summary>413 body_too_large; names the limit.</summary>
public sealed record BodyTooLarge(string Detail) : Error(Detail);

/// <summary>415 unsupported_media_type.</summary>
public sealed record UnsupportedMediaType(string Detail) : Error(Detail);

/// <summary>SCIM 409 uniqueness (rule SCIM-3).</summary>
public sealed record NotUnique(string Detail) : Error(Detail);

/// <summary>410 with a stable code: there was such a thing, and it is over (rule INV-2).</summary>
public sealed record Gone(string Code, string Detail) : Error(Detail);

/// <summary>409 with one of the stable codes of domain.md section 9.</summary>
public sealed record Conflict(string Code, string Detail) : Error(Detail);

/// <summary>422 with one of the stable codes of domain.md section 9.</summary>
public sealed record Unprocessable(string Code, string Detail) : Error(Detail);

/// <summary>
/// No seat: REST 409 tier_full with a purchase hint, SCIM 403 with a detail that starts <c>seat_unavailable:</c> (rules SEAT-7, SCIM-5).
/// </summary>
/// <param name="Tier">The tier asked for; null when any tier would have done.</param>
/// <param name="Tiers">The tiers that were looked at, best first, each without an available seat.</param>
public sealed record SeatDenied(string? Tier, IReadOnlyList<TierUse> Tiers, string Detail) : Error(Detail);

/// <summary>How the seats of a tier were used when a decision was made.</summary>
public sealed record TierUse(string Tier, int Rank, int Purchased, int Assigned, int Held, int Queued)
{
    public int Free => Purchased - Assigned - Held - Queued;
}

/// <summary>501: a part of SCIM this service does not offer.</summary>
public sealed record NotImplemented(string Detail) : Error(Detail);

/// <summary>429 rate_limited with Retry-After: nothing was done.</summary>
/// <param name="Wait">Seconds, at least 1.</param>
public sealed record RateLimited(string Detail, int Wait) : Error(Detail);

/// <summary>503 store_unavailable with Retry-After: nothing was done, or it is safe to repeat.</summary>
public sealed record StoreUnavailable(string Detail) : Error(Detail);
