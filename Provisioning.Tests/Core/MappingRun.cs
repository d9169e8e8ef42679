using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Tests.Core;

/// <summary>Random pushes, groups, mappings and sign-ins of one organisation, beside a plain model of who is in which group.</summary>
internal sealed class MappingRun(CoreStack stack, Random random, Organization organization)
{
    private static readonly IfMatch Any = new((IReadOnlyList<long>?)null);
    private static readonly Role[] Roles = [Role.Owner, Role.Admin, Role.User];
    private static readonly string[] Tiers = [CoreStack.Standard, CoreStack.Premium];

    private readonly Dictionary<ResourceId, bool> users = [];
    private readonly Dictionary<ResourceId, HashSet<ResourceId>> groups = [];
    private readonly Dictionary<ResourceId, string> names = [];
    private readonly HashSet<MemberId> unassigned = [];
    private List<WantedMapping> mappings = [];
    private int made;

    public Organization Organization { get; private set; } = organization;

    public static async Task<MappingRun> StartAsync(CoreStack stack, Random random, ProvisioningMode mode = ProvisioningMode.Scim)
    {
        var org = await stack.OrganizationAsync(mode, (CoreStack.Standard, 10, random.Next(4)), (CoreStack.Premium, 20, random.Next(4)));
        var run = new MappingRun(stack, random, org);
        return run;
    }

    /// <summary>Turns the mapping on, or changes it: roles for some of five names, tiers for some.</summary>
    public async Task<string> MapAsync(bool enable = true)
    {
        mappings = [];
        foreach (var name in Enumerable.Range(0, 5).Select(at => "g" + at))
        {
            if (random.Next(3) > 0) mappings.Add(new WantedMapping(name, Roles[random.Next(3)], null));
            if (random.Next(3) == 0) mappings.Add(new WantedMapping(name, null, Tiers[random.Next(2)]));
        }
        var change = new ProvisioningChange(
            null, null, null, enable, (UnmappedTier)random.Next(3), (MappedTierExhausted)random.Next(2), mappings);
        var changed = await stack.Provisioning.ChangeAsync(Organization, CoreStack.Actor, Any, change, acknowledge: true, default);
        Assert.That(changed.IsOk, Is.True, changed.Error?.ToString());
        Organization = changed.Value.Organization;
        return "map " + string.Join(", ", mappings.Select(mapping => $"{mapping.Group}:{mapping.Role?.ToString() ?? mapping.Tier}")) + $" {Organization.Mapping}";
    }

    public async Task<string> StepAsync()
    {
        // One hour on, so that the guard, which has tests of its own, parks nothing.
        stack.Time.Advance(MassGuard.Window + TimeSpan.FromMinutes(1));
        var user = Pick(users.Keys);
        var group = Pick(groups.Keys);
        switch (random.Next(12))
        {
            case 0 or 1 when users.Count < 7:
                var active = random.Next(5) > 0;
                var pushed = (await stack.PushAsync(Organization, CoreStack.Content($"p{++made}@{Organization.Slug}.example", active: active))).Value;
                users[pushed.Entry.Id] = active;
                return $"push p{made} {active}";
            case 2 when user is { } one:
                users[one] = !users[one];
                Assert.That((await stack.ActiveAsync(Organization, one, users[one])).IsOk, Is.True);
                return $"active {one} {users[one]}";
            case 3 when user is { } one && random.Next(3) == 0:
                Assert.That((await stack.DeleteAsync(Organization, one)).IsOk, Is.True);
                users.Remove(one);
                foreach (var rows in groups.Values) rows.Remove(one);
                return $"delete {one}";
            case 4 when groups.Count < 5:
                var name = Enumerable.Range(0, 5).Select(at => "g" + at).First(free => !names.ContainsValue(free));
                var members = users.Keys.Where(_ => random.Next(3) == 0).ToList();
                var created = (await stack.Groups.CreateAsync(Organization, CoreStack.Actor, Content(name), References(members), default)).Value;
                (groups[created.Id], names[created.Id]) = ([.. members], name);
                return $"create {name} with {members.Count}";
            case 5 when group is { } of && random.Next(3) == 0:
                Assert.That((await stack.Groups.DeleteAsync(Organization, CoreStack.Actor, of, null, default)).Error, Is.Null);
                var gone = names[of];
                groups.Remove(of);
                names.Remove(of);
                foreach (var rows in groups.Values) rows.Remove(of);
                return $"delete group {gone}";
            case 6 or 7 when group is { } of:
                var added = users.Keys.Concat(groups.Keys).Where(id => id != of && random.Next(3) == 0).ToList();
                await ChangeAsync(of, new AddMembers(References(added)));
                groups[of].UnionWith(added);
                return $"add {added.Count} to {names[of]}";
            case 8 when group is { } of:
                var removed = groups[of].Where(_ => random.Next(2) == 0).ToList();
                await ChangeAsync(of, new RemoveMembers([.. removed.Select(id => id.ToString())]));
                groups[of].ExceptWith(removed);
                return $"remove {removed.Count} from {names[of]}";
            case 9 when group is { } of:
                var kept = users.Keys.Where(_ => random.Next(2) == 0).ToList();
                await ChangeAsync(of, new ReplaceMembers(References(kept)));
                groups[of] = [.. kept];
                return $"replace {names[of]} with {kept.Count}";
            case 10:
                return await (random.Next(3) == 0 ? MapAsync() : BuyAsync());
            case 11 when user is { } one && (await stack.ViewAsync(Organization, one))!.Member is { } member:
                if (random.Next(3) == 0 && member.Member.State == MemberState.Active)
                {
                    Assert.That((await stack.AdminAsync(Organization, member.Member.Id, new MemberCommand.Unassign())).IsOk, Is.True);
                    return $"unassign {member.Member.UserName}";
                }
                var answer = await stack.SignInAsync(Organization, "sub-" + one, member.Member.UserName);
                return $"sign in {member.Member.UserName}: {answer.Reason}";
            default:
                return "nothing";
        }
    }

