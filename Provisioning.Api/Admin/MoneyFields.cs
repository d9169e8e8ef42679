using System.Text.Json;
using Provisioning.Api.Hosting;
using Provisioning.Core.Contracts;

namespace Provisioning.Api.Admin;

/// <summary>Reads money, dates and seats per tier from a body; problems are kept by the fields.</summary>
internal static class MoneyFields
{
    /// <summary>Most seats of one tier, as in PUT /seats.</summary>
    public const int MostSeats = 10_000_000;

    /// <summary>Most tiers named in one body.</summary>
    private const int MostTiers = 20;

    public static Currency? Currency(JsonFields fields, string name)
    {
        if (Provisioning.Core.Contracts.Currency.TryParse(fields.Text(name, 3), out var currency)) return currency;
        fields.Refuse($"'{name}' must be a currency of ISO 4217, for example USD.");
        return null;
    }

    /// <summary>An amount in the field, as text: "40.00". 0 when something is wrong.</summary>
    public static long Amount(JsonFields fields, string name, Currency? currency, long most)
    {
        var text = fields.Text(name, 24);
        if (text.Length > 0 && currency is not null && currency.TryRead(text, most, out var minor)) return minor;
        if (currency is not null)
            fields.Refuse($"'{name}' must be an amount written as a text, for example \"{currency.Text(4000)}\": at most {currency.Digits} decimals, at most {currency.Text(most)}.");
        return 0;
    }

    /// <summary>{"amount":"8000.00","currency":"USD"}; null when something is wrong.</summary>
    public static Money? Money(JsonFields fields, string name)
    {
        if (fields.OptionalObject(name) is not { } inner)
        {
            fields.Refuse($"'{name}' is required, for example {{\"amount\":\"8000.00\",\"currency\":\"USD\"}}.");
            return null;
        }
        var currency = Currency(inner, "currency");
        var minor = Amount(inner, "amount", currency, long.MaxValue);
        fields.Check(inner);
        return currency is null ? null : new Money(minor, currency);
    }

    public static DateOnly? Date(JsonFields fields, string name)
    {
        if (fields.OptionalText(name, 10) is not { } text) return null;
        if (Dates.TryParse(text, out var date) && date.Year is >= 2000 and <= 2200) return date;
        fields.Refuse($"'{name}' must be a date such as 2026-01-31, from 2000 to 2200.");
        return null;
    }

    /// <summary>{"standard":90,"premium":10}.</summary>
    public static IReadOnlyDictionary<string, int> Seats(JsonFields fields, string name)
    {
        var seats = new Dictionary<string, int>();
        if (fields.OptionalNode(name) is not { } node)
        {
            fields.Refuse($"'{name}' is required: seats per tier, for example {{\"standard\":90}}; {{}} takes the choice back.");
            return seats;
        }
        foreach (var (tier, value) in node)
            if (value?.GetValueKind() == JsonValueKind.Number && value.AsValue().TryGetValue<int>(out var number) && number is >= 0 and <= MostSeats && tier.Length <= 64)
                seats[tier] = number;
            else
                fields.Refuse($"'{name}' has something that is no number of seats from 0 to {MostSeats}.");
        if (seats.Count > MostTiers) fields.Refuse($"'{name}' names more than {MostTiers} tiers.");
        return seats;
    }
}
