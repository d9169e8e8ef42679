using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Contracts;

/// <summary>Reads invoices, corrects them by credit notes, and finds those overdue (domain.md section 5).</summary>
public sealed class InvoiceAdministration(
    IDatabase database, IOrganizationStore organizations, IInvoiceStore invoices, InvoiceBook book, IEnumerable<IInvoiceCredited> listeners, TimeProvider time)
{
    public Task<Invoice?> FindAsync(OrganizationId organization, InvoiceId id, CancellationToken cancel) =>
        database.ReadAsync(session => invoices.FindAsync(session, organization, id), cancel);

    public Task<Page<Invoice>> ListAsync(OrganizationId organization, InvoiceQuery query, CancellationToken cancel) =>
        database.ReadAsync(session => invoices.ListAsync(session, organization, query), cancel);

    /// <summary>Lines of an invoice behind the one with this number.</summary>
    public Task<IReadOnlyList<ChargeLine>> LinesAsync(InvoiceId id, int after, int limit, CancellationToken cancel) =>
        database.ReadAsync(session => invoices.LinesAsync(session, id, after, limit), cancel);

    /// <summary>
    /// A credit note over the whole rest of an invoice, or part of it; it has a number of its own, and the invoice keeps its own
    /// (rule BILL-7). Seats stay as they are (rule SEAT-6); prepaid credits go back with their money. An unpaid invoice that is wholly credited is void.
    /// </summary>
    /// <param name="amount">Minor units; null is all that is not credited yet.</param>
    public Task<Outcome<Invoice>> CreditAsync(
        Organization organization, Actor actor, InvoiceId id, long? amount, string reason, Idempotency? idempotency, CancellationToken cancel)
    {
        var note = Ids.New<InvoiceId>(time);
        return database.WriteAsync(new WriteUnit<Invoice>(
            idempotency?.Id ?? Ids.New<UnitId>(time), "invoice.credit", actor, Instants.Now(time), async scope =>
        {
            if (await invoices.FindAsync(scope.Session, organization.Id, id) is not { } invoice) return NoSuchInvoice(id);
            if (invoice.State == InvoiceState.Draft || invoice.Kind == InvoiceKind.CreditNote)
                return new Conflict("invoice_not_creditable", "Only an issued invoice can be credited; a draft is dropped instead.");
            var rest = invoice.Total.Minor - invoice.Credited;
            var taken = amount ?? rest;
            if (taken > rest || taken == 0)
                return new Conflict("invoice_not_creditable", $"Of invoice {invoice.Number} {invoice.Total.Currency.Text(rest)} is left to be credited.");
            var credited = invoice with { Credited = invoice.Credited + taken };
            if (credited.Credited == credited.Total.Minor && invoice.State != InvoiceState.Paid) credited = credited with { State = InvoiceState.Void };
            await invoices.UpdateAsync(scope.Session, credited);
            foreach (var listener in listeners)
                if (await listener.CreditedAsync(scope, invoice, taken, reason) is { } error) return error;
            var line = new ChargeLine(
                LineKind.Credit, null, null, 1, -taken, new MonthFraction(1, 1), invoice.Start, invoice.End, -taken, $"Credit for {invoice.Number}");
            scope.Record(organization.Id, "invoice.credited", invoice.Subject, invoice.Describe(), credited.Describe(), reason);
            return await book.DraftAndIssueAsync(scope, organization, new NewInvoice(
                note, InvoiceKind.CreditNote, invoice.Contract, invoice.Total.Currency, invoice.Start, invoice.End, [line]) { Credits = id, Reason = reason });
        }) { Organization = organization.Id, RequestHash = idempotency?.RequestHash, Remember = Remember, Recall = Recall(organization.Id) }, cancel);
    }

    /// <summary>A round of the job: issued invoices whose due date is over (rule TIME-3).</summary>
    public async Task MarkOverdueAsync(JobRound round, CancellationToken cancel) =>
        await round.EachAsync(
            await database.ReadAsync(session => invoices.OverdueAsync(session, Instants.Now(time), 100), cancel),
            (due, turn) => MarkOverdueAsync(due.Organization, due.Invoice, turn, cancel));

    private Task<Outcome<Done>> MarkOverdueAsync(OrganizationId organization, InvoiceId id, JobTurn turn, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<Done>(Ids.New<UnitId>(time), "invoice.overdue", turn.Actor, Instants.Now(time), async scope =>
        {
            if (await invoices.FindAsync(scope.Session, organization, id) is not { State: InvoiceState.Issued } invoice) return default(Done);
            var overdue = invoice with { State = InvoiceState.Overdue };
            await invoices.UpdateAsync(scope.Session, overdue);
            scope.Record(organization, "invoice.overdue", invoice.Subject, invoice.Describe(), overdue.Describe());
            return default(Done);
        }) { Organization = organization, Lease = turn.Lease }, cancel);

    /// <summary>The organisation an invoice was made for, as a payment service names the invoice only.</summary>
    public async Task<Organization?> OwnerAsync(InvoiceId id, CancellationToken cancel) => await database.ReadAsync(async session =>
        await invoices.OwnerAsync(session, id) is { } owner ? await organizations.FindAsync(session, owner.ToString()) : null, cancel);

    /// <summary>A receipt keeps the id: an invoice is not stored twice.</summary>
    internal static string Remember(Invoice invoice) => invoice.Id.ToString();

    internal Func<ISession, string, Task<Outcome<Invoice>>> Recall(OrganizationId organization) => async (session, kept) =>
        Ids.TryParse<InvoiceId>(kept, out var id) && await invoices.FindAsync(session, organization, id) is { } invoice
            ? invoice : new NotFound("The invoice is not there any more.");

    internal static NotFound NoSuchInvoice(InvoiceId id) => new($"There is no invoice {id}.");
}
