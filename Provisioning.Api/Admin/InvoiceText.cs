using System.Globalization;
using Provisioning.Core.Contracts;

namespace Provisioning.Api.Admin;

/// <summary>The words and numbers of an invoice for people, the same on the page and in the file.</summary>
internal static class InvoiceText
{
    public static string Title(Invoice invoice) =>
        (invoice.Kind == InvoiceKind.CreditNote ? "Credit note" : "Invoice") + (invoice.Number is null ? " (draft)" : " " + invoice.Number);

    public static string Subject(Invoice invoice) => invoice.Kind switch
    {
        InvoiceKind.TermStart => "Seats, twelve months in advance",
        InvoiceKind.Renewal => "Renewal of seats, twelve months in advance",
        InvoiceKind.SeatChange => "Change of seats for the rest of the term",
        InvoiceKind.UsageMonth => "Usage",
        InvoiceKind.CreditPurchase => "Prepaid credits",
        _ => invoice.Reason ?? "",
    };

    public static string State(InvoiceState state) => state switch
    {
        InvoiceState.Draft => "Draft", InvoiceState.Issued => "Open", InvoiceState.Overdue => "Overdue", InvoiceState.Paid => "Paid", _ => "Cancelled",
    };

    public static IReadOnlyList<(string Name, string Value)> Facts(Invoice invoice)
    {
        var facts = new List<(string Name, string Value)>();
        if (invoice.IssuedOn is { } issued) facts.Add(("Issued", Dates.Text(issued)));
        if (invoice.DueOn is { } due && invoice.Kind != InvoiceKind.CreditNote) facts.Add(("Due", Dates.Text(due)));
        if (invoice.PaidAt is { } paid) facts.Add(("Paid", paid.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)));
        if (invoice.Credited > 0) facts.Add(("Credited", Amount(invoice.Credited, invoice.Total.Currency)));
        return facts;
    }

    public static string What(ChargeLine line) => line.Kind switch
    {
        LineKind.Seats => $"Seats {line.Tier}".TrimEnd(),
        LineKind.Add => $"Additional seats {line.Tier}",
        LineKind.Upgrade => $"Upgrade from {line.From} to {line.Tier}",
        LineKind.Surcharge => $"Surcharge for seats {line.Tier}",
        LineKind.Tax => line.Note ?? "Tax",
        LineKind.Conversion => line.From is null ? $"Conversion to {line.Tier}" : $"Conversion from {line.From} to {line.Tier}",
        LineKind.Credits => "Prepaid credits",
        LineKind.Usage => $"Usage of {line.Usage?.Model}",
        LineKind.LateUsage => $"Late usage of {line.Usage?.Model}",
        _ => "Credit",
    };

    /// <summary>What stands below: whose usage it was and how much, or a note.</summary>
    public static string? Detail(ChargeLine line) => line.Usage is not { } usage ? line.Note
        : string.Create(CultureInfo.InvariantCulture, $"{usage.MemberName ?? usage.Member.ToString()}: {usage.Input:N0} input, {usage.Output:N0} output, {usage.CacheWrite:N0} cache write, {usage.CacheRead:N0} cache read tokens");

    /// <summary>Heads of the columns between what is billed and the amount; empty where nothing of the invoice is about seats.</summary>
    public static IReadOnlyList<string> Columns(Invoice invoice) => invoice.Lines.Any(line => line.IsOfSeats) ? ["Seats", "Per month", "Months"] : ["", "", ""];

    /// <summary>
    /// Of an invoice with more lines than are printed: the sum of those above, and the others as one, by name of the list that has them and
    /// belongs to the invoice. With them, what is printed adds up to the total.
    /// </summary>
    public static IReadOnlyList<(string Text, string? Detail, long Amount)> Sums(Invoice invoice)
    {
        if (invoice.LineCount <= invoice.Lines.Count) return [];
        var shown = Pricing.Total(invoice.Lines);
        return
        [
            ($"Lines 1 to {Count(invoice.Lines.Count)}, together", null, shown),
            ($"Lines {Count(invoice.Lines.Count + 1)} to {Count(invoice.LineCount)}, together",
                $"Each of the {Count(invoice.LineCount)} lines is in the list {FileName(invoice, "csv")}, which is part of this invoice.", invoice.Total.Minor - shown),
        ];
    }

    /// <summary>What a file of the invoice is called; visible ASCII.</summary>
    public static string FileName(Invoice invoice, string kind) => (invoice.Number ?? "draft") + "." + kind;

    public static string Remark(Invoice invoice) => invoice.Kind switch
    {
        InvoiceKind.CreditNote => "This credit note changes no seats.",
        InvoiceKind.CreditPurchase => "The credits can be used as soon as this invoice is paid.",
        InvoiceKind.UsageMonth => "One line per member and model. What was used is counted exactly; each line is rounded once.",
        _ => "The day of a purchase counts as a whole day. Months are service months of the contract; each line is rounded once.",
    };

    /// <summary>With the last day that is paid for.</summary>
    public static string Period(DateOnly start, DateOnly end) => $"{Dates.Text(start)} to {Dates.Text(end.AddDays(-1))}";

    public static string Count(int seats) => seats.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>With groups of three digits: 48,000.00.</summary>
    public static string Amount(long minor, Currency currency)
    {
        var text = currency.Text(Math.Abs(minor));
        var point = text.IndexOf('.', StringComparison.Ordinal);
        var whole = Int128.Parse(point < 0 ? text : text[..point], CultureInfo.InvariantCulture).ToString("N0", CultureInfo.InvariantCulture);
        return (minor < 0 ? "-" : "") + whole + (point < 0 ? "" : text[point..]);
    }
}
