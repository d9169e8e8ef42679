using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Journal;
using Provisioning.Tests.Core;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>Two nodes on one PostgreSQL meet the end of a term together: each contract is renewed exactly once (REN-1, TIME-3).</summary>
public sealed class RenewalNodesTests
{
    private const int Contracts = 6;

    private readonly AdjustableTime time = new();
    private TestService? one;
    private TestService two = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        one = await TestService.StartWithAsync(
            TestDatabase.PostgreSql, builder => builder.Services.AddSingleton<TimeProvider>(time), settings: "Jobs:LeaseSeconds=1");
        two = await one.AnotherAsync(builder => builder.Services.AddSingleton<TimeProvider>(time));
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (one is null) return;
        await two.DisposeAsync();
        await one.DisposeAsync();
    }

    [Test]
    public async Task REN_1_two_nodes_renew_each_contract_exactly_once()
    {
        var organizations = new List<TestOrganization>();
        for (var i = 0; i < Contracts; i++)
        {
            var org = await one!.OrganizationAsync(standard: 0, premium: 0);
            (await org.Operator.Post("/contract", new
            {
                currency = "USD", start = "2026-03-01", minimumSeats = 0,
                tiers = new object[] { new { tier = "standard", price = "40.00", quantity = 5 }, new { tier = "premium", price = "100.00", quantity = 0 } },
            })).Expect(201);
            await org.PushAsync("ada");
            await org.PushAsync("bob");
            organizations.Add(org);
        }
        var due = await DueAsync();
        time.Advance(new DateTimeOffset(2027, 3, 1, 0, 0, 1, TimeSpan.Zero) - time.GetUtcNow());
        due = await DueAsync();
        // Beside the jobs of both nodes, which are at it too: both advance every term at the same moment, under no lease at all.
        var actor = new Actor(ActorKind.Job, "race", Channel.Job, "race");
        var outcomes = await Task.WhenAll(due.SelectMany(term => new[] { one!, two, one!, two }.Select(node =>
            Task.Run(() => node.Services.GetRequiredService<TermSchedule>().AdvanceAsync(term, actor, null, default)))));
        Assert.That(outcomes.Select(outcome => outcome.Error), Is.All.Null);
        for (var round = 0; (await DueAsync()).Count > 0; round++)
        {
            Assert.That(round, Is.LessThan(100), "terms are still due");
            time.Advance(TimeSpan.FromSeconds(5));
            await Task.Delay(100);
        }
        foreach (var org in organizations)
        {
            Assert.That((await org.Owner.Get("/contract/terms")).Expect(200).Items("terms").Select(term => TestOrganization.Text(term, "state")),
                Is.EqualTo((string[])["active", "closed"]));
            var renewals = (await org.Owner.Get("/invoices?kind=renewal")).Expect(200).Items("invoices");
            Assert.That(renewals.Select(invoice => TestOrganization.Text(invoice["total"], "amount")), Is.EqualTo((string[])["960.00"]), "one invoice, for the two seats in use");
            Assert.That((await org.AuditAsync("&action=term.renewed")), Has.Count.EqualTo(1));
            Assert.That((await org.SeatsAsync())["standard"].Purchased, Is.EqualTo(2));
            await org.ExpectBooksAgreeAsync();
        }
    }

    private Task<IReadOnlyList<ContractTerm>> DueAsync() => one!.Services.GetRequiredService<IDatabase>().ReadAsync(
        session => one.Services.GetRequiredService<IContractStore>().DueTermsAsync(session, Instants.Now(time), 100), default);
}
