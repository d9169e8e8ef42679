using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Spend;

/// <summary>What the organisation (tier null) or a tier has spent in a month, and its cap.</summary>
/// <param name="CapBasis">Of a tier's cap: aggregate or per_member.</param>
/// <param name="Cap">Minor units; null: none, or unlimited.</param>
public sealed record UsageStanding(string? Tier, UsageCost Settled, UsageCost Held, string? CapBasis, long? Cap);

/// <summary>What a member used in a month.</summary>
/// <param name="UserName">Null once the person was erased.</param>
/// <param name="Cost">Of everything, what the seat includes too.</param>
/// <param name="Settled">What counts against caps and is paid for.</param>
/// <param name="Cap">Of an individual cap, in minor units.</param>
public sealed record MemberUsage(MemberId Member, string? UserName, TokenCounts Tokens, UsageCost Cost, UsageCost Settled, UsageCost Held, long? Cap);

/// <summary>A month of an organisation.</summary>
/// <param name="Currency">Null before the first contract.</param>
/// <param name="Credits">Where usage is prepaid.</param>
public sealed record UsageSummary(
    UsagePeriod Period, Currency? Currency, UsageStanding Organisation, IReadOnlyList<UsageStanding> Tiers, CreditAccount? Credits, Page<MemberUsage> Members);

/// <summary>Month-to-date for owners (rule NOTI-6): read from sums that are kept with each event, so a page costs the same however much was used.</summary>
public sealed class UsageReports(IDatabase database, IUsageReportStore store, ICreditStore credits, IContractStore contracts, TimeProvider time)
{
    public UsagePeriod Current(Organization organization) => UsagePeriod.Of(Instants.Now(time), BillingZone.Of(organization.BillingZone));

    public Task<UsageSummary> SummaryAsync(OrganizationId organization, UsagePeriod period, byte[]? after, int limit, CancellationToken cancel) =>
        database.ReadAsync(async session =>
        {
            var contract = await contracts.FindLatestAsync(session, organization);
            var standings = await store.StandingsAsync(session, organization, period);
            var ground = contract?.Conditions.Funding == Funding.Prepaid ? await credits.GroundAsync(session, organization) : null;
            return new UsageSummary(
                period, contract?.Conditions.Currency,
                standings.FirstOrDefault(standing => standing.Tier is null) ?? new UsageStanding(null, UsageCost.Zero, UsageCost.Zero, null, null),
                [.. standings.Where(standing => standing.Tier is not null)], ground?.At(Instants.Now(time)),
                await store.MembersAsync(session, organization, period, after, limit));
        }, cancel);

    public Task<Page<MemberUsage>> MembersAsync(OrganizationId organization, UsagePeriod period, byte[]? after, int limit, CancellationToken cancel) =>
        database.ReadAsync(session => store.MembersAsync(session, organization, period, after, limit), cancel);

    public async Task<Currency?> CurrencyAsync(OrganizationId organization, CancellationToken cancel) =>
        (await database.ReadAsync(async session => (Contract: await contracts.FindLatestAsync(session, organization), 0), cancel)).Contract?.Conditions.Currency;
}

/// <summary>Sums of usage.</summary>
public interface IUsageReportStore
{
    /// <summary>The organisation and its tiers, as far as something was used, set aside, or has a cap.</summary>
    Task<IReadOnlyList<UsageStanding>> StandingsAsync(ISession session, OrganizationId organization, UsagePeriod period);

    /// <summary>Members who used something, by id.</summary>
    Task<Page<MemberUsage>> MembersAsync(ISession session, OrganizationId organization, UsagePeriod period, byte[]? after, int limit);
}
