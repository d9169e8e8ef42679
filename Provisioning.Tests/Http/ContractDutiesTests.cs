using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;
using Provisioning.Core.Contracts;
using Provisioning.Core.Organizations;
using Provisioning.Tests.Core;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>What a contract means for the rest: the operator's seats, warnings that lead to a quote, pending invitations at a conversion, taxes.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class ContractDutiesTests(string engine)
{
    private readonly AdjustableTime time = new();
    private TestService? service;
    private TestOrganization org = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => service = await TestService.StartWithAsync(engine, builder =>
    {
        builder.Services.AddSingleton<TimeProvider>(time);
        builder.Services.AddSingleton<ITaxes>(new OneFifth());
    }, settings: "Jobs:LeaseSeconds=1");

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (service is not null) await service.DisposeAsync();
    }

    [SetUp]
    public async Task SignAsync()
    {
        org = await service!.OrganizationAsync(standard: 0, premium: 0);
        (await org.Operator.Post("/contract", new
        {
            currency = "USD", start = "2026-03-01", minimumSeats = 0, singleTier = "standard",
            tiers = new object[] { new { tier = "standard", price = "40.00", quantity = 2 }, new { tier = "premium", price = "100.00", quantity = 1 } },
        })).Expect(201);
    }

    [Test]
    public async Task SEAT_6_under_a_contract_seats_are_bought_by_a_quote_not_set_by_the_operator()
    {
        static object Tiers(int standard, params object[] more) => new
        {
            tiers = new object[] { new { tier = "standard", rank = 11, purchased = standard, features = new { beta = true } } }.Concat(more).ToArray(),
        };
        (await org.Operator.Put("/seats", Tiers(3))).ExpectProblem(409, "contract_exists");
        (await org.Operator.Put("/seats", Tiers(1))).ExpectProblem(409, "contract_exists");
        (await org.Operator.Put("/seats", Tiers(2, new { tier = "gold", rank = 30, purchased = 1 }))).ExpectProblem(409, "contract_exists");
        (await org.Operator.Put("/seats", Tiers(2, new { tier = "gold", rank = 30, purchased = 0 }))).Expect(200);
        var seats = await org.SeatsAsync();
        Assert.That((seats["standard"].Purchased, seats["standard"].Rank, seats["gold"].Purchased), Is.EqualTo((2, 11, 0)), "ranks, features and new tiers can be set");
    }

    [Test]
    public async Task NOTI_2_few_seats_and_none_carry_what_buys_another_one()
    {
        await org.PushAsync("ada");
        foreach (var action in (string[])["seats.exhausted", "seats.low"])
        {
            if (action == "seats.low") await org.PushAsync("bob");
            var told = await UntilAsync(async () => await org.AuditAsync("&action=" + action) is [var newest, ..] ? newest : null, action);
            var quote = (await org.Owner.Post("/seat-quotes", told["after"]!["purchaseHint"])).Expect(201);
            Assert.That(quote.Text("lines", 0, "tier"), Is.EqualTo(TestOrganization.Text(told["after"], "tier")));
        }
    }

    [Test]
    public async Task REN_5_a_conversion_takes_pending_invitations_along()
    {
        var invited = (await org.Owner.Post("/invitations", new { email = org.Mail("ada"), tier = "premium" })).Expect(201);
        var converted = (await org.Operator.Post("/contract/convert", null, ("If-Match", "*"))).Expect(200);
        Assert.That(converted.Text("planModel"), Is.EqualTo("usage_single_tier"));
        Assert.That((await org.Owner.Get("/invitations/" + invited.Id)).Expect(200).Text("tier"), Is.EqualTo("standard"));
        var seats = await org.SeatsAsync();
        Assert.That((seats["standard"].Purchased, seats["standard"].Held, seats["premium"].Purchased, seats["premium"].Held), Is.EqualTo((3, 1, 0, 0)));
        var link = (await org.Operator.Get("/invitations/" + invited.Id)).Expect(200).Text("acceptUrl").Split("token=")[1];
        var accepted = (await service!.Anonymous.Post("/v1/invitations/accept", new { token = link })).Expect(200);
        Assert.That((accepted.Text("seatStatus"), accepted.Text("tier")), Is.EqualTo(("assigned", "standard")));
        await org.ExpectBooksAgreeAsync();
    }

    [Test]
    public async Task BILL_6_taxes_are_lines_of_quote_and_invoice_and_an_owner_confirms_the_total_with_them()
    {
        var term = (await org.Owner.Get("/invoices?kind=term_start")).Expect(200).Items("invoices")[0];
        Assert.That(TestOrganization.Text(term["total"], "amount"), Is.EqualTo("2592.00"), "2160.00 and a fifth");
        var quote = (await org.Owner.Post("/seat-quotes", new { kind = "add", tier = "standard", quantity = 1 })).Expect(201);
        Assert.That(quote.Items("lines").Select(line => TestOrganization.Text(line, "kind") + " " + TestOrganization.Text(line, "amount")),
            Is.EqualTo((string[])["add 480.00", "tax 96.00"]));
        Assert.That(quote.Text("total", "amount"), Is.EqualTo("576.00"));
        object Total(string amount) => new { expectedTotal = new { amount, currency = "USD" } };
        (await org.Owner.Post($"/seat-quotes/{quote.Id}/confirm", Total("480.00"), ("Idempotency-Key", quote.Id + "-net"))).ExpectProblem(422, "total_mismatch");
        var bought = (await org.Owner.Post($"/seat-quotes/{quote.Id}/confirm", Total("576.00"), ("Idempotency-Key", quote.Id))).Expect(200);
        var invoice = (await org.Owner.Get("/invoices/" + bought.Text("invoice", "id"))).Expect(200);
        Assert.That(invoice.Items("lines").Select(line => TestOrganization.Text(line, "amount")), Is.EqualTo((string[])["480.00", "96.00"]));
        Assert.That((await org.Owner.Get($"/invoices/{invoice.Id}/html")).Expect(200).Body, Does.Contain("VAT 20%"));
        (await org.Owner.Get($"/invoices/{invoice.Id}/pdf")).Expect(200);
    }

    private async Task<JsonNode> UntilAsync(Func<Task<JsonNode?>> find, string what)
    {
        for (var round = 0; round < 150; round++)
        {
            if (await find() is { } found) return found;
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(100);
        }
        throw new AssertionException("Not seen: " + what);
    }

    /// <summary>A tax of a fifth, rounded once.</summary>
    private sealed class OneFifth : ITaxes
    {
        public IReadOnlyList<ChargeLine> Of(Organization organization, Currency currency, IReadOnlyList<ChargeLine> lines)
        {
            var tax = (Pricing.Total(lines) + 2) / 5;
            return [new ChargeLine(LineKind.Tax, null, null, 1, tax, new MonthFraction(1, 1), lines[0].Start, lines[0].End, tax, "VAT 20%")];
        }
    }
}
