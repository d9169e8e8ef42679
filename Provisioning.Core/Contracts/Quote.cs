using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Contracts;

/// <summary>One change of a quote (rule QUO-1).</summary>
/// <param name="Tier">The tier that grows.</param>
/// <param name="From">For an upgrade: the tier that shrinks.</param>
/// <param name="Members">For an upgrade: who moves along with the seats (rule QUO-6).</param>
public sealed record QuoteChange(ChangeKind Kind, string Tier, string? From, int Quantity, IReadOnlyList<MemberId> Members);

public enum ChangeKind { Add, Upgrade }

/// <summary>One line of a quote or an invoice; the amount is rounded once, here (rules BILL-2 to BILL-5).</summary>
/// <param name="From">For an upgrade: the tier the seats come from.</param>
/// <param name="Unit">Minor units per seat and month.</param>
/// <param name="Start">First day paid for.</param>
/// <param name="End">The day after the last one.</param>
public sealed record ChargeLine(
    LineKind Kind, string? Tier, string? From, int Quantity, long Unit, MonthFraction Months, DateOnly Start, DateOnly End, long Amount,
    string? Note = null)
{
    /// <summary>For a line of usage: whose, of what, and how much.</summary>
    public LineUsage? Usage { get; init; }

    /// <summary>Whether quantity, unit and months say something.</summary>
    public bool IsOfSeats => Kind is LineKind.Seats or LineKind.Add or LineKind.Upgrade or LineKind.Surcharge or LineKind.Conversion;
}

/// <summary>What a line is for.</summary>
public enum LineKind { Seats, Add, Upgrade, Surcharge, Conversion, Credit, Credits, Usage, LateUsage, Tax }

/// <summary>Usage of one member and one model (rules USE-3, USE-7); tokens of each kind.</summary>
/// <param name="MemberName">The userName as it is now; null once the person was erased.</param>
/// <param name="Cost">Exact, in units of 1e-12 of the currency; the amount of the line is rounded from it (rule PRICE-2).</param>
public sealed record LineUsage(MemberId Member, string? MemberName, string Model, long Input, long Output, long CacheWrite, long CacheRead, Int128 Cost);

/// <summary>A priced proposal for seat changes, confirmed at most once (invariant I-7).</summary>
/// <param name="Term">The term it was priced in.</param>
/// <param name="EffectiveOn">The date in the billing zone on which it was priced and has to be confirmed (rule QUO-5).</param>
/// <param name="Before">What was bought when it was priced: another purchase since makes it stale (rule QUO-4).</param>
/// <param name="After">The resulting allocation.</param>
public sealed record SeatQuote(
    QuoteId Id, OrganizationId Organization, ContractId Contract, int Term, DateOnly EffectiveOn, IReadOnlyList<QuoteChange> Changes,
    IReadOnlyList<ChargeLine> Lines, Money Total, IReadOnlyDictionary<string, int> Before, IReadOnlyDictionary<string, int> After,
    QuoteState State, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, InvoiceId? Invoice)
{
    /// <summary>Reads decide by time, no sweeper is needed (rule TIME-4).</summary>
    /// <param name="today">The date in the billing zone.</param>
    public QuoteState StateAt(DateTimeOffset now, DateOnly today) =>
        State != QuoteState.Open ? State : today != EffectiveOn ? QuoteState.Stale : now >= ExpiresAt ? QuoteState.Expired : QuoteState.Open;

    public Target Subject => new("quote", Id.ToString());

    public JsonObject Describe() => new()
    {
        ["state"] = Words.Text(State), ["effectiveDate"] = Dates.Text(EffectiveOn), ["total"] = Total.Currency.Text(Total.Minor),
        ["currency"] = Total.Currency.Code, ["after"] = Allocations.Describe(After), ["invoice"] = Invoice?.ToString(),
    };
}

/// <summary>Domain.md section 5.</summary>
public enum QuoteState { Open, Confirmed, Expired, Stale, Cancelled, PaymentPending }

/// <summary>Dates as they are written.</summary>
public static class Dates
{
    /// <summary>2026-03-01.</summary>
    public static string Text(DateOnly date) => date.ToString("O", System.Globalization.CultureInfo.InvariantCulture);

    public static bool TryParse(string? text, out DateOnly date) => DateOnly.TryParseExact(
        text, "O", System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.None, out date);
}
