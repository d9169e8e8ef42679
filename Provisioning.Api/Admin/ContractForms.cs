using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Spend;

namespace Provisioning.Api.Admin;

/// <summary>An amount as it is written: a plain decimal, never a number of JSON, so that nobody's floating point rounds it.</summary>
public sealed record MoneyForm(string Amount, string Currency)
{
    public static MoneyForm ToApi(Money money) => new(money.Currency.Text(money.Minor), money.Currency.Code);
}

/// <param name="FromTerm">The first term the price is valid in.</param>
public sealed record PriceForm(string Tier, string Price, bool Surcharge, int FromTerm);

/// <param name="Start">First day, in the billing zone.</param>
/// <param name="End">The day after the last one.</param>
/// <param name="Opening">Seats per tier when the term was opened.</param>
public sealed record TermForm(
    string Contract, int No, string Start, string End, string StartsAt, string EndsAt, string State, IReadOnlyDictionary<string, int> Opening)
{
    public static TermForm ToApi(ContractTerm term) => new(
        term.Contract.ToString(), term.No, Dates.Text(term.Start), Dates.Text(term.End), Instants.Text(term.StartsAt), Instants.Text(term.EndsAt),
        Words.Text(term.State), term.Opening);
}

public sealed record TermsForm(IReadOnlyList<TermForm> Terms, string? NextCursor);

/// <summary>What the next renewal would be if it came now (rules REN-2 to REN-5).</summary>
/// <param name="Chosen">What owners want at least, per tier.</param>
/// <param name="PlanModel">The plan model of the next term.</param>
public sealed record RenewalForm(
    bool Renews, string On, string PlanModel, IReadOnlyDictionary<string, int> Chosen, IReadOnlyDictionary<string, int> Seats, MoneyForm Total)
{
    public static RenewalForm ToApi(Contract contract, RenewalForecast forecast) => new(
        contract.Renews, Dates.Text(contract.Months.End), Words.Text(forecast.PlanModel), contract.RenewalChoice, forecast.Seats,
        new MoneyForm(contract.Conditions.Currency.Text(forecast.Total), contract.Conditions.Currency.Code));
}

/// <param name="Start">First day of the contract: the anchor of every month boundary (rule CON-4).</param>
/// <param name="Renewal">Null for a contract that is over.</param>
public sealed record ContractForm(
    string Id, string Kind, string PlanModel, string Funding, string Collection, string Proration, string Currency, string Surcharge, int MinimumSeats,
    bool AutoRenew, bool Cancelled, bool Compliance, string SingleTier, string State, string Start, int Term, string TermStart, string TermEnd,
    IReadOnlyList<PriceForm> Prices, RenewalForm? Renewal, long Version)
{
    public static ContractForm ToApi(Contract contract, RenewalForecast? forecast)
    {
        var conditions = contract.Conditions;
        return new ContractForm(
            contract.Id.ToString(), Words.Text(conditions.Kind), Words.Text(conditions.PlanModel), Words.Text(conditions.Funding),
            Words.Text(conditions.Collection), Words.Text(conditions.Proration), conditions.Currency.Code, conditions.Currency.Text(conditions.Surcharge),
            conditions.MinimumSeats, contract.AutoRenew, contract.Cancels, conditions.Compliance, conditions.SingleTier, Words.Text(contract.State),
            Dates.Text(contract.Anchor), contract.Term, Dates.Text(contract.Months.Start), Dates.Text(contract.Months.End),
            [.. contract.Prices.OrderBy(price => price.Tier, StringComparer.Ordinal).ThenBy(price => price.FromTerm).Select(price => new PriceForm(price.Tier, conditions.Currency.Text(price.Price), price.Surcharged, price.FromTerm))],
            forecast is null ? null : RenewalForm.ToApi(contract, forecast), contract.Version);
    }
}

/// <summary>A line of a quote or invoice.</summary>
/// <param name="From">For an upgrade: the tier the seats come from; <paramref name="To"/> is where they go.</param>
/// <param name="Months">Months billed, cut after six decimals; <paramref name="ExactMonths"/> is what was calculated with.</param>
/// <param name="Start">First day billed.</param>
/// <param name="End">The day after the last one.</param>
public sealed record LineForm(
    string Kind, string? Tier, string? From, string? To, int Quantity, string Unit, string Months, string ExactMonths, string Start, string End,
    string Amount, string? Note, LineUsageForm? Usage)
{
    public static LineForm ToApi(ChargeLine line, Currency currency) => new(
        Words.Text(line.Kind), line.From is null ? line.Tier : null, line.From, line.From is null ? null : line.Tier, line.Quantity,
        currency.Text(line.Unit), line.Months.Decimal(), line.Months.Exact(), Dates.Text(line.Start), Dates.Text(line.End), currency.Text(line.Amount),
        line.Note, line.Usage is { } usage ? LineUsageForm.ToApi(usage) : null);
}

