using System.Globalization;
using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Spend;

namespace Provisioning.Api.Admin;

/// <summary>A row of the price table; rates per million tokens. What GET answers may be sent to POST as it is.</summary>
/// <param name="DefaultEstimate">Held for a request without an estimate.</param>
public sealed record ModelPriceForm(
    string Id, string Model, string Currency, string Input, string Output, string CacheWrite, string CacheRead, string DefaultEstimate, string ValidFrom,
    string EnteredAt, ActorForm EnteredBy)
{
    public static ModelPriceForm ToApi(EnteredPrice entered)
    {
        var price = entered.Price;
        var cells = Cells(price);
        return new ModelPriceForm(
            price.Id.ToString(), cells[0], cells[1], cells[2], cells[3], cells[4], cells[5], cells[6], cells[7], Instants.Text(price.CreatedAt),
            new ActorForm(entered.ActorKind, entered.ActorId));
    }

    /// <summary>In the order of <see cref="PriceFields.Columns"/>.</summary>
    public static string[] Cells(ModelPrice price) =>
    [
        price.Model, price.Currency.Code, Rate(price.Rates.Input), Rate(price.Rates.Output), Rate(price.Rates.CacheWrite), Rate(price.Rates.CacheRead),
        Trimmed(price.DefaultEstimate), Instants.Text(price.ValidFrom),
    ];

    /// <summary>3.00 for three millionths: rates are money, so at least two decimals.</summary>
    public static string Rate(long millionths)
    {
        var text = PriceBook.Text(millionths);
        var decimals = text.Contains('.', StringComparison.Ordinal) ? text.Length - text.IndexOf('.', StringComparison.Ordinal) - 1 : 0;
        return decimals >= 2 ? text : decimals == 1 ? text + "0" : text + ".00";
    }

    /// <summary>Exact, up to twelve decimals.</summary>
    private static string Trimmed(UsageCost cost)
    {
        var (whole, part) = Math.DivRem(cost.Narrow, UsageCost.PerOne);
        var decimals = part.ToString("D12", CultureInfo.InvariantCulture).TrimEnd('0').PadRight(2, '0');
        return whole.ToString(CultureInfo.InvariantCulture) + "." + decimals;
    }
}

public sealed record ModelPricesForm(IReadOnlyList<ModelPriceForm> Prices, string? NextCursor);

/// <param name="Unchanged">Those that stood in the table like this already.</param>
public sealed record PricesEnteredForm(int Entered, int Unchanged);

/// <summary>What an organisation pays for a model now.</summary>
public sealed record PaidPriceForm(
    string Model, string Currency, string Input, string Output, string CacheWrite, string CacheRead, string ValidFrom, string Multiplier)
{
    public static PaidPriceForm ToApi(Price price)
    {
        var cells = ModelPriceForm.Cells(price.Listed);
        return new PaidPriceForm(cells[0], cells[1], cells[2], cells[3], cells[4], cells[5], cells[7], PriceBook.Text(price.Multiplier));
    }
}

public sealed record MultiplierForm(string Multiplier);

/// <summary>Reads prices.</summary>
internal static class PriceFields
{
    /// <summary>Of the CSV file, in any order.</summary>
    public static readonly string[] Columns = ["model", "currency", "input", "output", "cache_write", "cache_read", "default_estimate", "valid_from"];

    /// <summary>The same in JSON; problems are kept by the fields.</summary>
    public static NewPrice Read(JsonFields fields, bool isExport = true)
    {
        // What an export says of itself is no part of the price.
        if (isExport) foreach (var name in (string[])["id", "enteredAt", "enteredBy"]) fields.Has(name);
        var model = fields.Text("model");
        if (model.Length > 0 && !IsName(model)) fields.Refuse("'model' must be visible characters, not beginning with one of = + - @ '.");
        var currency = MoneyFields.Currency(fields, "currency") ?? new Currency("USD");
        var rates = new TokenRates(Rate(fields, "input"), Rate(fields, "output"), Rate(fields, "cacheWrite", "0"), Rate(fields, "cacheRead", "0"));
        if (!UsageCost.TryParse(fields.Text("defaultEstimate", 32), UsageCost.MostAtOnce, out var estimate) || estimate.IsZero)
            fields.Refuse($"'defaultEstimate' must be an amount more than nothing, written as a text with at most 12 decimals, at most {UsageCost.MostAtOnce}.");
        return new NewPrice(model, currency, Instant(fields), rates, estimate);
    }

    /// <summary>Years that everything can be calculated with.</summary>
    private static DateTimeOffset? Instant(JsonFields fields)
    {
        var at = fields.OptionalInstant("validFrom");
        if (at is { } given && given.Year is < 2000 or > 2200) fields.Refuse("'validFrom' must lie in the years 2000 to 2200.");
        return at is { } exact ? Instants.FromMicroseconds(Instants.ToMicroseconds(exact)) : null;
    }

    private static bool IsName(string model) => model[0] is not ('=' or '+' or '-' or '@' or '\'') && !model.Any(letter => char.IsControl(letter) || char.IsWhiteSpace(letter));

    private static long Rate(JsonFields fields, string name, string? absent = null)
    {
        var text = fields.OptionalText(name, 32) ?? absent;
        if (PriceBook.TryReadMillionths(text, TokenRates.Most, out var rate)) return rate;
        fields.Refuse($"'{name}' must be a rate per million tokens written as a text, for example \"3.00\": at most 6 decimals, at most 1000000.");
        return 0;
    }
}
