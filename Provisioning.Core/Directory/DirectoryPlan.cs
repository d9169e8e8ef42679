using Provisioning.Core.Common;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Directory;

/// <summary>A person the directory has, or would have.</summary>
/// <param name="Member">Who the person is already.</param>
/// <param name="Active">As the directory says.</param>
public sealed record PlannedPerson(string UserName, SeatedMember? Member, bool Active, Placement Placement);

/// <summary>What would happen to one person.</summary>
/// <param name="Outcome">seated, waiting, unassigned, removed, suspended, excluded (not let in), kept (protected).</param>
/// <param name="Reason">Why somebody loses access or is not let in: not_in_directory, inactive, no_mapped_group, admin.</param>
/// <param name="Tier">The seat, or what is waited for; null: any.</param>
/// <param name="WasTier">The seat held now.</param>
public sealed record PlannedChange(
    string UserName, MemberId? Member, string Outcome, string? Reason, Role? Role, Role? WasRole, string? Tier, string? WasTier);

/// <summary>What a change of mode or mapping would do, person by person; nothing is changed.</summary>
/// <param name="Adds">Who would come in.</param>
/// <param name="Removals">Who would lose access, for whatever reason.</param>
/// <param name="Everybody">Each person once, if that was asked for.</param>
/// <param name="MissingSeats">People who would wait, by the tier they would wait for; "" is any.</param>
/// <param name="Tiers">How the pools would stand.</param>
public sealed record PlanReport(
    PlannedList Adds, PlannedList Removals, PlannedList RoleChanges, PlannedList TierChanges, IReadOnlyList<PlannedChange> Everybody,
    IReadOnlyDictionary<string, int> MissingSeats, IReadOnlyList<TierUse> Tiers);

/// <summary>How many, and the first of them.</summary>
public sealed record PlannedList(int Count, IReadOnlyList<PlannedChange> First);

/// <summary>
/// Works out, on paper, what the directory would make of an organisation. Pure: it is fed people in the order in which they would be
/// looked at, and hands out seats as the real thing does: what somebody leaves goes to who waits, then to who wishes for a better tier.
/// </summary>
/// <param name="administrators">Active members who can administer now; the last of them stays (rule SCIM-11).</param>
/// <param name="everybody">Whether each person is reported.</param>
public sealed class DirectoryPlan(IReadOnlyList<SeatPool> pools, int administrators, bool everybody)
{
    /// <summary>People named per list.</summary>
    public const int Named = 50;

    private readonly Dictionary<string, int> free = pools.ToDictionary(pool => pool.Tier, pool => pool.Free + pool.Queued);
    private readonly Dictionary<string, int> rank = pools.ToDictionary(pool => pool.Tier, pool => pool.Rank);
    private readonly List<PlannedChange> all = [];
    private readonly Bucket removals = new();
    private readonly List<Slot> slots = [];
    private readonly List<Slot> waiting = [];
    private readonly List<Slot> wishing = [];
    private int administering = administrators;

    public void Add(PlannedPerson person)
    {
        var known = person.Member;
        if (known?.Member.AdminSuspended == true || known?.Member.State == MemberState.Removed)
            Tell(Change(person.UserName, known, "excluded", "admin"));
        else if (!person.Active || !person.Placement.InEffect)
            Lose(person.UserName, known, "suspended", person.Active ? "no_mapped_group" : "inactive");
        else
            Place(new Slot(person.UserName, known, RoleOf(person), person.Placement.Wish));
    }

    /// <summary>A member whom the directory does not have.</summary>
    public void Absent(SeatedMember member) => Lose(member.Member.UserName, member, "removed", "not_in_directory");

    public PlanReport Finish()
    {
        Bucket adds = new(), roles = new(), tiers = new();
        var missing = new Dictionary<string, int>();
        foreach (var slot in slots)
        {
            var outcome = slot.IsUnassigned ? "unassigned" : slot.Tier is null ? "waiting" : "seated";
            var change = Change(slot.UserName, slot.Known, outcome, null) with { Role = slot.Role, Tier = slot.Tier ?? slot.Wish.Only };
            if (!slot.IsActive) adds.Add(change);
            else if (slot.Role != slot.Known!.Member.Role) roles.Add(change);
            if (slot.Held is not null && slot.Tier != slot.Held) tiers.Add(change);
            if (slot.Target is { } wished && slot.Tier != wished)
            {
                tiers.Add(change with { Outcome = "waiting", Tier = wished });
                missing[wished] = missing.GetValueOrDefault(wished) + 1;
            }
            else if (outcome == "waiting") missing[slot.Wish.Only ?? ""] = missing.GetValueOrDefault(slot.Wish.Only ?? "") + 1;
            Tell(change);
        }
        return new PlanReport(
            adds.List, removals.List, roles.List, tiers.List, all, missing,
            [.. pools.Select(pool => new TierUse(pool.Tier, pool.Rank, pool.Purchased, pool.Purchased - pool.Held - free[pool.Tier], pool.Held, 0))]);
    }