/// <summary>Usage of one member and one model; the amount of the line is rounded from the cost.</summary>
/// <param name="UserName">As it is now; null once the person was erased.</param>
public sealed record LineUsageForm(string MemberId, string? UserName, string Model, TokenCountsForm Tokens, string Cost)
{
    public static LineUsageForm ToApi(LineUsage usage) => new(
        usage.Member.ToString(), usage.MemberName, usage.Model, new TokenCountsForm(usage.Input, usage.Output, usage.CacheWrite, usage.CacheRead),
        new UsageCost(usage.Cost).Text());
}

/// <param name="After">Seats per tier after the purchase.</param>
/// <param name="Invoice">Once confirmed.</param>
public sealed record QuoteForm(
    string Id, string State, string EffectiveDate, string ExpiresAt, IReadOnlyList<LineForm> Lines, MoneyForm Total,
    IReadOnlyDictionary<string, int> After, string? Invoice)
{
    public static QuoteForm ToApi(SeatQuote quote) => new(
        quote.Id.ToString(), Words.Text(quote.State), Dates.Text(quote.EffectiveOn), Instants.Text(quote.ExpiresAt),
        [.. quote.Lines.Select(line => LineForm.ToApi(line, quote.Total.Currency))], MoneyForm.ToApi(quote.Total), quote.After, quote.Invoice?.ToString());
}

/// <param name="Number">Null while a card payment is awaited.</param>
public sealed record InvoiceNameForm(string Id, string? Number);

/// <param name="Drained">Members who got a seat from the waiting list, in order.</param>
public sealed record ConfirmedForm(string Quote, string State, InvoiceNameForm Invoice, IReadOnlyList<string> Drained)
{
    public static ConfirmedForm ToApi(ConfirmedQuote confirmed) => new(
        confirmed.Quote.ToString(), Words.Text(confirmed.State), new InvoiceNameForm(confirmed.Invoice.ToString(), confirmed.Number),
        [.. confirmed.Drained.Select(member => member.ToString())]);
}

/// <param name="Lines">The first 1,000; null in lists.</param>
/// <param name="LineCount">The others are read with GET /invoices/{id}/lines; null in lists.</param>
/// <param name="Credits">For a credit note: the invoice it corrects.</param>
public sealed record InvoiceForm(
    string Id, string Kind, string State, string? Number, string? IssuedOn, string? DueOn, string Start, string End, MoneyForm Total, MoneyForm Credited,
    string? Credits, string? Reason, string? PaidAt, string? PaymentReference, IReadOnlyList<LineForm>? Lines, int? LineCount, long Version)
{
    public static InvoiceForm ToApi(Invoice invoice, bool withLines = true) => new(
        invoice.Id.ToString(), Words.Text(invoice.Kind), Words.Text(invoice.State), invoice.Number, Optional(invoice.IssuedOn), Optional(invoice.DueOn),
        Dates.Text(invoice.Start), Dates.Text(invoice.End), MoneyForm.ToApi(invoice.Total), MoneyForm.ToApi(invoice.Total with { Minor = invoice.Credited }),
        invoice.Credits?.ToString(), invoice.Reason, MemberForm.Optional(invoice.PaidAt), invoice.PaymentReference,
        withLines ? [.. invoice.Lines.Select(line => LineForm.ToApi(line, invoice.Total.Currency))] : null,
        withLines ? invoice.LineCount : null, invoice.Version);

    private static string? Optional(DateOnly? date) => date is { } value ? Dates.Text(value) : null;
}

/// <param name="NextCursor">Behind the last line of the page.</param>
public sealed record LinesForm(IReadOnlyList<LineForm> Lines, string? NextCursor);

public sealed record InvoicesForm(IReadOnlyList<InvoiceForm> Invoices, string? NextCursor);

/// <param name="Quote">The quote that waited for the payment.</param>
public sealed record PaymentForm(string Invoice, string? State, string? Number, string? Quote, string? QuoteState)
{
    public static PaymentForm ToApi(PaymentResult result) => new(
        result.Invoice.ToString(), result.State is { } state ? Words.Text(state) : null, result.Number, result.Quote?.ToString(),
        result.QuoteState is { } quote ? Words.Text(quote) : null);
}
