namespace Provisioning.Core.Contracts;

/// <summary>Turns seats into lines: pure, on whole minor units, each line rounded once (rules CON-2, BILL-2 to BILL-5).</summary>
public static class Pricing
{
    /// <summary>One line per change, and one per surcharge that comes with it. A change that makes seats cheaper costs nothing: no credit (rule SEAT-6).</summary>
    public static IReadOnlyList<ChargeLine> Of(Contract contract, IReadOnlyList<QuoteChange> changes, DateOnly effective)
    {
        var term = contract.Months;
        var months = Proration.Remaining(term, effective, contract.Conditions.Proration);
        var prices = contract.PricesOf(contract.Term);
        var lines = new List<ChargeLine>();
        foreach (var change in changes)
        {
            var price = prices[change.Tier];
            var before = change.From is null ? null : prices[change.From];
            var kind = change.Kind == ChangeKind.Add ? LineKind.Add : LineKind.Upgrade;
            lines.Add(Line(kind, Math.Max(0, price.Price - (before?.Price ?? 0))));
            var surcharge = contract.SurchargeOf(price) - (before is null ? 0 : contract.SurchargeOf(before));
            if (surcharge > 0) lines.Add(Line(LineKind.Surcharge, surcharge));

            ChargeLine Line(LineKind of, long unit) => new(
                of, change.Tier, change.From, change.Quantity, unit, months, effective, term.End, months.Times(unit, change.Quantity));
        }
        return lines;
    }

    /// <summary>A whole term in advance: quantity x price x 12 per tier (rule CON-2). At least one line (rule BILL-10).</summary>
    /// <param name="best">The tiers, best first: the order of the lines.</param>
    public static IReadOnlyList<ChargeLine> OfTerm(
        Contract contract, ServiceMonths term, IReadOnlyDictionary<string, int> quantities, IEnumerable<string> best)
    {
        var prices = contract.PricesOf(term.Term);
        var lines = new List<ChargeLine>();
        foreach (var tier in best.Where(quantities.ContainsKey))
        {
            var (price, quantity) = (prices[tier], quantities[tier]);
            if (quantity == 0) continue;
            lines.Add(Line(LineKind.Seats, tier, quantity, price.Price));
            if (contract.SurchargeOf(price) is > 0 and var surcharge) lines.Add(Line(LineKind.Surcharge, tier, quantity, surcharge));
        }
        if (lines.Count == 0) lines.Add(Line(LineKind.Seats, null, 0, 0));
        return lines;

        ChargeLine Line(LineKind kind, string? tier, int quantity, long unit) => new(
            kind, tier, null, quantity, unit, MonthFraction.Year, term.Start, term.End, MonthFraction.Year.Times(unit, quantity));
    }

    /// <summary>
    /// Everybody moves to the single tier within a term (rule REN-5, on the operator's word): per tier what the single one costs more for
    /// the rest of the term, never a credit.
    /// </summary>
    public static IReadOnlyList<ChargeLine> OfConversion(
        Contract contract, IReadOnlyDictionary<string, int> purchased, string single, DateOnly effective)
    {
        var term = contract.Months;
        var months = Proration.Remaining(term, effective, contract.Conditions.Proration);
        var prices = contract.PricesOf(contract.Term);
        var moved = purchased.Where(pair => pair.Key != single && pair.Value > 0).OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Select(pair => (Tier: pair.Key, Seats: pair.Value, Unit: Math.Max(0, prices[single].Price - (prices.TryGetValue(pair.Key, out var old) ? old.Price : 0))))
            .Select(item => new ChargeLine(
                LineKind.Conversion, single, item.Tier, item.Seats, item.Unit, months, effective, term.End, months.Times(item.Unit, item.Seats)))
            .ToList();
        return moved.Count > 0 ? moved : [new ChargeLine(LineKind.Conversion, single, null, 0, 0, months, effective, term.End, 0)];
    }

    /// <summary>The total is the sum of rounded lines (rule BILL-4, invariant I-8).</summary>
    public static long Total(IEnumerable<ChargeLine> lines) => lines.Aggregate(0L, (sum, line) => checked(sum + line.Amount));
}
