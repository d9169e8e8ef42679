using System.Buffers.Binary;
using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;

namespace Provisioning.Api.Admin;

/// <summary>Invoices for owners; payments and credit notes for the operator (domain.md section 8).</summary>
public static class InvoiceEndpoints
{
    public static void MapInvoices(this IEndpointRouteBuilder organization)
    {
        organization.MapRest("GET", "/invoices", Access.Owner, ListAsync).WithSummary("Invoices and credit notes, newest first")
            .WithDescription("Query: state, kind, limit (1-500), cursor.").Produces<InvoicesForm>();
        organization.MapRest("GET", "/invoices/{id}", Access.Owner, GetAsync).WithSummary("An invoice with its lines").Produces<InvoiceForm>();
        organization.MapRest("GET", "/invoices/{id}/lines", Access.Owner, LinesAsync).WithSummary("The lines of an invoice, page by page")
            .WithDescription("Query: limit (1-500), cursor.").Produces<LinesForm>();
        organization.MapRest("GET", "/invoices/{id}/lines.csv", Access.Owner, CsvAsync).WithSummary("Every line of an invoice as CSV (RFC 4180)")
            .WithDescription("Belongs to an invoice that has more lines than are printed.").Produces<string>(200, CsvText.MediaType);
        organization.MapRest("GET", "/invoices/{id}/html", Access.Owner, PageAsync).WithSummary("An invoice to be printed").Produces<string>(200, "text/html");
        organization.MapRest("GET", "/invoices/{id}/pdf", Access.Owner, FileAsync).WithSummary("An invoice as a PDF file").Produces<byte[]>(200, "application/pdf");
        organization.MapRest("POST", "/invoices/{id}/payments", Access.Operator, PayAsync).WithSummary("Record that an invoice, or a quote by card, was paid")
            .WithDescription("""Body: {"reference":"bank transfer of 1 March"}. The same reference again changes nothing.""")
            .Accepts<PaymentBody>("application/json").Produces<PaymentForm>().Refuses("invoice_not_payable", "quote_expired", "from_tier_in_use");
        organization.MapRest("POST", "/invoices/{id}/credit-notes", Access.Operator, CreditAsync).WithSummary("Credit an invoice, wholly or in part; seats stay, prepaid credits go back")
            .WithDescription("""Body: {"reason":"...","amount":"100.00"?}.""")
            .Accepts<CreditBody>("application/json").Produces<InvoiceForm>(201).Refuses("invoice_not_creditable", "credits_not_available");
    }

    private static async Task<Outcome<RestReply>> ListAsync(RestRequest request)
    {
        if (!request.Limit().Try(out var limit, out var error)) return error;
        if (!Cursor.Read(request.Query("cursor"), 16).Try(out var after, out error)) return error;
        if (!request.QueryWord<InvoiceState>("state").Try(out var state, out error)) return error;
        if (!request.QueryWord<InvoiceKind>("kind").Try(out var kind, out error)) return error;
        var page = await request.Service<InvoiceAdministration>().ListAsync(request.Organization.Id, new InvoiceQuery(state, kind, after, limit), request.Cancel);
        return RestReply.Ok(new InvoicesForm([.. page.Items.Select(invoice => InvoiceForm.ToApi(invoice, withLines: false))], page.Next));
    }

    private static async Task<Outcome<RestReply>> GetAsync(RestRequest request)
    {
        if (!(await FindAsync(request)).Try(out var invoice, out var error)) return error;
        return new RestReply(200, InvoiceForm.ToApi(invoice), invoice.Version);
    }

    private static async Task<Outcome<RestReply>> LinesAsync(RestRequest request)
    {
        if (!request.Limit().Try(out var limit, out var error)) return error;
        if (!Cursor.Read(request.Query("cursor"), sizeof(int)).Try(out var after, out error)) return error;
        if (!(await FindAsync(request)).Try(out var invoice, out error)) return error;
        var from = after is null ? 0 : BinaryPrimitives.ReadInt32BigEndian(after);
        if (from < 0) return new InvalidCursor("The cursor is not one this list gave out; start again without it.");
        var lines = await request.Service<InvoiceAdministration>().LinesAsync(invoice.Id, from, limit, request.Cancel);
        var next = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(next, from + lines.Count);
        return RestReply.Ok(new LinesForm(
            [.. lines.Select(line => LineForm.ToApi(line, invoice.Total.Currency))], from + lines.Count < invoice.LineCount ? Cursor.Write(next) : null));
    }

    private static async Task<Outcome<RestReply>> CsvAsync(RestRequest request)
    {
        if (!(await FindAsync(request)).Try(out var invoice, out var error)) return error;
        var desk = request.Service<InvoiceAdministration>();
        return new RestReply(200, null, Write: response => InvoiceCsv.WriteAsync(
            response, invoice, after => desk.LinesAsync(invoice.Id, after, InvoiceCsv.PageSize, request.Cancel), request.Cancel));
    }

    private static async Task<Outcome<RestReply>> PageAsync(RestRequest request)
    {
        if (!(await FindAsync(request)).Try(out var invoice, out var error)) return error;
        return RestReply.Ok(RestContent.Html(InvoicePage.Html(invoice), InvoicePage.SecurityPolicy));
    }

    private static async Task<Outcome<RestReply>> FileAsync(RestRequest request)
    {
        if (!(await FindAsync(request)).Try(out var invoice, out var error)) return error;
        return RestReply.Ok(new RestContent("application/pdf", InvoicePdf.Bytes(invoice)) { FileName = InvoiceText.FileName(invoice, "pdf") });
    }

    private static async Task<Outcome<RestReply>> PayAsync(RestRequest request)
    {
        if (!Parse(request.Id).Try(out var id, out var error)) return error;
        if (!(await request.BodyAsync()).Try(out var body, out error)) return error;
        var reference = body.Fields.Text("reference");
        if (body.Fields.Problem is { } problem) return problem;
        var paid = await request.Service<Payments>().ReceiveAsync(
            request.Organization, request.Actor, new PaymentNotice(id, true, reference), request.Cancel, body.Idempotency);
        return paid.Select(result => RestReply.Ok(PaymentForm.ToApi(result)));
    }

    private static async Task<Outcome<RestReply>> CreditAsync(RestRequest request)
    {
        if (!(await FindAsync(request)).Try(out var invoice, out var error)) return error;
        if (!(await request.BodyAsync()).Try(out var body, out error)) return error;
        var reason = body.Fields.Text("reason");
        var amount = body.Fields.Has("amount") ? MoneyFields.Amount(body.Fields, "amount", invoice.Total.Currency, long.MaxValue) : (long?)null;
        if (amount == 0) body.Fields.Refuse("'amount' must be more than nothing.");
        if (body.Fields.Problem is { } problem) return problem;
        var credited = await request.Service<InvoiceAdministration>().CreditAsync(
            request.Organization, request.Actor, invoice.Id, amount, reason, body.Idempotency, request.Cancel);
        return credited.Select(note => new RestReply(201, InvoiceForm.ToApi(note)));
    }

    private static async Task<Outcome<Invoice>> FindAsync(RestRequest request)
    {
        if (!Parse(request.Id).Try(out var id, out var error)) return error;
        return await request.Service<InvoiceAdministration>().FindAsync(request.Organization.Id, id, request.Cancel) is { } invoice ? invoice : NoSuchInvoice();
    }

    private static Outcome<InvoiceId> Parse(string text) => Ids.TryParse<InvoiceId>(text, out var id) ? id : NoSuchInvoice();

    private static NotFound NoSuchInvoice() => new("There is no such invoice.");
}
