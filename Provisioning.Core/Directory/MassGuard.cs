using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Directory;

/// <summary>
/// The mass-removal guard (rule SCIM-14): within a sliding hour, changes of groups suspend at most 10 members or 10 % of them, whichever is
/// more. What goes beyond is parked for the owners. The caller holds the pools, so two units never count past each other.
/// </summary>
public sealed class MassGuard(IParkedStore parked, TimeProvider time)
{
    public static readonly TimeSpan Window = TimeSpan.FromHours(1);

    /// <summary>How many may go at once without being asked for again.</summary>
    public static int Limit(long members) => (int)Math.Max(10, members / 10);

    /// <summary>
    /// Which of the members may be suspended now. The others are parked, unless they are already. Whoever is then suspended counts:
    /// <see cref="CountAsync"/>.
    /// </summary>
    public async Task<IReadOnlySet<MemberId>> LetAsync(
        UnitScope scope, Organization organization, IReadOnlyCollection<MemberId> leaving, string cause)
    {
        var kept = await parked.AmongAsync(scope.Session, organization.Id, leaving);
        var asked = leaving.Where(member => !kept.Contains(member)).OrderBy(member => member.Value).ToList();
        if (asked.Count == 0) return new HashSet<MemberId>();
        var gone = await parked.CountGoneAsync(scope.Session, organization.Id, scope.Now - Window);
        var left = gone + asked.Count <= Limit(0)
            ? asked.Count
            : Math.Max(0, Limit(await parked.CountMembersAsync(scope.Session, organization.Id)) - gone);
        var let = asked.Take(left).ToList();
        if (let.Count < asked.Count) await ParkAsync(scope, organization, [.. asked.Skip(let.Count)], cause);
        return let.ToHashSet();
    }

    /// <summary>These members were suspended.</summary>
    public Task CountAsync(UnitScope scope, Organization organization, IReadOnlyCollection<MemberId> suspended) =>
        suspended.Count == 0 ? Task.CompletedTask : parked.CountAsync(scope.Session, organization.Id, suspended, scope.Now);

    /// <summary>A mapped group contains the members (again): nothing is parked for them any more.</summary>
    public Task ForgetAsync(ISession session, Organization organization, IReadOnlyCollection<MemberId> members) =>
        parked.RemoveAsync(session, organization.Id, members);

    /// <summary>Whether an owner has still to decide about the member, or has decided that it stays.</summary>
    public async Task<bool> IsKeptAsync(ISession session, Organization organization, MemberId member) =>
        (await parked.AmongAsync(session, organization.Id, [member])).Count > 0;

    private async Task ParkAsync(UnitScope scope, Organization organization, IReadOnlyList<MemberId> members, string cause)
    {
        var open = await parked.FindOpenAsync(scope.Session, organization.Id, cause);
        var effect = open ?? new ParkedEffect(Ids.New<ParkedEffectId>(time), cause, ParkedState.Parked, scope.Now, 0);
        if (open is null) await parked.InsertAsync(scope.Session, organization.Id, effect);
        await parked.ParkAsync(scope.Session, organization.Id, effect.Id, members);
        var target = new Target("parked_effect", effect.Id.ToString());
        var described = new JsonObject
        {
            ["cause"] = cause, ["count"] = members.Count,
            ["members"] = new JsonArray([.. members.Take(20).Select(member => JsonValue.Create(member.ToString()))]),
        };
        // Owners are told once; what joins an effect that waits for them already is for the auditor.
        if (open is null) scope.Record(organization.Id, "members.parked", target, null, described, "mass_removal_guard");
        else scope.Note(organization.Id, "members.parked_too", target, described, "mass_removal_guard");
    }
}

/// <summary>Suspensions that one cause asked for and the guard held back.</summary>
/// <param name="Count">Members still in it.</param>
public sealed record ParkedEffect(ParkedEffectId Id, string Cause, ParkedState State, DateTimeOffset CreatedAt, long Count);

public enum ParkedState
{
    /// <summary>Waits for an owner.</summary>
    Parked,

    /// <summary>An owner said yes; a job carries on.</summary>
    Applying,
    Applied,

    /// <summary>An owner said no: these members stay until a mapped group contains them again, or until the next sync.</summary>
    Discarded,
}

/// <summary>What the guard counts and holds back.</summary>
public interface IParkedStore
{
    /// <summary>How many suspensions took effect after this instant; older ones are forgotten.</summary>
    Task<int> CountGoneAsync(ISession session, OrganizationId organization, DateTimeOffset after);

    Task CountAsync(ISession session, OrganizationId organization, IReadOnlyCollection<MemberId> members, DateTimeOffset now);

    /// <summary>Members that are not removed.</summary>
    Task<long> CountMembersAsync(ISession session, OrganizationId organization);

    /// <summary>Which of the members are parked or kept.</summary>
    Task<IReadOnlySet<MemberId>> AmongAsync(ISession session, OrganizationId organization, IReadOnlyCollection<MemberId> members);

    /// <summary>The effect of this cause that waits for an owner.</summary>
    Task<ParkedEffect?> FindOpenAsync(ISession session, OrganizationId organization, string cause);

    Task<ParkedEffect?> FindAsync(ISession session, OrganizationId organization, ParkedEffectId effect);

    /// <summary>Newest first.</summary>
    Task<Page<ParkedEffect>> ListAsync(ISession session, OrganizationId organization, ParkedState? state, byte[]? after, int limit);

    Task InsertAsync(ISession session, OrganizationId organization, ParkedEffect effect);

    /// <summary>Moves the effect on; false when it is not in the state it comes from.</summary>
    Task<bool> MoveAsync(ISession session, OrganizationId organization, ParkedEffectId effect, ParkedState from, ParkedState to);

    Task ParkAsync(ISession session, OrganizationId organization, ParkedEffectId effect, IReadOnlyCollection<MemberId> members);

    Task RemoveAsync(ISession session, OrganizationId organization, IReadOnlyCollection<MemberId> members);

    /// <summary>Forgets what owners discarded.</summary>
    Task RemoveDiscardedAsync(ISession session, OrganizationId organization);

    /// <summary>Members of an effect by id.</summary>
    Task<Page<MemberId>> MembersAsync(ISession session, OrganizationId organization, ParkedEffectId effect, byte[]? after, int limit);

    /// <summary>Effects that are being applied.</summary>
    Task<IReadOnlyList<(OrganizationId Organization, ParkedEffectId Effect)>> ApplyingAsync(ISession session, int limit);
}
