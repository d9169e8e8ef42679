using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Api.Admin;

/// <summary>GET /seats: per tier, best first.</summary>
/// <param name="Reserved">Seats kept for groups, in use or not (rule SEAT-15).</param>
/// <param name="Waiting">People who wait; who would take any tier is counted at the best one, which is what they would get first.</param>
public sealed record TierForm(string Tier, int Rank, int Purchased, int Assigned, int Held, int Queued, int Free, int Reserved, int Waiting)
{
    public static IReadOnlyList<TierForm> ToApi(IReadOnlyList<SeatPool> pools, IReadOnlyDictionary<string, int> waiting) =>
    [
        .. pools.Select((pool, at) => new TierForm(
            pool.Tier, pool.Rank, pool.Purchased, pool.Assigned, pool.Held, pool.Queued, pool.Free, pool.Reserved,
            waiting.GetValueOrDefault(pool.Tier) + (at == 0 ? waiting.GetValueOrDefault("") : 0))),
    ];
}

public sealed record SeatsForm(IReadOnlyList<TierForm> Tiers);

/// <summary>A member as administrators see it; instants in UTC, absent values null.</summary>
public sealed record MemberForm(
    string Id, string UserName, string? Email, string? DisplayName, string Role, string State, string? SuspendedBy, string SeatStatus, string? Tier,
    string? DesiredTier, string? WaitingSince, string? LastTier, string Source, string? ScimId, string CreatedAt, string? LastSignInOn, long Version)
{
    public static MemberForm ToApi(SeatedMember member) => new(
        member.Member.Id.ToString(), member.Member.UserName, member.Member.MatchEmail, member.Member.DisplayName, Words.Text(member.Member.Role),
        Words.Text(member.Member.State), member.Member.SuspendedBy is { } cause ? Words.Text(cause) : null, Words.Text(member.Seat.Status),
        member.Seat.Tier, member.Seat.DesiredTier, Optional(member.Seat.WaitingSince), member.Seat.LastTier, Words.Text(member.Member.Source),
        member.Entry?.ToString(), Instants.Text(member.Member.CreatedAt),
        member.Member.LastSignInOn?.ToString("O", System.Globalization.CultureInfo.InvariantCulture), member.Version);

    internal static string? Optional(DateTimeOffset? instant) => instant is { } value ? Instants.Text(value) : null;
}

public sealed record MembersForm(IReadOnlyList<MemberForm> Members, string? NextCursor);

public sealed record SwappedForm(IReadOnlyList<MemberForm> Members);

public sealed record WaitingMemberForm(string MemberId, string UserName, string? WaitingSince, string? DesiredTier)
{
    public static WaitingMemberForm ToApi(SeatedMember member) => new(
        member.Member.Id.ToString(), member.Member.UserName, MemberForm.Optional(member.Seat.WaitingSince), member.Seat.DesiredTier);
}

/// <summary>Somebody refused at sign-in who is no member: information only (rule JIT-2).</summary>
public sealed record SeatRequestForm(string Email, string FirstAskedAt, string LastAskedAt, int Count)
{
    public static SeatRequestForm ToApi(SeatRequest request) =>
        new(request.Email, Instants.Text(request.FirstAskedAt), Instants.Text(request.LastAskedAt), request.Count);
}

/// <param name="NextCursor">Of those who wait.</param>
/// <param name="Requests">People who were refused at sign-in and are no members, by when they asked first.</param>
/// <param name="NextRequestsCursor">Of those who were refused, for requestsCursor.</param>
public sealed record WaitingForm(
    IReadOnlyList<WaitingMemberForm> Waiting, string? NextCursor, IReadOnlyList<SeatRequestForm> Requests, string? NextRequestsCursor);

public sealed record SeatedForm(string MemberId, string Tier);

public sealed record DrainForm(IReadOnlyList<SeatedForm> Seated, int StillWaiting);

/// <summary>What a member may use right now (rule SEAT-16).</summary>
/// <param name="Reason">Why there is no access: member_suspended, member_removed, seat_required, term_inactive; null with access.</param>
public sealed record EntitlementsForm(string MemberId, bool ProductAccess, string? Tier, JsonObject Features, string? Reason);

/// <summary>A token; <see cref="Token"/> is the secret, in the answer to its creation only.</summary>
public sealed record IssuedTokenForm(
    string Id, string? Token, string Door, string? Role, string? MemberId, string Name, string? ExpiresAt, bool SecretShown)
{
    /// <param name="secret">Null in the answer to a repeated request: nobody knows it any more.</param>
    public static IssuedTokenForm ToApi(AccessToken token, string? secret) => new(
        token.Id.ToString(), secret, Words.Text(token.Door), token.Role is { } role ? Words.Text(role) : null, token.Member?.ToString(), token.Name,
        MemberForm.Optional(token.ExpiresAt), secret is null);
}

/// <param name="MemberId">A personal token.</param>
/// <param name="LastUsedAt">Coarse: written every few minutes.</param>
public sealed record TokenForm(
    string Id, string Door, string? Role, string? MemberId, string Name, string CreatedAt, string? ExpiresAt, string? RevokedAt, string? LastUsedAt)
{
    public static TokenForm ToApi(AccessToken token) => new(
        token.Id.ToString(), Words.Text(token.Door), token.Role is { } role ? Words.Text(role) : null, token.Member?.ToString(), token.Name,
        Instants.Text(token.CreatedAt), MemberForm.Optional(token.ExpiresAt), MemberForm.Optional(token.RevokedAt), MemberForm.Optional(token.LastUsedAt));
}

public sealed record TokensForm(IReadOnlyList<TokenForm> Tokens, string? NextCursor);

/// <param name="SuspendedAt">The operator ended access.</param>
/// <param name="MembersByState">Operator's overview only (GET /v1/organizations?include=usage).</param>
/// <param name="OwnerInvitation">Operator only: the pending invitation of the primary owner.</param>
public sealed record OrganizationForm(
    string Id, string Slug, string Name, string BillingZone, string Mode, string? AccessUntil, string? SuspendedAt, string CreatedAt, long Version,
    IReadOnlyList<string>? Domains, IReadOnlyList<TierForm>? Tiers, IReadOnlyDictionary<string, int>? MembersByState, InvitationForm? OwnerInvitation)
{
    public static OrganizationForm ToApi(Organization organization, IReadOnlyList<string>? domains = null, IReadOnlyList<TierForm>? tiers = null) => new(
        organization.Id.ToString(), organization.Slug, organization.Name, organization.BillingZone, Words.Text(organization.Mode),
        MemberForm.Optional(organization.AccessUntil), MemberForm.Optional(organization.SuspendedAt), Instants.Text(organization.CreatedAt),
        organization.Version, domains, tiers, null, null);
}

public sealed record OrganizationsForm(IReadOnlyList<OrganizationForm> Organizations, string? NextCursor);

public sealed record DomainsForm(IReadOnlyList<string> Domains);
