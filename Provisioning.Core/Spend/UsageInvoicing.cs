using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Spend;

/// <summary>How long after the month the draft is issued (rule USE-3).</summary>
public sealed record UsageBilling(TimeSpan Grace);

/// <summary>
/// Bills usage in arrears (rules USE-3, USE-7): a draft when the month is over, issued after the grace; usage that comes later goes on a
/// later invoice. Lines are written some hundred at a time, so an organisation of any size is billed; each step is a unit that finds where
/// the one before it ended (rule TIME-3).
/// </summary>
public sealed class UsageInvoicing(
    IDatabase database, IUsageBillStore bills, IInvoiceStore invoices, IContractStore contracts, IOrganizationStore organizations, InvoiceBook book,
    UsageBilling billing, TimeProvider time)
{
    private const int LinesAtOnce = 500, PeriodsAtOnce = 100;

    /// <summary>A round of the job: everything due now.</summary>
    public async Task RunAsync(JobRound round, CancellationToken cancel) =>
        await round.EachAsync(await database.ReadAsync(session => bills.DueAsync(session, Instants.Now(time), PeriodsAtOnce), cancel), async (due, first) =>
        {
            for (var turn = first; turn is not null; turn = await round.MineAsync())
                if (!(await StepAsync(due.Organization, due.Period, turn.Actor, turn.Lease, cancel)).Try(out var again, out _) || !again) break;
        });

    /// <summary>One step of a month; true while the next one can follow at once.</summary>
    public Task<Outcome<bool>> StepAsync(OrganizationId id, UsagePeriod period, Actor actor, Lease? lease, CancellationToken cancel)
    {
        var invoice = Ids.New<InvoiceId>(time);
        return database.WriteAsync(new WriteUnit<bool>(Ids.New<UnitId>(time), "usage.bill", actor, Instants.Now(time), async scope =>
        {
            if (await bills.LockAsync(scope.Session, id, period) is not { DueAt: { } due } bill || due > scope.Now) return false;
            var organization = (await organizations.FindAsync(scope.Session, id.ToString()))!;
            var contract = await contracts.FindLatestAsync(scope.Session, id);
            if (bill.State == UsagePeriodState.Open && !BillsUsage(contract)) return await EndAsync(scope, bill);
            return bill.State switch
            {
                UsagePeriodState.Open => await WriteAsync(scope, organization, contract!, await BeginAsync(scope, bill, UsagePeriodState.Drafting), invoice),
                UsagePeriodState.Draft when bill.EndsAt + billing.Grace <= scope.Now =>
                    await WriteAsync(scope, organization, contract!, await BeginAsync(scope, bill, UsagePeriodState.Closing), invoice),
                UsagePeriodState.Draft when bill.Posted != bill.Billed =>
                    await WriteAsync(scope, organization, contract!, await BeginAsync(scope, bill, UsagePeriodState.Drafting), invoice),
                UsagePeriodState.Draft => await SaveAsync(scope, bill with { DueAt = bill.EndsAt + billing.Grace }),
                _ => await WriteAsync(scope, organization, contract!, bill, invoice),
            };
        }) { Organization = id, Lease = lease }, cancel);
    }

    /// <summary>Prepaid usage is paid for with credits; what goes beyond an included limit is always billed in arrears (rule USE-14).</summary>
    private static bool BillsUsage(Contract? contract) =>
        contract is not null && (contract.Conditions.Funding == Funding.Arrears || contract.Conditions.PlanModel == PlanModel.SeatIncluded);

    /// <summary>From the first line on; what was written before is dropped.</summary>
    private async Task<UsageBill> BeginAsync(UnitScope scope, UsageBill bill, UsagePeriodState to)
    {
        if (bill.Invoice is { } draft) await invoices.ClearLinesAsync(scope.Session, draft);
        return bill with { State = to, Billed = bill.Posted, LineKey = null };
    }

    /// <summary>The next lines; after the last one the draft is complete, or is issued.</summary>
    private async Task<bool> WriteAsync(UnitScope scope, Organization organization, Contract contract, UsageBill bill, InvoiceId invoice)
    {
        var currency = contract.Conditions.Currency;
        var lines = await bills.LinesAsync(scope.Session, organization.Id, bill.Period, bill.LineKey, LinesAtOnce);
        if (lines.Count > 0)
        {
            if (bill.Invoice is null) bill = await DraftAsync(scope, organization, contract, bill, invoice);
            await invoices.AppendLinesAsync(scope.Session, bill.Invoice!.Value, [.. lines.Select(line => ToLine(line, bill.Period, currency))]);
            bill = bill with { LineKey = lines[^1].Key };
        }
        if (lines.Count == LinesAtOnce) return await SaveAsync(scope, bill with { DueAt = scope.Now });
        if (bill.State == UsagePeriodState.Closing) return await CloseAsync(scope, organization, contract, bill);
        return await SaveAsync(scope, bill with
        {
            State = UsagePeriodState.Draft, DueAt = bill.Posted == bill.Billed ? bill.EndsAt + billing.Grace : scope.Now,
        });
    }

    private async Task<UsageBill> DraftAsync(UnitScope scope, Organization organization, Contract contract, UsageBill bill, InvoiceId invoice)
    {
        var draft = await book.DraftAsync(scope, organization, new NewInvoice(
            invoice, InvoiceKind.UsageMonth, contract.Id, contract.Conditions.Currency, bill.Period.FirstDay, bill.Period.Next.FirstDay, []));
        scope.Note(organization.Id, "invoice.drafted", draft.Subject, new JsonObject { ["kind"] = Words.Text(draft.Kind), ["period"] = bill.Period.Text });
        return bill with { Invoice = invoice };
    }

    /// <summary>Issues the draft, last because of its number; one without lines is dropped.</summary>
    private async Task<bool> CloseAsync(UnitScope scope, Organization organization, Contract contract, UsageBill bill)
    {
        if (bill.LineKey is null)
        {
            await EndAsync(scope, bill with { Invoice = null });
            if (bill.Invoice is { } empty) await invoices.DeleteDraftAsync(scope.Session, organization.Id, empty);
            return false;
        }
        await EndAsync(scope, bill);
        await TaxAsync(scope, organization, bill.Invoice!.Value);
        var issued = await book.IssueAsync(scope, (await invoices.FindAsync(scope.Session, organization.Id, bill.Invoice.Value))!);
        if (contract.Conditions.Collection == PaymentMethod.Card && issued.State == InvoiceState.Issued)
            scope.Record(organization.Id, "payment.requested", issued.Subject, null, issued.Describe());
        return false;
    }

    /// <summary>The tax on the month as a whole, whatever the number of lines (rule BILL-6).</summary>
    private async Task TaxAsync(UnitScope scope, Organization organization, InvoiceId id)
    {
        var draft = (await invoices.FindAsync(scope.Session, organization.Id, id))!;
        var whole = new ChargeLine(
            LineKind.Usage, null, null, 1, draft.Total.Minor, new MonthFraction(1, 1), draft.Start, draft.End, draft.Total.Minor);
        var taxes = book.WithTax(organization, draft.Total.Currency, [whole]).Skip(1).ToList();
        if (taxes.Count > 0) await invoices.AppendLinesAsync(scope.Session, id, taxes);
    }

    private Task<bool> EndAsync(UnitScope scope, UsageBill bill) => SaveAsync(scope, bill with { State = UsagePeriodState.Closed, DueAt = null });

    private async Task<bool> SaveAsync(UnitScope scope, UsageBill bill)
    {
        await bills.SaveAsync(scope.Session, bill);
        return bill.DueAt <= scope.Now;
    }

    /// <summary>Rounded here and nowhere else (rule PRICE-2).</summary>
    private static ChargeLine ToLine(BilledUsage usage, UsagePeriod billed, Currency currency)
    {
        var amount = usage.Cost.ToMinor(currency);
        var late = usage.Period != billed;
        return new ChargeLine(
            late ? LineKind.LateUsage : LineKind.Usage, null, null, 1, amount, new MonthFraction(1, 1), usage.Period.FirstDay, usage.Period.Next.FirstDay, amount,
            late ? $"Late usage of {usage.Period}" : null)
        {
            Usage = new LineUsage(
                usage.Member, null, usage.Model, usage.Tokens.Input, usage.Tokens.Output, usage.Tokens.CacheWrite, usage.Tokens.CacheRead, usage.Cost.Units),
        };
    }
}

