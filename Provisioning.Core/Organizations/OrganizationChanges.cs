using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Organizations;

/// <summary>Changes of an organisation's own row: mode, policies, access.</summary>
public sealed class OrganizationChanges(IDatabase database, IOrganizationStore organizations, GrantCache cache, TimeProvider time)
{
    /// <summary>Changes settings of the organisation as this unit reads it.</summary>
    /// <param name="refuse">Looks at what else there is, as the organisation was and would be; null when the change may be.</param>
    public async Task<Outcome<Organization>> ChangeAsync(
        OrganizationId id, Actor actor, string action, Func<Organization, Outcome<Organization>> change, CancellationToken cancel, Idempotency? idempotency = null,
        Func<ISession, Organization, Organization, Task<Error?>>? refuse = null)
    {
        var changed = await database.WriteAsync(new WriteUnit<Organization>(idempotency?.Id ?? Ids.New<UnitId>(time), action, actor, Instants.Now(time), async scope =>
        {
            if (await organizations.FindAsync(scope.Session, id.ToString()) is not { } before) return new NotFound("There is no such organisation.");
            if (!change(before).Try(out var after, out var error)) return error;
            if (after == before) return before;
            if (refuse is not null && await refuse(scope.Session, before, after) is { } refused) return refused;
            if (!await organizations.UpdateAsync(scope.Session, after)) throw new UnitConflictException("The organisation was changed meanwhile.");
            scope.Record(id, action, Target.Organization(id), before.Describe(), after.Describe());
            return after with { Version = before.Version + 1 };
        }) { Organization = id, RequestHash = idempotency?.RequestHash }, cancel);
        cache.Forget(id);
        return changed;
    }
}