    /// <summary>Syncs until nothing changes any more.</summary>
    public async Task SyncAsync()
    {
        for (var round = 0; ; round++)
        {
            stack.Time.Advance(MassGuard.Window + TimeSpan.FromMinutes(1));
            var run = (await stack.Runs.SyncAsync(Organization, CoreStack.Actor, SyncScope.Both, null, default)).Value;
            while (run.State == RunState.Running) run = (await stack.Runs.StepAsync(run, CoreStack.Actor, null, default)).Value;
            if (run.Changed == 0) return;
            Assert.That(round, Is.LessThan(20), "the sync does not come to rest");
        }
    }

    /// <summary>Each member against the model's own reading of the rules; answers what is wrong.</summary>
    public async Task<IReadOnlyList<string>> WrongAsync()
    {
        var wrong = new List<string>();
        var pools = await stack.Database.ReadAsync(session => stack.Seats.PoolsAsync(session, Organization.Id), default);
        var all = (await stack.Database.ReadAsync(session => stack.Members.ListAsync(
            session, Organization.Id, new MemberQuery(null, null, null, null, null, null, null, 500)), default)).Items;
        var administering = all.Count(member => member.Member is { Administers: true, State: MemberState.Active });
        foreach (var (id, active) in users)
        {
            var member = (await stack.ViewAsync(Organization, id))!.Member!;
            var mine = GroupsOf(id);
            var roles = mappings.Where(mapping => mapping.Role is not null && mine.Contains(mapping.Group)).Select(mapping => mapping.Role!.Value).ToList();
            var tiers = mappings.Where(mapping => mapping.Tier is not null && mine.Contains(mapping.Group)).Select(mapping => mapping.Tier!).ToList();
            var inEffect = roles.Count > 0 && (tiers.Count > 0 || Organization.Mapping.UnmappedTier != UnmappedTier.Remove);
            var tier = tiers.Contains(CoreStack.Premium) ? CoreStack.Premium : tiers.FirstOrDefault();
            var isLast = member.Member is { Administers: true, State: MemberState.Active } && administering == 1;
            var expected = !active ? "Suspended Directory" : !inEffect ? "Suspended NoMappedGroup" : $"Active {roles.Min()}";
            var actual = member.Member.State == MemberState.Active ? $"Active {member.Member.Role}" : $"{member.Member.State} {member.Member.SuspendedBy}";
            if (actual != expected && !isLast) wrong.Add($"{member.Member.UserName} is {actual}, not {expected}");
            // The last one who administers stays although the directory switched the person off; groups move only whom it lets in (GRP-1).
            if (!active || member.Member.State != MemberState.Active || !inEffect || member.Seat.Status == SeatStatus.Unassigned) continue;
            var isFree = pools.Any(pool => pool.Free > 0 && (tier is null || pool.Tier == tier
                || (Organization.Mapping.WhenExhausted == MappedTierExhausted.FallbackLower && pool.Rank < pools.Single(own => own.Tier == tier).Rank)));
            var seat = member.Seat;
            if (seat.Tier is null ? seat.DesiredTier != tier || isFree
                : tier is null ? seat.DesiredTier is not null
                : seat.Tier == tier ? seat.DesiredTier is not null : seat.DesiredTier != tier || pools.Single(pool => pool.Tier == tier).Free > 0)
                wrong.Add($"{member.Member.UserName} sits {seat}, mapped to {tier ?? "any"}; free {string.Join(",", pools.Select(pool => pool.Free))}");
        }
        return wrong;
    }

    public async Task<string> BuyAsync()
    {
        var pools = await stack.Database.ReadAsync(session => stack.Seats.PoolsAsync(session, Organization.Id), default);
        var pool = pools[random.Next(2)];
        Assert.That((await stack.BuyAsync(Organization, (pool.Tier, pool.Rank, pool.Purchased + 1))).IsOk, Is.True);
        return $"buy {pool.Tier}";
    }

    /// <summary>Names of the groups around a person, at any depth.</summary>
    private HashSet<string> GroupsOf(ResourceId id)
    {
        var around = new HashSet<ResourceId>();
        var open = new Stack<ResourceId>([id]);
        while (open.TryPop(out var next))
            foreach (var (group, rows) in groups)
                if (rows.Contains(next) && around.Add(group)) open.Push(group);
        return [.. around.Select(group => names[group])];
    }

    private async Task ChangeAsync(ResourceId group, MembershipStep step)
    {
        var changed = await stack.Groups.ChangeAsync(Organization, CoreStack.Actor, group, null, new GroupChange(null, [step], 1000), default);
        Assert.That(changed.IsOk, Is.True, changed.Error?.ToString());
    }

    private ResourceId? Pick(IEnumerable<ResourceId> ids)
    {
        var all = ids.ToList();
        return all.Count == 0 ? null : all[random.Next(all.Count)];
    }

    private static GroupContent Content(string name) => GroupContent.Of(new JsonObject { ["displayName"] = name });

    private static List<MemberRef> References(IEnumerable<ResourceId> ids) => [.. ids.Select(id => new MemberRef(id.ToString(), null, null, null))];
}