/// <summary>The row of a month while it is locked.</summary>
/// <param name="Posted">How often usage was posted after the month.</param>
/// <param name="Billed">How often that was when the lines were begun.</param>
/// <param name="LineKey">Of the last line written; null: none.</param>
public sealed record UsageBill(
    OrganizationId Organization, UsagePeriod Period, DateTimeOffset EndsAt, DateTimeOffset? DueAt, UsagePeriodState State, InvoiceId? Invoice, long Posted,
    long Billed, byte[]? LineKey);

/// <summary>What one member used of one model, as it is billed.</summary>
/// <param name="Key">The place of the line among those of the month.</param>
/// <param name="Period">The month it belongs to: another than the billed one for late usage.</param>
public sealed record BilledUsage(byte[] Key, UsagePeriod Period, MemberId Member, string Model, TokenCounts Tokens, UsageCost Cost);

/// <summary>Months and what is to be billed for them.</summary>
public interface IUsageBillStore
{
    /// <summary>The longest due first.</summary>
    Task<IReadOnlyList<(OrganizationId Organization, UsagePeriod Period)>> DueAsync(ISession session, DateTimeOffset now, int limit);

    /// <summary>The row, locked until the commit: nobody posts usage to the month meanwhile.</summary>
    Task<UsageBill?> LockAsync(ISession session, OrganizationId organization, UsagePeriod period);

    Task SaveAsync(ISession session, UsageBill bill);

    /// <summary>
    /// Usage of the month by member and model, without what stands on a later invoice; then late usage that stands on this one. Nothing that
    /// costs nothing.
    /// </summary>
    /// <param name="after">The key of the last line before; null for the first.</param>
    Task<IReadOnlyList<BilledUsage>> LinesAsync(ISession session, OrganizationId organization, UsagePeriod period, byte[]? after, int limit);
}
