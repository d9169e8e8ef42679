using System.Globalization;
using System.Text;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;

namespace Provisioning.Api.Admin;

/// <summary>Every line of an invoice as CSV (RFC 4180): the list that belongs to an invoice too long to be printed.</summary>
internal static class InvoiceCsv
{
    /// <summary>Lines read at once.</summary>
    public const int PageSize = 500;

    private static readonly string[] Columns =
    [
        "line", "kind", "what", "tier", "quantity", "unit", "months", "start", "end", "memberId", "userName", "model", "input", "output", "cacheWrite", "cacheRead",
        "cost", "amount", "currency", "note",
    ];

    /// <param name="next">The lines behind one number; fewer than <see cref="PageSize"/> are the last.</param>
    public static async Task WriteAsync(HttpResponse response, Invoice invoice, Func<int, Task<IReadOnlyList<ChargeLine>>> next, CancellationToken cancel)
    {
        response.ContentType = CsvText.ContentType;
        response.Headers.ContentDisposition = $"attachment; filename=\"{InvoiceText.FileName(invoice, "csv")}\"";
        await response.WriteAsync(CsvText.Line(Columns), cancel);
        for (var number = 0; ;)
        {
            var lines = await next(number);
            var text = new StringBuilder();
            foreach (var line in lines) text.Append(CsvText.Line(Cells(line, ++number, invoice.Total.Currency)));
            await response.WriteAsync(text.ToString(), cancel);
            if (lines.Count < PageSize) return;
        }
    }

    private static string?[] Cells(ChargeLine line, int number, Currency currency)
    {
        var form = LineForm.ToApi(line, currency);
        return
        [
            Text(number), form.Kind, InvoiceText.What(line), line.Tier, line.IsOfSeats ? Text(line.Quantity) : null, line.IsOfSeats ? form.Unit : null,
            line.IsOfSeats ? form.ExactMonths : null, form.Start, form.End, form.Usage?.MemberId, form.Usage?.UserName, form.Usage?.Model, Text(form.Usage?.Tokens.Input),
            Text(form.Usage?.Tokens.Output), Text(form.Usage?.Tokens.CacheWrite), Text(form.Usage?.Tokens.CacheRead), form.Usage?.Cost, form.Amount, currency.Code, form.Note,
        ];
    }

    private static string? Text(long? number) => number?.ToString(CultureInfo.InvariantCulture);
}
