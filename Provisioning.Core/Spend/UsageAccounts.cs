using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Journal;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Spend;

/// <summary>What organisations and the operator settle about usage: how caps combine, extra usage, what seats include (rules CAP-4, USE-14).</summary>
public sealed class UsageAccounts(IDatabase database, UsageBooks books, IContractStore contracts, ISeatStore seats, TimeProvider time)
{
    public Task<UsageAccount> FindAsync(OrganizationId organization, CancellationToken cancel) =>
        database.ReadAsync(session => books.Counters.FindAccountAsync(session, organization), cancel);

    /// <summary>Null leaves a setting as it is.</summary>
    public Task<Outcome<UsageAccount>> ChangeAsync(
        OrganizationId organization, Actor actor, IfMatch condition, CapCombination? combination, bool? extraUsage, CancellationToken cancel) =>
        WriteAsync<UsageAccount>(organization, actor, async scope =>
        {
            await books.Counters.LockAsync(scope.Session, organization);
            var before = await books.Counters.FindAccountAsync(scope.Session, organization);
            if (!condition.Accepts(before.Version)) return new VersionConflict($"The settings were changed meanwhile; their version is \"{before.Version}\" now.");
            var after = before with { Combination = combination ?? before.Combination, ExtraUsage = extraUsage ?? before.ExtraUsage };
            if (after == before) return before;
            after = after with { Version = before.Version + 1 };
            await books.Counters.SaveAccountAsync(scope.Session, after);
            scope.Record(organization, "usage.settings_changed", Target.Organization(organization), before.Describe(), after.Describe());
            return after;
        }, cancel);

    /// <summary>Switches extra usage of one member (rule USE-14); the organisation's switch stands above it.</summary>
    public Task<Outcome<Done>> SetExtraUsageAsync(OrganizationId organization, Actor actor, MemberId member, bool enabled, CancellationToken cancel) =>
        WriteAsync<Done>(organization, actor, async scope =>
        {
            await books.Counters.LockAsync(scope.Session, organization);
            if ((await books.Counters.GroundsAsync(scope.Session, organization, [member], scope.Now)).Count == 0) return new NotFound($"There is no member {member}.");
            await books.Caps.SetExtraUsageAsync(scope.Session, organization, member, enabled);
            scope.Record(organization, "usage.settings_changed", Target.Member(member), null, new JsonObject { ["extraUsage"] = enabled });
            return default(Done);
        }, cancel);

    /// <summary>By tier, in minor units of the contract's currency, which is null without a contract.</summary>
    public Task<(Currency? Currency, IReadOnlyDictionary<string, long> Limits)> IncludedAsync(OrganizationId organization, CancellationToken cancel) =>
        database.ReadAsync(async session => (
            (await contracts.FindLatestAsync(session, organization))?.Conditions.Currency, await books.Caps.IncludedAsync(session, organization)), cancel);

    /// <summary>Makes exactly these the limits per tier, in minor units; a tier without one includes nothing.</summary>
    public Task<Outcome<Done>> SetIncludedAsync(
        OrganizationId organization, Actor actor, Currency currency, IReadOnlyDictionary<string, long> limits, CancellationToken cancel) =>
        WriteAsync<Done>(organization, actor, async scope =>
        {
            await books.Counters.LockAsync(scope.Session, organization);
            var tiers = (await seats.PoolsAsync(scope.Session, organization)).Select(pool => pool.Tier).ToHashSet();
            if (limits.Keys.FirstOrDefault(tier => !tiers.Contains(tier)) is { } unknown) return new Unprocessable("unknown_tier", $"There is no tier {unknown}.");
            if ((await contracts.FindLatestAsync(scope.Session, organization))?.Conditions.Currency != currency)
                return new InvalidValue("'currency' is not that of the contract; what seats include is counted in it.");
            var before = await books.Caps.IncludedAsync(scope.Session, organization);
            await books.Caps.ReplaceIncludedAsync(scope.Session, organization, limits);
            scope.Record(organization, "usage.included_changed", Target.Organization(organization), Describe(before), Describe(limits));
            return default(Done);
        }, cancel);

    private static JsonObject Describe(IReadOnlyDictionary<string, long> limits) =>
        new(limits.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)JsonValue.Create(pair.Value))));

    private Task<Outcome<T>> WriteAsync<T>(OrganizationId organization, Actor actor, Func<UnitScope, Task<Outcome<T>>> run, CancellationToken cancel)
    {
        var stamp = WriteStamp.Of(time);
        return database.WriteAsync(new WriteUnit<T>(stamp.Unit, "usage.settings", actor, stamp.Now, run) { Organization = organization }, cancel);
    }
}
