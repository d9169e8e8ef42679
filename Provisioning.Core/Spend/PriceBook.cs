using System.Globalization;
using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Spend;

/// <summary>A price to be entered.</summary>
public sealed record NewPrice(string Model, Currency Currency, DateTimeOffset? ValidFrom, TokenRates Rates, UsageCost DefaultEstimate);

/// <summary>What an import did.</summary>
/// <param name="Unchanged">Those that were valid exactly like this before.</param>
public sealed record PricesEntered(int Entered, int Unchanged);

/// <summary>A row of the price table with who entered it.</summary>
public sealed record EnteredPrice(ModelPrice Price, string ActorKind, string ActorId, string CorrelationId);

/// <summary>The operator's price table (rule PRICE-1). Nothing in it is ever changed or deleted; it is its own audit trail.</summary>
public sealed class PriceBook(IDatabase database, IPriceStore store, TimeProvider time)
{
    /// <summary>Most prices in one import.</summary>
    public const int MostAtOnce = 1000;

    /// <summary>Adds prices; what is in the table exactly like this is not added again.</summary>
    public Task<Outcome<PricesEntered>> EnterAsync(Actor actor, IReadOnlyList<NewPrice> prices, Idempotency? idempotency, CancellationToken cancel)
    {
        var now = Instants.Now(time);
        var rows = prices.Select(price => new ModelPrice(
            Ids.New<PriceId>(time), price.Model, price.Currency, price.ValidFrom ?? now, price.Rates, price.DefaultEstimate, now)).ToList();
        return database.WriteAsync(new WriteUnit<PricesEntered>(idempotency?.Id ?? Ids.New<UnitId>(time), "prices.enter", actor, now, async scope =>
        {
            var known = (await store.ValidAsync(scope.Session, [.. rows.Select(row => row.Model).Distinct(StringComparer.Ordinal)])).Select(Content).ToHashSet();
            var added = rows.Where(row => !known.Contains(Content(row))).ToList();
            await store.InsertAsync(scope.Session, added, actor);
            return new PricesEntered(added.Count, rows.Count - added.Count);
        }) { RequestHash = idempotency?.RequestHash }, cancel);
    }

    public Task<Page<EnteredPrice>> ListAsync(string? model, byte[]? after, int limit, CancellationToken cancel) =>
        database.ReadAsync(session => store.ListAsync(session, model, after, limit), cancel);

    /// <summary>Everything that is or will be valid, by model, currency and beginning; of two that begin together the later entered.</summary>
    public Task<IReadOnlyList<ModelPrice>> ValidAsync(CancellationToken cancel) => database.ReadAsync(session => store.ValidAsync(session, null), cancel);

    /// <summary>What an organisation pays for a model now; null when the model is unknown.</summary>
    public Task<Price?> FindAsync(OrganizationId organization, string model, CancellationToken cancel) =>
        database.ReadAsync(session => store.FindAsync(session, organization, model, Instants.Now(time)), cancel);

    public Task<long> MultiplierAsync(OrganizationId organization, CancellationToken cancel) =>
        database.ReadAsync(session => store.MultiplierAsync(session, organization), cancel);

    /// <summary>What the organisation pays of the listed prices, for usage recorded from now on.</summary>
    /// <param name="multiplier">Millionths, at most <see cref="Price.MostMultiplier"/>.</param>
    public Task<Outcome<long>> SetMultiplierAsync(Organization organization, Actor actor, long multiplier, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<long>(Ids.New<UnitId>(time), "prices.multiplier", actor, Instants.Now(time), async scope =>
        {
            var before = await store.MultiplierAsync(scope.Session, organization.Id);
            if (before == multiplier) return multiplier;
            await store.SetMultiplierAsync(scope.Session, organization.Id, multiplier);
            scope.Record(organization.Id, "prices.multiplier_changed", Target.Organization(organization.Id), Describe(before), Describe(multiplier));
            return multiplier;
        }) { Organization = organization.Id }, cancel);

    /// <summary>1.5 for 1,500,000 millionths.</summary>
    public static string Text(long millionths)
    {
        var (whole, part) = Math.DivRem(millionths, 1_000_000);
        var decimals = part.ToString("D6", CultureInfo.InvariantCulture).TrimEnd('0');
        return whole.ToString(CultureInfo.InvariantCulture) + (decimals.Length == 0 ? "" : "." + decimals);
    }

    /// <summary>A rate or multiplier, with at least two decimals where it is money; at most six are read.</summary>
    public static bool TryReadMillionths(string? text, long most, out long millionths)
    {
        millionths = 0;
        if (!UsageCost.TryParse(text, UsageCost.MostAtOnce, out var read) || read.Units % 1_000_000 != 0 || read.Units / 1_000_000 > most) return false;
        millionths = (long)(read.Units / 1_000_000);
        return true;
    }

    private static JsonObject Describe(long multiplier) => new() { ["multiplier"] = Text(multiplier) };

    private static (string, string, DateTimeOffset, TokenRates, UsageCost) Content(ModelPrice price) =>
        (price.Model, price.Currency.Code, price.ValidFrom, price.Rates, price.DefaultEstimate);
}
