using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Directory;

/// <summary>Feeds a plan with people: those the directory has pushed, or those of a what-if question. Reads only, in pages.</summary>
public sealed class PlanReader(
    IMemberStore members, ISeatStore seats, IMappingStore mappings, IParkedStore parked, IRunStore runs, Placements placements,
    ProvisioningSettings settings)
{
    private const int PageSize = 500;

    public Task<long> CountMembersAsync(ISession session, OrganizationId organization) => parked.CountMembersAsync(session, organization);

    /// <summary>The mapping as it would be.</summary>
    public async Task<Outcome<MappingTable>> TableAsync(ISession session, Organization before, Organization after, ProvisioningChange change)
    {
        if (change.Mappings is null) return await placements.TableAsync(session, after);
        return (await settings.ResolveAsync(session, before, change.Mappings)).Try(out var wanted, out var error)
            ? after.Mapping.Enabled ? await placements.TableAsync(session, after, wanted) : MappingTable.Off
            : error;
    }

    /// <summary>What the pushed entries would make of the organisation.</summary>
    public async Task<PlanReport> OfDirectoryAsync(ISession session, Organization before, Organization after, MappingTable table)
    {
        var plan = new DirectoryPlan(await seats.PoolsAsync(session, before.Id), await AdministratorsAsync(session, before.Id), everybody: false);
        if (!after.FollowsDirectory) return plan.Finish();
        if (after.Mode == ProvisioningMode.Scim && before.Mode != ProvisioningMode.Scim)
            await AddAbsenteesAsync(session, before.Id, plan, member => member.Entry is null);
        Guid? position = null;
        while (await runs.EntriesAsync(session, before.Id, position, PageSize) is { Count: > 0 } page)
        {
            var places = await placements.OfEntriesAsync(session, table, [.. page.Select(entry => entry.Id)]);
            var known = (await members.FindManyAsync(session, before.Id, [.. page.Select(entry => entry.Member).OfType<MemberId>()]))
                .ToDictionary(member => member.Member.Id);
            foreach (var entry in page)
                plan.Add(new PlannedPerson(entry.UserName, entry.Member is { } id ? known.GetValueOrDefault(id) : null, entry.Active, places[entry.Id]));
            position = page[^1].Id.Value;
        }
        return plan.Finish();
    }

    /// <summary>What supposed people in supposed groups would make of it; who they are already is found by userName.</summary>
    public async Task<PlanReport> OfPeopleAsync(
        ISession session, Organization organization, MappingTable table, IReadOnlyList<SupposedPerson> people, bool complete)
    {
        var plan = new DirectoryPlan(await seats.PoolsAsync(session, organization.Id), await AdministratorsAsync(session, organization.Id), everybody: true);
        var nested = await mappings.NamedAsync(session, organization.Id, [.. people.SelectMany(person => person.Groups).Distinct()]);
        var known = new Dictionary<string, SeatedMember>(StringComparer.Ordinal);
        foreach (var member in await members.FindByUserNamesAsync(session, organization.Id, [.. people.Select(person => person.UserName)]))
            known[TextKey.FoldText(member.Member.UserName)] = member;
        if (complete)
        {
            var named = known.Values.Select(member => member.Member.Id).ToHashSet();
            await AddAbsenteesAsync(session, organization.Id, plan, member => !named.Contains(member.Member.Id));
        }
        foreach (var person in people)
        {
            var member = known.GetValueOrDefault(TextKey.FoldText(person.UserName));
            plan.Add(new PlannedPerson(person.UserName, member, person.Active, table.Of(
                nested.Where(group => person.Groups.Any(group.IsNamed)).Select(group => group.Id), person.Groups)));
        }
        return plan.Finish();
    }

    private async Task AddAbsenteesAsync(
        ISession session, OrganizationId organization, DirectoryPlan plan, Func<SeatedMember, bool> isAbsent)
    {
        byte[]? after = null;
        while (true)
        {
            var page = await members.ListAsync(session, organization, new MemberQuery(null, null, null, null, null, null, after, PageSize));
            foreach (var member in page.Items.Where(isAbsent)) plan.Absent(member);
            if (page.Next is null) return;
            after = Ids.ToBytes(page.Items[^1].Member.Id);
        }
    }

    private async Task<int> AdministratorsAsync(ISession session, OrganizationId organization)
    {
        var count = 0;
        foreach (var role in (Role[])[Role.PrimaryOwner, Role.Owner, Role.Admin])
            count += (await members.ListAsync(session, organization, new MemberQuery(null, null, null, null, MemberState.Active, role, null, 500))).Items.Count;
        return count;
    }
}
