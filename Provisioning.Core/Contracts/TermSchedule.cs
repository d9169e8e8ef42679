using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Contracts;

/// <summary>
/// What time does to contracts: terms start, are renewed or expire, and owners are reminded before (rules REN-1, NOTI-5). One unit each,
/// idempotent per contract and term: whoever finds the term in another state has nothing to do.
/// </summary>
public sealed class TermSchedule(
    IDatabase database, IContractStore contracts, IOrganizationStore organizations, SeatPurchases purchases, TermOpening opening, TimeProvider time)
{
    private const int Batch = 100;

    /// <summary>A round of the job: everything due now (rule TIME-3).</summary>
    public async Task RunAsync(JobRound round, CancellationToken cancel)
    {
        if (!await round.EachAsync(
            await database.ReadAsync(session => contracts.DueTermsAsync(session, Instants.Now(time), Batch), cancel),
            (term, turn) => AdvanceAsync(term, turn.Actor, turn.Lease, cancel))) return;
        await round.EachAsync(
            await database.ReadAsync(session => contracts.DueRemindersAsync(session, Instants.Now(time), Batch), cancel),
            (due, turn) => RemindAsync(due.Term, due.RemindAt, turn.Actor, turn.Lease, cancel));
    }

    /// <summary>Opens a scheduled term, or renews or expires the contract of one that is over.</summary>
    public Task<Outcome<Done>> AdvanceAsync(ContractTerm due, Actor actor, Lease? lease, CancellationToken cancel)
    {
        var invoice = Ids.New<InvoiceId>(time);
        return database.WriteAsync(new WriteUnit<Done>(Ids.New<UnitId>(time), "term.advance", actor, Instants.Now(time), async scope =>
        {
            var pools = await purchases.LockAsync(scope, due.Organization);
            var contract = await contracts.LockActiveAsync(scope.Session, due.Organization);
            var term = await contracts.FindTermAsync(scope.Session, due.Contract, due.No);
            var organization = await organizations.FindAsync(scope.Session, due.Organization.ToString());
            if (contract is null || contract.Id != due.Contract || term is null || organization is null) return default(Done);
            if (term.State == TermState.Scheduled && term.StartsAt <= scope.Now)
            {
                var quantities = term.Opening.ToDictionary(
                    pair => pair.Key, pair => Math.Max(pair.Value, pools.Where(pool => pool.Tier == pair.Key).Select(RenewalRules.InUse).SingleOrDefault()));
                return (await opening.OpenAsync(scope, organization, contract, term, pools, TermOpening.Tiers(pools, quantities), invoice)).Select(_ => default(Done));
            }
            if (term.State != TermState.Active || term.EndsAt > scope.Now) return default(Done);
            if (contract.Renews) return (await opening.RenewAsync(scope, organization, contract, term, pools, invoice)).Select(_ => default(Done));
            await opening.ExpireAsync(scope, organization, contract, term);
            return default(Done);
        }) { Organization = due.Organization, Lease = lease }, cancel);
    }

    private Task<Outcome<Done>> RemindAsync(ContractTerm term, DateTimeOffset at, Actor actor, Lease? lease, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<Done>(Ids.New<UnitId>(time), "term.remind", actor, Instants.Now(time), async scope =>
        {
            var organization = await organizations.FindAsync(scope.Session, term.Organization.ToString());
            var contract = await contracts.FindActiveAsync(scope.Session, term.Organization);
            if (organization is null || contract is null || contract.Id != term.Contract) return default(Done);
            if (!await contracts.MoveReminderAsync(scope.Session, term, at, TermOpening.NextReminder(term, organization, scope.Now))) return default(Done);
            var today = BillingZone.DateOf(scope.Now, BillingZone.Of(organization.BillingZone));
            scope.Record(organization.Id, "term.ending", TermOpening.Subject(contract), null, new JsonObject
            {
                ["days"] = term.End.DayNumber - today.DayNumber, ["end"] = Dates.Text(term.End), ["renews"] = contract.Renews, ["term"] = term.No,
            });
            return default(Done);
        }) { Organization = term.Organization, Lease = lease }, cancel);
}