    private void Lose(string userName, SeatedMember? known, string outcome, string reason)
    {
        if (known is null || known.Member.State != MemberState.Active)
        {
            if (known is not null && outcome == "removed") removals.Add(Tell(Change(userName, known, outcome, reason)));
            else Tell(Change(userName, known, "excluded", reason));
            return;
        }
        if (known.Member.Role == Role.PrimaryOwner || (known.Member.Administers && administering <= 1))
        {
            Tell(Change(userName, known, "kept", reason) with { Tier = known.Seat.Tier });
            return;
        }
        if (known.Member.Administers) administering--;
        removals.Add(Tell(Change(userName, known, outcome, reason)));
        if (known.Seat.Tier is not { } tier) return;
        free[tier]++;
        HandOn();
    }

    private Role RoleOf(PlannedPerson person)
    {
        var held = person.Member?.Member.Role ?? Role.User;
        var role = held == Role.PrimaryOwner ? held : person.Placement.Role ?? held;
        if (person.Member?.Member is not { Administers: true, State: MemberState.Active } || role is Role.PrimaryOwner or Role.Owner or Role.Admin) return role;
        if (administering <= 1) return held;
        administering--;
        return role;
    }

    private void Place(Slot slot)
    {
        slots.Add(slot);
        if (slot.IsUnassigned) return;
        if (slot.Held is { } held)
        {
            slot.Tier = held;
            var target = slot.Wish.Only ?? (slot.Wish.LowestFirst ? SeatRules.LowestOpenBelow(Open(), held) : held);
            if (target == held) return;
            slot.Target = target;
            if (free[target] > 0) Move(slot, target);
            else if (rank[target] > rank[held]) wishing.Add(slot);
        }
        else if (!TrySeat(slot))
        {
            // Who waits already was there before those who come now.
            var since = slot.Known?.Seat.WaitingSince;
            var at = since is null ? waiting.Count : waiting.FindIndex(other => other.Known?.Seat.WaitingSince is not { } there || there > since);
            waiting.Insert(at < 0 ? waiting.Count : at, slot);
        }
    }

    private void Move(Slot slot, string target)
    {
        (free[target], free[slot.Tier!]) = (free[target] - 1, free[slot.Tier!] + 1);
        slot.Tier = target;
        HandOn();
    }

    private bool TrySeat(Slot slot)
    {
        if (SeatRules.Candidates(Open(), slot.Wish with { First = slot.Known?.Seat.LastTier }).FirstOrDefault(pool => pool.Free > 0) is not { } found) return false;
        free[found.Tier]--;
        slot.Tier = found.Tier;
        if (slot.Wish.Only is { } wanted && wanted != found.Tier) slot.Target = wanted;
        if (slot.Target is not null) wishing.Add(slot);
        return true;
    }

    /// <summary>Something is free: first who waits, then who wishes for it; each upgrade frees another one.</summary>
    private void HandOn()
    {
        while (free.Values.Any(seats => seats > 0))
        {
            if (waiting.Find(TrySeat) is { } seated)
            {
                waiting.Remove(seated);
                continue;
            }
            if (wishing.Find(slot => free[slot.Target!] > 0) is not { } next) return;
            wishing.Remove(next);
            (free[next.Target!], free[next.Tier!]) = (free[next.Target!] - 1, free[next.Tier!] + 1);
            next.Tier = next.Target;
        }
    }

    private List<SeatPool> Open() =>
        [.. pools.Select(pool => pool with { Assigned = pool.Purchased - pool.Held - free[pool.Tier], Queued = 0 })];

    private PlannedChange Tell(PlannedChange change)
    {
        if (everybody) all.Add(change);
        return change;
    }

    private static PlannedChange Change(string userName, SeatedMember? known, string outcome, string? reason) =>
        new(userName, known?.Member.Id, outcome, reason, null, known?.Member.Role, null, known?.Seat.Tier);

    /// <summary>Somebody who is let in: new, coming back, waiting, or seated.</summary>
    private sealed class Slot(string userName, SeatedMember? known, Role role, SeatWish wish)
    {
        public string UserName => userName;

        public SeatedMember? Known => known;

        public Role Role => role;

        public SeatWish Wish => wish;

        public bool IsActive => known?.Member.State == MemberState.Active;

        public bool IsUnassigned => known?.Seat.Status == SeatStatus.Unassigned;

        public string? Held => known?.Seat.Tier;

        /// <summary>The seat so far.</summary>
        public string? Tier { get; set; }

        /// <summary>The tier wished for beside the seat.</summary>
        public string? Target { get; set; }
    }

    private sealed class Bucket
    {
        private readonly List<PlannedChange> first = [];
        private int count;

        public PlannedList List => new(count, first);

        public void Add(PlannedChange change)
        {
            count++;
            if (first.Count < Named) first.Add(change);
        }
    }
}
