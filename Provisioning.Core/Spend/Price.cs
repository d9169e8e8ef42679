using Provisioning.Core.Common;
using Provisioning.Core.Contracts;

namespace Provisioning.Core.Spend;

/// <summary>What a request used, in tokens of each kind (rule PRICE-1); each at most <see cref="Most"/>.</summary>
public readonly record struct TokenCounts(long Input, long Output, long CacheWrite = 0, long CacheRead = 0)
{
    /// <summary>Most tokens of one kind in one request.</summary>
    public const long Most = 1_000_000_000_000;

    /// <summary>The order in which rates and counts are listed.</summary>
    public IReadOnlyList<long> All => [Input, Output, CacheWrite, CacheRead];
}

/// <summary>
/// Rates per million tokens, in millionths of the currency: the same number is units of 1e-12 per token, so a cost is a sum of whole products.
/// </summary>
public readonly record struct TokenRates(long Input, long Output, long CacheWrite, long CacheRead)
{
    /// <summary>A million of the currency per million tokens.</summary>
    public const long Most = 1_000_000_000_000;
}

/// <summary>The price of a model from an instant on (rule PRICE-1). A row is never changed: what was entered later wins.</summary>
/// <param name="Model">The exact name; <see cref="Fallback"/> is what recorded usage of an unknown model costs (rule PRICE-3).</param>
/// <param name="DefaultEstimate">Held for a request that brings no estimate (rule USE-10); more than nothing.</param>
public sealed record ModelPrice(PriceId Id, string Model, Currency Currency, DateTimeOffset ValidFrom, TokenRates Rates, UsageCost DefaultEstimate, DateTimeOffset CreatedAt)
{
    public const string Fallback = "*";
}

/// <summary>A price as an organisation pays it.</summary>
/// <param name="Multiplier">Of the organisation, in millionths; 1,000,000 is the list price.</param>
public sealed record Price(ModelPrice Listed, long Multiplier)
{
    public const long ListMultiplier = 1_000_000;

    /// <summary>A thousand times the list price.</summary>
    public const long MostMultiplier = 1000 * ListMultiplier;

    public string Model => Listed.Model;

    public Currency Currency => Listed.Currency;

    /// <summary>What is held for a request without an estimate.</summary>
    public UsageCost DefaultEstimate => UsageCost.Min(new UsageCost(Int128.Max(1, Times(Listed.DefaultEstimate.Units))), UsageCost.MostAtOnce);

    /// <summary>
    /// sum(tokens x rate) / 1,000,000 x multiplier, exact; only a multiplier makes fractions of a unit, and those are rounded once, half
    /// away from zero (rule PRICE-2). More than <see cref="UsageCost.MostAtOnce"/> is refused.
    /// </summary>
    public Outcome<UsageCost> CostOf(TokenCounts tokens)
    {
        var rates = Listed.Rates;
        var sum = ((Int128)tokens.Input * rates.Input) + ((Int128)tokens.Output * rates.Output)
            + ((Int128)tokens.CacheWrite * rates.CacheWrite) + ((Int128)tokens.CacheRead * rates.CacheRead);
        var units = Times(sum);
        return units <= UsageCost.MostAtOnce.Units
            ? new UsageCost(units)
            : new InvalidValue($"One request may cost at most {UsageCost.MostAtOnce} {Currency.Code}; this one would cost more. Split it.");
    }

    private Int128 Times(Int128 units) => UsageCost.Rounded(units * Multiplier, ListMultiplier);
}

/// <summary>Every price of some models, to be asked without going to the database again.</summary>
public sealed class PriceList(IEnumerable<Price> prices)
{
    private readonly Dictionary<string, List<Price>> of = prices.GroupBy(price => price.Model, StringComparer.Ordinal).ToDictionary(
        group => group.Key, group => group.OrderByDescending(price => price.Listed.ValidFrom).ThenByDescending(price => price.Listed.Id.Value).ToList(), StringComparer.Ordinal);

    /// <summary>The price valid at an instant; null when the model has none then.</summary>
    public Price? Find(string model, DateTimeOffset at) => of.TryGetValue(model, out var versions) ? versions.Find(price => price.Listed.ValidFrom <= at) : null;

    /// <summary>What an unknown model costs at an instant; null: nothing was set, it costs nothing.</summary>
    public Price? Fallback(DateTimeOffset at) => Find(ModelPrice.Fallback, at);
}
