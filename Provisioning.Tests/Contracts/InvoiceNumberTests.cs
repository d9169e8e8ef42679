using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Organizations;
using Provisioning.Tests.Core;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Contracts;

/// <summary>Numbers without gap or duplicate, whatever fails, and purchases that happen once (rules BILL-7, BILL-8, invariant I-7).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class InvoiceNumberTests(string engine)
{
    private FaultyDialect dialect = null!;
    private CoreStack stack = null!;
    private ContractDesk desk = null!;

    [SetUp]
    public async Task StartAsync()
    {
        stack = await CoreStack.StartOnAsync(engine, inner => dialect = new FaultyDialect(inner));
        desk = new ContractDesk(stack);
    }

    [TearDown]
    public async Task StopAsync()
    {
        if (stack is null) return; // ignored: no such engine here
        dialect.AtCommit = () => CommitFault.None;
        dialect.AtStatement = _ => null;
        try
        {
            await desk.CheckInvoicesAsync();
            await Books.CheckAsync(stack);
        }
        finally
        {
            await stack.DisposeAsync();
        }
    }

    [Test]
    public async Task BILL_7_32_organisations_that_buy_at_once_under_failures_get_32_numbers([Values(51, 52)] int seed)
    {
        await TestContext.Out.WriteLineAsync($"seed {seed}");
        var customers = new List<(Organization Organization, SeatQuote Quote)>();
        for (var i = 0; i < 32; i++)
        {
            var organization = await desk.OrganizationAsync();
            ContractDesk.Ok(await desk.SignAsync(organization, ContractDesk.New("2026-01-01", 20)));
            customers.Add((organization, ContractDesk.Ok(await desk.QuoteAsync(organization, ContractDesk.Add(ContractDesk.Standard, 5)))));
        }
        Fail(seed);
        var keys = customers.ConvertAll(_ => ContractDesk.Key());
        var confirmed = await Task.WhenAll(customers.Select((customer, i) => desk.ConfirmAsync(customer.Organization, customer.Quote, keys[i])));
        var again = await Task.WhenAll(customers.Select((customer, i) => desk.ConfirmAsync(customer.Organization, customer.Quote, keys[i])));
        Assert.That(confirmed.Select(ContractDesk.Code), Is.All.EqualTo("accepted"));
        Assert.That(again.Select(outcome => outcome.Value.Number), Is.EqualTo(confirmed.Select(outcome => outcome.Value.Number)), "a replay answers the same");
        Assert.That(confirmed.Select(outcome => outcome.Value.Number).Distinct().Count(), Is.EqualTo(32));
        foreach (var (organization, _) in customers)
        {
            Assert.That(await desk.PurchasedAsync(organization), Is.EqualTo((25, 0)));
            Assert.That((await desk.InvoicesAsync(organization)).Count, Is.EqualTo(2));
        }
        Assert.That(await Books.CountAsync(stack, "SELECT last_number FROM invoice_counters"), Is.EqualTo(64));
    }

    [Test]
    public async Task I_7_of_32_confirmations_of_one_quote_under_failures_one_buys([Values(61, 62)] int seed)
    {
        await TestContext.Out.WriteLineAsync($"seed {seed}");
        var organization = await desk.OrganizationAsync();
        ContractDesk.Ok(await desk.SignAsync(organization, ContractDesk.New("2026-01-01", 20)));
        var quote = ContractDesk.Ok(await desk.QuoteAsync(organization, ContractDesk.Add(ContractDesk.Standard, 5)));
        Fail(seed);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => desk.ConfirmAsync(organization, quote)));
        Assert.That(outcomes.Select(ContractDesk.Code).Order(StringComparer.Ordinal),
            Is.EqualTo(new[] { "accepted" }.Concat(Enumerable.Repeat("quote_already_confirmed", 31))));
        Assert.That(await desk.PurchasedAsync(organization), Is.EqualTo((25, 0)));
        Assert.That((await stack.AuditAsync(organization)).Count(action => action == "quote.confirmed"), Is.EqualTo(1));
    }

    [Test]
    public async Task BILL_8_a_purchase_that_fails_leaves_no_number_no_seat_and_no_event()
    {
        var organization = await desk.OrganizationAsync();
        ContractDesk.Ok(await desk.SignAsync(organization, ContractDesk.New("2026-01-01", 20)));
        var quote = ContractDesk.Ok(await desk.QuoteAsync(organization, ContractDesk.Add(ContractDesk.Standard, 5)));
        var audit = await stack.AuditAsync(organization);
        // A bug in the middle of the unit, after the number was taken.
        dialect.AtStatement = sql => sql.StartsWith("UPDATE invoices SET state = 'issued'", StringComparison.Ordinal) ? new InvalidOperationException("broken") : null;
        Assert.That(async () => await desk.ConfirmAsync(organization, quote), Throws.InvalidOperationException);
        dialect.AtStatement = _ => null;
        Assert.That(await stack.AuditAsync(organization), Is.EqualTo(audit));
        Assert.That(await desk.PurchasedAsync(organization), Is.EqualTo((20, 0)));
        var confirmed = ContractDesk.Ok(await desk.ConfirmAsync(organization, quote));
        Assert.That(confirmed.Number, Is.EqualTo("INV-2026-000002"));
    }

    [Test]
    public async Task REN_1_renewals_under_failures_happen_once_each([Values(71)] int seed)
    {
        await TestContext.Out.WriteLineAsync($"seed {seed}");
        var organizations = new List<Organization>();
        for (var i = 0; i < 12; i++)
        {
            organizations.Add(await desk.OrganizationAsync());
            ContractDesk.Ok(await desk.SignAsync(organizations[i], ContractDesk.New("2026-01-01", 20)));
        }
        desk.At("2027-01-01T00:00:00Z");
        Fail(seed);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => desk.RunJobAsync()));
        foreach (var organization in organizations)
        {
            Assert.That((await desk.InvoicesAsync(organization)).Count, Is.EqualTo(2));
            Assert.That((await stack.AuditAsync(organization)).Count(action => action == "term.renewed"), Is.EqualTo(1));
        }
    }

    private void Fail(int seed)
    {
        var random = new Random(seed);
        var gate = new Lock();
        dialect.AtCommit = () => Next(12) switch { 0 => CommitFault.Before, 1 => CommitFault.Unknown, _ => CommitFault.None };
        dialect.AtStatement = _ => Next(1500) switch { 0 => new ConnectionLostException(), 1 => new DeadlockException(), _ => null };

        int Next(int below)
        {
            lock (gate) return random.Next(below);
        }
    }
}
