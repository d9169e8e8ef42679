using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Provisioning.Core.Contracts;

namespace Provisioning.Api.Admin;

/// <summary>An invoice as a page to be read and printed: no script, nothing loaded, every value encoded.</summary>
public static class InvoicePage
{
    private const string Style =
        """
        :root { color-scheme: light; --ink: #1b1f24; --quiet: #57606a; --line: #d0d7de; }
        * { box-sizing: border-box; }
        body { margin: 0; background: #f4f5f7; color: var(--ink); font: 14px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
        main { max-width: 52rem; margin: 2rem auto; padding: 3rem; background: #fff; border: 1px solid var(--line); border-radius: .5rem; }
        header { display: flex; justify-content: space-between; gap: 2rem; margin-bottom: 2.5rem; }
        h1 { margin: 0 0 .25rem; font-size: 1.75rem; line-height: 1.2; }
        h2 { margin: 0 0 .25rem; font-size: .8rem; font-weight: 600; color: var(--quiet); }
        p { margin: 0; white-space: pre-line; }
        .parties { display: grid; grid-template-columns: 1fr 1fr auto; gap: 2rem; margin-bottom: 2.5rem; }
        dl { display: grid; grid-template-columns: auto auto; align-content: start; gap: .15rem 1rem; margin: 0; }
        dt { color: var(--quiet); }
        dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; }
        table { width: 100%; border-collapse: collapse; }
        th, td { padding: .6rem .5rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
        th { font-size: .8rem; font-weight: 600; color: var(--quiet); }
        .number { text-align: right; font-variant-numeric: tabular-nums; }
        .small { color: var(--quiet); font-size: .85rem; }
        tfoot td { border-bottom: 0; font-size: 1.1rem; font-weight: 700; }
        .state { display: inline-block; padding: .1rem .6rem; border: 1px solid currentColor; border-radius: 1rem; font-weight: 600; }
        .paid { color: #1a7f37; } .overdue { color: #b42318; } .draft, .void { color: var(--quiet); }
        footer { margin-top: 2rem; color: var(--quiet); font-size: .85rem; }
        @media (max-width: 40rem) { main { margin: 0; padding: 1.25rem; border: 0; border-radius: 0; } header, .parties { display: block; } header > *, .parties > * { margin-bottom: 1rem; } }
        @media print { body { background: #fff; font-size: 11pt; } main { margin: 0; padding: 0; border: 0; max-width: none; } tr { break-inside: avoid; } }
        @page { margin: 20mm; }
        """;

    /// <summary>Only the style of this page, recognised by its digest.</summary>
    public static readonly string SecurityPolicy =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static string Html(Invoice invoice)
    {
        var title = InvoiceText.Title(invoice);
        return $"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="robots" content="noindex">
            <title>{Text(title)}</title>
            <style>{Style}</style>
            </head>
            <body>
            <main>
            <header>
            <div><h1>{Text(title)}</h1><p>{Text(InvoiceText.Subject(invoice))}</p></div>
            <div><span class="state {Text(invoice.State.ToString().ToLowerInvariant())}">{Text(InvoiceText.State(invoice.State))}</span></div>
            </header>
            <section class="parties">
            <div><h2>From</h2><p>{Text(invoice.Seller)}</p></div>
            <div><h2>To</h2><p>{Text(invoice.Buyer)}</p></div>
            <dl>{string.Concat(InvoiceText.Facts(invoice).Select(fact => $"<dt>{Text(fact.Name)}</dt><dd>{Text(fact.Value)}</dd>"))}</dl>
            </section>
            <table>
            <thead><tr><th scope="col">What</th>{string.Concat(InvoiceText.Columns(invoice).Select(name => $"<th scope=\"col\" class=\"number\">{Text(name)}</th>"))}<th scope="col" class="number">Amount</th></tr></thead>
            <tbody>
            {string.Concat(invoice.Lines.Select(line => Row(line, invoice.Total.Currency)))}{string.Concat(InvoiceText.Sums(invoice).Select(sum => Sum(sum.Text, sum.Detail, InvoiceText.Amount(sum.Amount, invoice.Total.Currency))))}</tbody>
            <tfoot><tr><td colspan="4">Total in {Text(invoice.Total.Currency.Code)}</td><td class="number">{Text(InvoiceText.Amount(invoice.Total.Minor, invoice.Total.Currency))}</td></tr></tfoot>
            </table>
            <footer><p>{Text(InvoiceText.Remark(invoice))}</p></footer>
            </main>
            </body>
            </html>

            """;
    }

    private static string Row(ChargeLine line, Currency currency)
    {
        var counted = line.IsOfSeats;
        var note = InvoiceText.Detail(line) is { } detail ? $"<br><span class=\"small\">{Text(detail)}</span>" : "";
        return $"""
            <tr><td>{Text(InvoiceText.What(line))}<br><span class="small">{Text(InvoiceText.Period(line.Start, line.End))}</span>{note}</td><td class="number">{(counted ? Text(InvoiceText.Count(line.Quantity)) : "")}</td><td class="number">{(counted ? Text(InvoiceText.Amount(line.Unit, currency)) : "")}</td><td class="number">{(counted ? Text(line.Months.Exact()) : "")}</td><td class="number">{Text(InvoiceText.Amount(line.Amount, currency))}</td></tr>

            """;
    }

    private static string Sum(string text, string? detail, string amount) =>
        $"""
        <tr class="sum"><td colspan="4"><strong>{Text(text)}</strong>{(detail is null ? "" : $"<br><span class=\"small\">{Text(detail)}</span>")}</td><td class="number"><strong>{Text(amount)}</strong></td></tr>

        """;

    private static string Text(string text) => HtmlEncoder.Default.Encode(text);
}
