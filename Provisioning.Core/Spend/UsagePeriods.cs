using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Spend;

/// <summary>Decides on which invoice recorded usage stands (rule USE-7). Part of the unit that records it.</summary>
public sealed class UsagePeriods(IUsagePeriodStore store, TimeProvider time)
{
    /// <summary>
    /// Called with the first usage of an organisation in a month, when its counters are made; later calls change nothing. The month ends by
    /// the clock of the billing zone as it is now.
    /// </summary>
    public Task OpenAsync(UnitScope scope, Organization organization, UsagePeriod period) =>
        store.OpenAsync(scope.Session, organization.Id, period, period.EndsAt(BillingZone.Of(organization.BillingZone)));

    /// <summary>
    /// Posts usage that was just added to the totals of its month, in the same unit and after it. Usage of a month that is over goes on that
    /// month's invoice while it is a draft, else on the next one as late usage. Asks the database only about months that are over.
    /// </summary>
    /// <returns>The late ones among them, in their order: they are told as <c>usage.late</c>.</returns>
    public async Task<IReadOnlyList<UsagePosting>> PostAsync(UnitScope scope, Organization organization, IReadOnlyList<UsagePosting> usage)
    {
        var zone = BillingZone.Of(organization.BillingZone);
        var current = UsagePeriod.Of(scope.Now, zone);
        var late = new List<UsagePosting>();
        foreach (var month in usage.Where(posting => posting.Period < current).GroupBy(posting => posting.Period).OrderBy(group => group.Key))
            if (!await IsTakenAsync(scope, organization, month.Key, zone)) late.AddRange(month.Where(posting => !posting.Cost.IsZero));
        if (late.Count == 0) return late;
        var last = late.Max(posting => posting.Period);
        var billed = await store.NextOpenAsync(scope.Session, organization.Id, last) ?? current;
        if (billed < current && await store.PostAsync(scope.Session, organization.Id, billed, scope.Now) == false)
            throw new UnitConflictException("The invoice that late usage was to stand on was closed meanwhile.");
        if (billed >= current) await store.OpenAsync(scope.Session, organization.Id, billed, billed.EndsAt(zone));
        await store.InsertLateAsync(scope.Session, organization.Id, billed, [.. late.Select(posting => (Ids.NewGuid(time), posting))]);
        return late;
    }

    private async Task<bool> IsTakenAsync(UnitScope scope, Organization organization, UsagePeriod period, TimeZoneInfo zone)
    {
        if (await store.PostAsync(scope.Session, organization.Id, period, scope.Now) is { } taken) return taken;
        await store.OpenAsync(scope.Session, organization.Id, period, period.EndsAt(zone));
        return true;
    }
}
