using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Directory;

/// <summary>What an administrator changes about a member: the seat, the state or the role, one of them.</summary>
public abstract record MemberCommand
{
    /// <summary>SEAT-7; <see cref="Tier"/> null is any tier (then waiting is the only question).</summary>
    public sealed record Seat(string? Tier, bool Wait) : MemberCommand;

    /// <summary>SEAT-8.</summary>
    public sealed record Unassign : MemberCommand;

    public sealed record Suspend : MemberCommand;

    public sealed record Restore : MemberCommand;

    /// <summary>ROLE-2.</summary>
    public sealed record Role(Organizations.Role Given) : MemberCommand;
}

/// <summary>Who drained seats went to, and how many still wait.</summary>
public sealed record DrainReport(IReadOnlyList<SeatGrant> Seated, int StillWaiting);

/// <summary>The administrator's commands over members and seats (rules ROLE-2, ROLE-3, SEAT-7 to SEAT-12).</summary>
public sealed class MemberAdministration(
    IDatabase database, IMemberStore members, IEntryStore entries, ISeatStore seatStore, MemberLifecycle lifecycle, SeatEngine engine,
    EntryPlacing placing, TimeProvider time)
{
    public Task<Outcome<SeatedMember>> ChangeAsync(
        Organization organization, Actor actor, Authority authority, MemberId id, IfMatch condition, MemberCommand command, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<SeatedMember>(Ids.New<UnitId>(time), "member.change", actor, Instants.Now(time), async scope =>
        {
            // Whoever takes away the right to administer waits for the others: somebody must be left who has it.
            if (command is MemberCommand.Suspend or MemberCommand.Role) await engine.LockAsync(scope, organization.Id);
            var found = await FindAsync(scope.Session, organization, authority, id, condition, Act(command));
            if (!found.Try(out var member, out var error)) return error;
            return await DecideAsync(scope, organization, member, command);
        })
        {
            // Receipts hold ids, never people: an erasure does not reach them.
            Organization = organization.Id, Remember = static member => member.Member.Id.ToString(),
            Recall = async (session, _) => Found(await members.FindAsync(session, organization.Id, id), id),
        }, cancel);

    /// <summary>Removes a member (rule ROLE-3); what the directory pushed stays, and says that the member is removed.</summary>
    public Task<Outcome<Done>> RemoveAsync(
        Organization organization, Actor actor, Authority authority, MemberId id, IfMatch condition, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<Done>(Ids.New<UnitId>(time), "member.remove", actor, Instants.Now(time), async scope =>
        {
            await engine.LockAsync(scope, organization.Id);
            var found = await FindAsync(scope.Session, organization, authority, id, condition, PersonAct.Remove);
            if (!found.Try(out var member, out var error)) return error;
            if (await lifecycle.IsProtectedAsync(scope.Session, member.Member)) return LastOwner();
            await lifecycle.RemoveAsync(scope, organization, member, SuspensionCause.Admin, "admin");
            return default(Done);
        }) { Organization = organization.Id }, cancel);

    /// <summary>Exchanges seats in one step (rule SEAT-7).</summary>
    public Task<Outcome<IReadOnlyList<SeatedMember>>> SwapAsync(
        Organization organization, Actor actor, Authority authority, IReadOnlyList<SeatChange> changes, Idempotency? idempotency, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<IReadOnlyList<SeatedMember>>(
            idempotency?.Id ?? Ids.New<UnitId>(time), "seats.swap", actor, Instants.Now(time), async scope =>
        {
            var ids = changes.Select(change => change.Member).ToList();
            if (organization.Mapping.Enabled && changes.Any(change => change.Tier is not null)) return GroupsDecide();
            if (ids.GroupBy(id => id).FirstOrDefault(group => group.Count() > 1) is { } twice)
                return new InvalidValue($"The member {twice.Key} is named twice; an exchange names each member once.");
            var found = (await members.FindManyAsync(scope.Session, organization.Id, ids)).ToDictionary(item => item.Member.Id);
            foreach (var id in ids)
            {
                if (!found.TryGetValue(id, out var member) || member.Member.State == MemberState.Removed) return NoSuchMember(id);
                if (RoleRules.Check(authority, PersonAct.MoveSeat, member.Member.Role, id) is { } refused) return refused;
                if (member.Member.State != MemberState.Active) return NotActive(member.Member);
            }
            if (!(await engine.SwapAsync(scope, organization.Id, changes)).Try(out var seats, out var error)) return error;
            return Outcome.Of<IReadOnlyList<SeatedMember>>([.. seats.Select(seat => found[seat.Member] with { Seat = seat })]);
        })
        {
            Organization = organization.Id, RequestHash = idempotency?.RequestHash, Remember = static _ => "",
            Recall = async (session, _) =>
            {
                var now = (await members.FindManyAsync(session, organization.Id, [.. changes.Select(change => change.Member)])).ToDictionary(member => member.Member.Id);
                return Outcome.Of<IReadOnlyList<SeatedMember>>([.. changes.Select(change => now[change.Member])]);
            },
        }, cancel);

    /// <summary>Hands free seats to whoever waits (rule SEAT-12).</summary>
    public Task<Outcome<DrainReport>> DrainAsync(OrganizationId organization, Actor actor, Idempotency? idempotency, CancellationToken cancel) =>
        DrainAsync(organization, actor, idempotency, null, cancel);

    /// <summary>The same as a unit of a job (rule TIME-3).</summary>
    public Task<Outcome<DrainReport>> DrainUnderAsync(Lease lease, OrganizationId organization, Actor actor, CancellationToken cancel) =>
        DrainAsync(organization, actor, null, lease, cancel);

    private Task<Outcome<DrainReport>> DrainAsync(
        OrganizationId organization, Actor actor, Idempotency? idempotency, Lease? lease, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<DrainReport>(
            idempotency?.Id ?? Ids.New<UnitId>(time), "seats.drain", actor, Instants.Now(time), async scope =>
        {
            var seated = await engine.DrainAsync(scope, organization);
            var waiting = await seatStore.CountWaitingAsync(scope.Session, organization);
            return new DrainReport(seated, waiting.Values.Sum());
        }) { Organization = organization, RequestHash = idempotency?.RequestHash, Lease = lease }, cancel);

    private async Task<Outcome<SeatedMember>> FindAsync(
        ISession session, Organization organization, Authority authority, MemberId id, IfMatch condition, PersonAct act)
    {
        if (await members.FindAsync(session, organization.Id, id) is not { } member || member.Member.State == MemberState.Removed)
            return NoSuchMember(id);
        if (RoleRules.Check(authority, act, member.Member.Role, id) is { } refused) return refused;
        if (!condition.Accepts(member.Version))
            return new VersionConflict($"The member was changed meanwhile; its version is \"{member.Version}\" now.");
        return member;
    }

    private async Task<Outcome<SeatedMember>> DecideAsync(UnitScope scope, Organization organization, SeatedMember member, MemberCommand command)
    {
        switch (command)
        {
            case MemberCommand.Suspend:
                if (member.Member.AdminSuspended) return member;
                if (await lifecycle.IsProtectedAsync(scope.Session, member.Member)) return LastOwner();
                return await lifecycle.SuspendAsync(scope, organization, member, SuspensionCause.Admin);
            case MemberCommand.Restore:
                return await RestoreAsync(scope, organization, member);
            case MemberCommand.Role when organization.Mapping.Enabled:
                return GroupsDecide();
            case MemberCommand.Role role:
                return await ChangeRoleAsync(scope, organization, member, role.Given);
            case MemberCommand.Unassign:
                if (member.Member.State != MemberState.Active) return NotActive(member.Member);
                return member with { Seat = await engine.LeaveAsync(scope, organization.Id, member.Member.Id, SeatStatus.Unassigned, "admin") };
            case MemberCommand.Seat { Tier: not null } when organization.Mapping.Enabled:
                return GroupsDecide();
            case MemberCommand.Seat seat:
                if (member.Member.State != MemberState.Active) return NotActive(member.Member);
                var wish = await placing.WishAsync(scope, organization, member);
                var seated = seat.Tier is not null
                    ? await engine.MoveAsync(scope, organization.Id, member.Member.Id, seat.Tier, seat.Wait)
                    : await engine.EnterAsync(scope, organization.Id, member.Seat, wish,
                        seat.Wait ? NoSeatPolicy.Waiting : NoSeatPolicy.Reject, Target.Member(member.Member.Id));
                return seated.Select(value => member with { Seat = value });
            default:
                throw new NotSupportedException(command.GetType().Name);
        }
    }

    /// <summary>Seats and sessions stay; what a personal token may do changes at once.</summary>
    private async Task<Outcome<SeatedMember>> ChangeRoleAsync(UnitScope scope, Organization organization, SeatedMember member, Role given)
    {
        if (RoleRules.CheckGiven(given) is { } refused) return refused;
        if (member.Member.Role == given) return member;
        if (given == Role.User && await lifecycle.IsProtectedAsync(scope.Session, member.Member)) return LastOwner();
        var changed = await members.UpdateAsync(scope.Session, member.Member with { Role = given });
        scope.Record(organization.Id, "member.role_changed", Target.Member(changed.Id), member.Member.Describe(), changed.Describe());
        return member with { Member = changed };
    }

    /// <summary>Lifts the administrator's suspension; the directory's stays the directory's (domain.md section 5).</summary>
    private async Task<Outcome<SeatedMember>> RestoreAsync(UnitScope scope, Organization organization, SeatedMember member)
    {
        if (member.Member.State == MemberState.Active) return member;
        if (!member.Member.AdminSuspended && (member.Member.SuspendedBy != SuspensionCause.NoMappedGroup || organization.Mapping.Enabled))
            return new Conflict("managed_by_directory", "The directory suspended this member; only the directory can bring the member back.");
        var entry = organization.FollowsDirectory ? await entries.FindByMemberAsync(scope.Session, organization.Id, member.Member.Id) : null;
        var place = entry is null ? Placement.Unmapped : await placing.PlaceOfAsync(scope, organization, entry);
        if (entry is not { Active: false } && place.InEffect)
            return await lifecycle.ActivateAsync(scope, organization, member, NoSeatPolicy.Waiting, place);
        var left = await lifecycle.SuspendForAsync(scope, member.Member, member.Member with { AdminSuspended = false },
            entry is { Active: false } ? SuspensionCause.Directory : SuspensionCause.NoMappedGroup);
        return member with { Member = left };
    }

    private static Outcome<SeatedMember> Found(SeatedMember? member, MemberId id) => member is null ? NoSuchMember(id) : member;

    /// <summary>Rule GRP-5.</summary>
    private static Conflict GroupsDecide() => new("managed_by_directory",
        "Groups decide roles and tiers in this organisation (mappingEnabled); change the groups of the person, or the mapping. Unassigning is allowed.");

    private static PersonAct Act(MemberCommand command) => command switch
    {
        MemberCommand.Suspend or MemberCommand.Restore => PersonAct.Suspend,
        MemberCommand.Role => PersonAct.ChangeRole,
        _ => PersonAct.MoveSeat,
    };

    private static NotFound NoSuchMember(MemberId id) => new($"There is no member {id}.");

    private static Conflict LastOwner() =>
        new("last_primary_owner", "The primary owner, and the last member who can administer, cannot be suspended or removed.");

    private static Error NotActive(Member member) => member.AdminSuspended
        ? new InvalidValue("The member is suspended; restore the member first, which gives a seat again.")
        : new Conflict("managed_by_directory", "The directory suspended this member; a seat comes back when the directory activates the member.");
}
