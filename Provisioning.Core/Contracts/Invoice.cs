using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Contracts;

/// <summary>An invoice or credit note. Once issued only its state, payment and what was credited of it change (invariant I-8).</summary>
/// <param name="Number">Null while a draft (rule BILL-7).</param>
/// <param name="Start">First day of the period.</param>
/// <param name="End">The day after the last one.</param>
/// <param name="Credited">Minor units that credit notes took back.</param>
/// <param name="Credits">For a credit note: the invoice it corrects.</param>
/// <param name="Seller">Name and address, a line each, as of the issue.</param>
public sealed record Invoice(
    InvoiceId Id, OrganizationId Organization, ContractId? Contract, InvoiceKind Kind, InvoiceState State, string? Number,
    DateOnly? IssuedOn, DateOnly? DueOn, DateOnly Start, DateOnly End, Money Total, long Credited, InvoiceId? Credits, string Seller, string Buyer,
    string? Reason, DateTimeOffset? PaidAt, string? PaymentReference, DateTimeOffset CreatedAt, long Version)
{
    /// <summary>Most lines that come with an invoice; the others are read page by page.</summary>
    public const int MostLines = 1000;

    /// <summary>In the order of the invoice, the first <see cref="MostLines"/>; empty in lists.</summary>
    public IReadOnlyList<ChargeLine> Lines { get; init; } = [];

    /// <summary>How many lines there are.</summary>
    public int LineCount { get; init; }

    public Target Subject => new("invoice", Id.ToString());

    public JsonObject Describe() => new()
    {
        ["kind"] = Words.Text(Kind), ["state"] = Words.Text(State), ["number"] = Number, ["total"] = Total.Currency.Text(Total.Minor),
        ["currency"] = Total.Currency.Code, ["dueOn"] = DueOn is { } due ? Dates.Text(due) : null, ["credits"] = Credits?.ToString(),
        ["reference"] = PaymentReference,
    };
}

/// <summary>Rule BILL-6.</summary>
public enum InvoiceKind { TermStart, SeatChange, Renewal, UsageMonth, CreditPurchase, CreditNote }

/// <summary>Domain.md section 5; void: wholly taken back by credit notes before it was paid.</summary>
public enum InvoiceState { Draft, Issued, Overdue, Paid, Void }

/// <summary>Who issues invoices: the deployment.</summary>
/// <param name="Name">Numbers run per issuer and year (rule BILL-7).</param>
/// <param name="Zone">IANA zone of issue and due dates.</param>
/// <param name="PaymentDays">Days from the issue date to the due date.</param>
public sealed record Issuer(string Name, IReadOnlyList<string> Address, string Zone, int PaymentDays)
{
    public string Text => string.Join('\n', [Name, .. Address]);

    public DateOnly Today(DateTimeOffset now) => BillingZone.DateOf(now, BillingZone.Of(Zone));
}
