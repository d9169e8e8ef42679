using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Core.SignIn;

/// <summary>
/// The decision at each sign-in (rules JIT-1 to JIT-10), the same for the hook and for the built-in SSO. A person who is known, seated
/// and has signed in today costs reads only; everything else is one unit: member, identity, seat and journal together.
/// </summary>
public sealed class SignInDecision(
    IDatabase database, PersonMatcher matcher, IMemberStore members, IConnectionStore connections, IOrganizationStore organizations,
    MemberAdmission admission, MappedSignIn mapping, TimeProvider time)
{
    public async Task<Outcome<SignInAnswer>> DecideAsync(
        Organization organization, Actor actor, SignInRequest request, CancellationToken cancel)
    {
        var now = Instants.Now(time);
        if (await database.ReadAsync(session => FindUnchangedAsync(session, organization, request, now), cancel) is { } known)
            return Allow(known, "existing", organization, now);

        var newMember = Ids.New<MemberId>(time);
        var unit = new WriteUnit<SignInAnswer>(
            Ids.New<UnitId>(time), "sign_in", actor, now, scope => DecideAsync(scope, organization, request, newMember))
        {
            Organization = organization.Id,
        };
        var decided = await database.WriteAsync(unit, cancel);
        return decided.Error is SeatDenied denied ? Deny(DenyReason.SeatUnavailable, null, denied.Tiers) : decided;
    }

    /// <summary>The member who comes in without anything being written; null: a unit has to decide.</summary>
    private async Task<SeatedMember?> FindUnchangedAsync(ISession session, Organization organization, SignInRequest request, DateTimeOffset now) =>
        await members.FindByIdentityAsync(session, organization.Id, request.Connection.Id, request.Subject) is { } known
        && NeedsNoWrite(organization, known, request, now)
        && await connections.FindAsync(session, request.Connection.Id) is { Enabled: true }
        && await mapping.HoldsAsync(session, organization, known, request) ? known : null;

    private static bool NeedsNoWrite(Organization organization, SeatedMember known, SignInRequest request, DateTimeOffset now) =>
        known is { Member.State: MemberState.Active, Seat.Status: SeatStatus.Assigned }
        && organization.HasAccess(now)
        && known.Member.LastSignInOn == DateOnly.FromDateTime(now.UtcDateTime)
        && (known.Entry is not null || request.VerifiedEmail is not { } email || email.Normalized == known.Member.MatchEmail);

    private async Task<Outcome<SignInAnswer>> DecideAsync(UnitScope scope, Organization organization, SignInRequest request, MemberId newMember)
    {
        // As it is now: the sign-in may have begun before somebody switched the connection off, or stopped trusting its addresses.
        if (await connections.FindAsync(scope.Session, request.Connection.Id) is not { Enabled: true } connection || connection.Organization != organization.Id)
            return Refuse(scope, organization, request, DenyReason.ConnectionDisabled, null);
        var isUnchanged = request.Connection.Version == connection.Version;
        request = request with { Connection = connection };
        var match = await matcher.MatchAsync(scope.Session, organization, request, scope.Now);
        // Confirmed for the connection as it is: what it said before a change of it does not count.
        if (match.ByConfirmation && !isUnchanged) match = PersonMatch.Deny(DenyReason.IdentityConflict);
        if (match.Denied is { } reason) return Refuse(scope, organization, request, reason, null);
        if (request.GroupsHidden && organization.Mapping.Enabled && !(organization.FollowsDirectory && match.Member?.Entry is not null))
            return Refuse(scope, organization, request, DenyReason.GroupsHidden, match.Member); // nobody is suspended for what is not known
        var place = await mapping.PlaceOfAsync(scope, organization, match.Member, request);
        if (match.Member is not { } member) return await CreateAsync(scope, organization, request, newMember, place);
        if (member.Member.State == MemberState.Suspended) member = await mapping.LiftAsync(scope, organization, member, place);
        if (member.Member.State == MemberState.Suspended) return Refuse(scope, organization, request, DenyReason.Of(member.Member), member);
        var how = "existing";
        if (match.NeedsLink)
        {
            await admission.LinkAsync(scope, organization, request, match);
            how = "linked";
        }
        if (member.Member.State == MemberState.Removed)
        {
            var invitation = await admission.InvitationAsync(scope, organization, request);
            if (invitation is null && organization.FollowsDirectory) return Refuse(scope, organization, request, DenyReason.Deprovisioned, member);
            if (invitation is null && !organization.CreatesAtSignIn) return Refuse(scope, organization, request, DenyReason.NotInvited, member);
            if (!place.InEffect) return Refuse(scope, organization, request, DenyReason.NoMappedGroup, member);
            if (await admission.IsNameTakenAsync(scope, member)) return Refuse(scope, organization, request, DenyReason.IdentityConflict, member);
            admission.KeepRequest(scope, organization, request);
            var restored = await admission.RestoreAsync(scope, organization, member, place, invitation);
            if (!restored.Try(out member, out var error)) return error;
            if (member.Member.State != MemberState.Active) return Refuse(scope, organization, request, DenyReason.Deprovisioned, member);
            how = "restored";
        }
        member = await mapping.RefreshAsync(scope, organization, member, place);
        if (member.Member.State != MemberState.Active) return Refuse(scope, organization, request, DenyReason.NoMappedGroup, member);
        return await AdmitAsync(scope, organization, request, member, how);
    }

    /// <summary>An active member: the seat decides (rules JIT-4, SEAT-16).</summary>
    private async Task<Outcome<SignInAnswer>> AdmitAsync(
        UnitScope scope, Organization organization, SignInRequest request, SeatedMember member, string how)
    {
        member = await admission.FollowEmailAsync(scope, organization, request, member);
        if (organization.HasAccess(scope.Now) && member.Seat.Status is SeatStatus.Waiting or SeatStatus.None)
            member = await admission.TrySeatAsync(scope, organization, member);
        var refused = !organization.HasAccess(scope.Now) ? DenyReason.TermInactive
            : member.Seat.Status == SeatStatus.Assigned ? null
            : member.Seat.Status == SeatStatus.Unassigned ? DenyReason.SeatUnassigned : DenyReason.SeatUnavailable;
        if (refused is not null && !member.Member.Administers)
            return Refuse(scope, organization, request, refused, member, await admission.TiersAsync(scope, organization, member));
        await members.SetSignedInAsync(scope.Session, member.Member.Id, DateOnly.FromDateTime(scope.Now.UtcDateTime), request.VerifiedEmail?.Normalized);
        return Allow(member, how, organization, scope.Now);
    }

    /// <summary>Nobody matched: who is invited comes in, then a new member with the highest available tier, or none at all (rules JIT-1 (4), JIT-2, JIT-3, DOM-1).</summary>
    private async Task<Outcome<SignInAnswer>> CreateAsync(
        UnitScope scope, Organization organization, SignInRequest request, MemberId newMember, Placement place)
    {
        var invitation = await admission.InvitationAsync(scope, organization, request);
        if (invitation is null && !organization.CreatesAtSignIn)
            return Refuse(scope, organization, request, organization.FollowsDirectory ? DenyReason.NotProvisioned : DenyReason.NotInvited, null);
        if (request.VerifiedEmail is not { } email) return Refuse(scope, organization, request, DenyReason.EmailNotVerified, null);
        if (!await organizations.IsVerifiedDomainAsync(scope.Session, organization.Id, email.Domain))
            return Refuse(scope, organization, request, DenyReason.DomainNotVerified, null);
        if (await members.FindByUserNameAsync(scope.Session, organization.Id, email.Text) is { } taken)
            return Refuse(scope, organization, request, DenyReason.IdentityConflict, taken);
        if (!organization.HasAccess(scope.Now)) return Refuse(scope, organization, request, DenyReason.TermInactive, null);
        if (!place.InEffect) return Refuse(scope, organization, request, DenyReason.NoMappedGroup, null);
        admission.KeepRequest(scope, organization, request);
        var created = await admission.CreateAsync(scope, organization, request, email, newMember, place, invitation);
        if (created.Error is SeatDenied denied) Note(scope, organization, request, Target.Connection(request.Connection.Id), "sign_in.refused", DenyReason.SeatUnavailable, denied.Tiers);
        if (!created.Try(out var member, out var error)) return error;
        await members.SetSignedInAsync(scope.Session, newMember, DateOnly.FromDateTime(scope.Now.UtcDateTime), email.Normalized);
        return Allow(member, "created", organization, scope.Now);
    }

    private static SignInAnswer Allow(SeatedMember member, string how, Organization organization, DateTimeOffset now) => new(
        true, how, member.Member.Id, member.Member.Role, member.Seat.Tier,
        member.Seat.Status == SeatStatus.Assigned && organization.HasAccess(now), []);

    private static SignInAnswer Deny(DenyReason reason, MemberId? member, IReadOnlyList<TierUse> tiers) =>
        new(false, reason.Code, member, null, null, false, tiers);

    /// <summary>A refusal that is an answer: what was learnt (a link) is committed, and the refusal is audited.</summary>
    private static SignInAnswer Refuse(
        UnitScope scope, Organization organization, SignInRequest request, DenyReason reason, SeatedMember? member, IReadOnlyList<TierUse>? tiers = null)
    {
        var seat = reason == DenyReason.SeatUnavailable;
        var target = member is null ? Target.Connection(request.Connection.Id) : Target.Member(member.Member.Id);
        Note(scope, organization, request, target, seat ? "seat.refused" : "sign_in.refused", reason, tiers ?? []);
        return Deny(reason, member?.Member.Id, seat ? tiers ?? [] : []);
    }

    /// <summary>The decision record: who was refused, why, and how full the tiers were.</summary>
    private static void Note(
        UnitScope scope, Organization organization, SignInRequest request, Target target, string action, DenyReason reason, IReadOnlyList<TierUse> tiers) =>
        scope.Refuse(organization.Id, action, target, new JsonObject
        {
            ["subject"] = request.Subject, ["email"] = request.Email, ["tiers"] = SeatEngine.Describe(tiers),
            ["wouldHelp"] = new JsonArray([.. reason.WouldHelp.Select(help => JsonValue.Create(help))]),
            ["purchaseHint"] = SeatEngine.PurchaseHint(tiers is [.., var lowest] ? lowest.Tier : null),
        }, reason.Code);
}
