using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;
using Provisioning.Tests.Core;
using Provisioning.Tests.Engines;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Spend;

/// <summary>The price table and prepaid credits as the operator and owners meet them, on 1 March 2026.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class CreditHttpTests(string engine)
{
    private readonly AdjustableTime time = new();
    private TestService service = null!;
    private TestOrganization org = null!;

    private Door Platform => service.Operator.At("/v1");

    [OneTimeSetUp]
    public async Task StartAsync() =>
        service = await TestService.StartWithAsync(engine, builder => builder.Services.AddSingleton<TimeProvider>(time));

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (service is not null) await service.DisposeAsync();
    }

    [SetUp]
    public async Task OrganizationAsync() => org = await SpendCalls.PrepaidAsync(service);

    private static (string, string) Key => ("Idempotency-Key", Guid.NewGuid().ToString());

    private async Task<Answer> BuyAsync(string amount, (string, string)? key = null) =>
        (await org.Owner.Post("/credits/purchases", SpendCalls.Purchase(amount), key ?? Key)).Expect(201);

    private async Task PayAsync(Answer purchase, string reference = "transfer") =>
        (await org.Operator.Post($"/invoices/{purchase.Text("invoice", "id")}/payments", new { reference })).Expect(200);

    private async Task<string> CreditsAsync()
    {
        var credits = (await org.Owner.Get("/credits")).Expect(200);
        return $"{credits.Text("balance")} {credits.Text("level")}";
    }

    [Test]
    public async Task CRED_1_credits_become_usable_when_the_purchase_is_paid()
    {
        var bought = await BuyAsync("100.00");
        Assert.That(bought.Text("state"), Is.EqualTo("awaiting_payment"));
        Assert.That(await CreditsAsync(), Is.EqualTo("0.000000 exhausted"));
        var invoice = (await org.Owner.Get("/invoices/" + bought.Text("invoice", "id"))).Expect(200);
        Assert.That((invoice.Text("kind"), invoice.Text("state"), invoice.Text("total", "amount"), invoice.Text("lines", 0, "kind")),
            Is.EqualTo(("credit_purchase", "issued", "100.00", "credits")));
        await PayAsync(bought);
        await PayAsync(bought);
        Assert.That(await CreditsAsync(), Is.EqualTo("100.000000 funded"), "a payment told twice gives credits once");
        Assert.That((await org.Owner.Get("/credits/lots")).Expect(200).Text("lots", 0, "state"), Is.EqualTo("open"));
        Assert.That((await org.AuditAsync("&action=credits.purchased")), Has.Count.EqualTo(1));
        Assert.That((await org.Owner.Get($"/invoices/{bought.Text("invoice", "id")}/html")).Expect(200).Body, Does.Contain("Prepaid credits"));
        (await org.Owner.Get($"/invoices/{bought.Text("invoice", "id")}/pdf")).Expect(200);
    }

    [Test]
    public async Task CRED_5_one_purchase_per_Idempotency_Key_and_none_without()
    {
        var key = Key;
        var first = await BuyAsync("10.00", key);
        Assert.That((await BuyAsync("10.00", key)).Body, Is.EqualTo(first.Body));
        Assert.That((await org.Owner.Get("/credits/lots")).Expect(200).Items("lots"), Has.Count.EqualTo(1));
        (await org.Owner.Post("/credits/purchases", SpendCalls.Purchase("11.00"), key)).ExpectProblem(422, "idempotency_key_reused");
        (await org.Owner.Post("/credits/purchases", SpendCalls.Purchase("11.00"))).ExpectProblem(400, "invalid_request");
    }

    [Test]
    public async Task CRED_2_every_journal_shows_entries_that_sum_to_zero()
    {
        await PayAsync(await BuyAsync("100.00"));
        (await org.Operator.Post("/credits/adjustments", new { kind = "take_back", amount = new { amount = "30.00", currency = "USD" }, reason = "goodwill ended" })).Expect(201);
        var journals = (await org.Owner.Get("/credits/journals")).Expect(200).Items("journals");
        Assert.That(journals.Select(journal => TestOrganization.Text(journal, "kind")), Is.EqualTo((string[])["adjustment", "purchase"]));
        foreach (var journal in journals)
            Assert.That(((JsonArray)journal["entries"]!).Sum(entry => decimal.Parse(TestOrganization.Text(entry!, "amount")!, System.Globalization.CultureInfo.InvariantCulture)), Is.Zero);
        Assert.That(TestOrganization.Text(journals[0], "reason"), Is.EqualTo("goodwill ended"));
        Assert.That(await CreditsAsync(), Is.EqualTo("70.000000 funded"));
    }

    [Test]
    public async Task CRED_5_a_correction_is_a_journal_of_its_own_and_never_takes_more_than_there_is()
    {
        (await org.Operator.Post("/credits/adjustments", new { kind = "give", amount = new { amount = "5.00", currency = "USD" }, reason = "welcome" })).Expect(201);
        (await org.Operator.Post("/credits/adjustments", new { kind = "take_back", amount = new { amount = "5.01", currency = "USD" }, reason = "x" }))
            .ExpectProblem(409, "credits_not_available");
        Assert.That(await CreditsAsync(), Is.EqualTo("5.000000 funded"));
        (await org.Owner.Post("/credits/adjustments", new { kind = "give", amount = new { amount = "5.00", currency = "USD" }, reason = "self" })).ExpectProblem(403, "forbidden_role");
    }

    [Test]
    public async Task An_unpaid_invoice_that_is_credited_gives_no_credits()
    {
        var bought = await BuyAsync("50.00");
        (await org.Operator.Post($"/invoices/{bought.Text("invoice", "id")}/credit-notes", new { reason = "mistake" })).Expect(201);
        (await org.Operator.Post($"/invoices/{bought.Text("invoice", "id")}/payments", new { reference = "late" })).ExpectProblem(409, "invoice_not_payable");
        Assert.That((await org.Owner.Get("/credits/lots")).Text("lots", 0, "state"), Is.EqualTo("cancelled"));
    }

    [Test]
    public async Task CRED_5_crediting_a_paid_purchase_takes_the_credits_back_as_one_journal_and_never_more_than_are_left()
    {
        var bought = await BuyAsync("50.00");
        await PayAsync(bought);
        var notes = $"/invoices/{bought.Text("invoice", "id")}/credit-notes";
        (await org.Operator.Post(notes, new { reason = "part", amount = "20.00" })).Expect(201);
        Assert.That(await CreditsAsync(), Is.EqualTo("30.000000 funded"));
        (await org.Operator.Post("/credits/adjustments", new { kind = "take_back", amount = new { amount = "10.00", currency = "USD" }, reason = "as if used" })).Expect(201);
        (await org.Operator.Post(notes, new { reason = "the rest" })).ExpectProblem(409, "credits_not_available");
        Assert.That((await org.Owner.Get("/invoices/" + bought.Text("invoice", "id"))).Text("credited", "amount"), Is.EqualTo("20.00"), "refused: nothing is written");
        (await org.Operator.Post(notes, new { reason = "what is left", amount = "20.00" })).Expect(201);
        Assert.That(await CreditsAsync(), Is.EqualTo("0.000000 exhausted"));
        var journals = (await org.Owner.Get("/credits/journals")).Expect(200).Items("journals");
        Assert.That(journals.Select(journal => TestOrganization.Text(journal, "kind")), Is.EqualTo((string[])["adjustment", "adjustment", "adjustment", "purchase"]));
        Assert.That((TestOrganization.Text(journals[0], "reason"), journals[0].ToJsonString().Contains("external", StringComparison.Ordinal)), Is.EqualTo(("what is left", true)));
        Assert.That(await org.AuditAsync("&action=credits.taken_back"), Has.Count.EqualTo(3));
    }

    [Test]
    public async Task CRED_1_of_a_purchase_that_is_partly_credited_before_it_is_paid_only_the_rest_becomes_usable()
    {
        var bought = await BuyAsync("50.00");
        (await org.Operator.Post($"/invoices/{bought.Text("invoice", "id")}/credit-notes", new { reason = "discount", amount = "12.50" })).Expect(201);
        await PayAsync(bought);
        Assert.That(await CreditsAsync(), Is.EqualTo("37.500000 funded"));
    }

    [Test]
    public async Task Credits_past_their_time_are_not_shown_and_the_job_ends_them()
    {
        var ends = time.GetUtcNow().AddMinutes(30);
        (await org.Operator.Post("/credits/adjustments", new { kind = "give", amount = new { amount = "5.00", currency = "USD" }, reason = "trial", expiresAt = Provisioning.Core.Common.Instants.Text(ends) })).Expect(201);
        time.Advance(TimeSpan.FromHours(1));
        Assert.That(await CreditsAsync(), Is.EqualTo("0.000000 exhausted"));
        Assert.That((await org.Owner.Get("/credits/lots")).Text("lots", 0, "state"), Is.EqualTo("expired"));
    }

    [TestCase("""{"amount":{"amount":"0.00","currency":"USD"}}""")]
    [TestCase("""{"amount":{"amount":"-5.00","currency":"USD"}}""")]
    [TestCase("""{"amount":{"amount":"8000000.01","currency":"USD"}}""")]
    [TestCase("""{"amount":{"amount":"5.00","currency":"EUR"}}""")]
    [TestCase("""{"amount":{"amount":"5.001","currency":"USD"}}""")]
    [TestCase("""{"amount":"5.00"}""")]
    [TestCase("""{"amount":{"amount":"5.00","currency":"USD"},"expiresAt":"2020-01-01T00:00:00Z"}""")]
    [TestCase("""{"amount":{"amount":"5.00","currency":"USD"},"priority":-1}""")]
    [TestCase("""{"amount":{"amount":"5.00","currency":"USD"},"bonus":true}""")]
    public async Task A_purchase_that_is_none_is_refused(string body)
    {
        (await org.Owner.Post("/credits/purchases", body, Key)).ExpectProblem(400, "invalid_request");
        Assert.That((await org.Owner.Get("/credits/lots")).Items("lots"), Is.Empty);
    }

    [Test]
    public async Task Nobody_buys_more_than_the_ledger_holds_or_without_need()
    {
        for (var i = 0; i < 8; i++) await BuyAsync("1000000.00");
        (await org.Owner.Post("/credits/purchases", SpendCalls.Purchase("0.01"), Key)).ExpectProblem(409, "credit_limit");
        var arrears = await service.OrganizationAsync(standard: 0, premium: 0);
        (await arrears.Owner.Post("/credits/purchases", SpendCalls.Purchase("5.00"), Key)).ExpectProblem(409, "term_inactive");
        await RestWorld.SignAsync(arrears);
        (await arrears.Owner.Post("/credits/purchases", SpendCalls.Purchase("5.00"), Key)).ExpectProblem(409, "funding_not_prepaid");
        var theirs = await BuyAsyncAsync(org);
        (await arrears.Owner.Get("/invoices/" + theirs)).ExpectProblem(404, "not_found");
        Assert.That((await arrears.Owner.Get("/credits/lots")).Expect(200).Items("lots"), Is.Empty);

        static async Task<string> BuyAsyncAsync(TestOrganization of) => TestOrganization.Text((await of.Owner.Get("/invoices?kind=credit_purchase")).Expect(200).Items("invoices")[0], "id")!;
    }

    [Test]
    public async Task PRICE_1_the_price_is_the_one_valid_at_the_instant_and_history_is_kept()
    {
        var model = "m-" + Guid.NewGuid().ToString("n")[..8];
        (await Platform.Post("/prices", SpendCalls.Prices(model))).Expect(200);
        (await Platform.Post("/prices", SpendCalls.Prices(model))).Expect(200);
        Assert.That((await Platform.Get("/prices?model=" + model)).Items("prices"), Has.Count.EqualTo(1), "entered twice the same, it stands once");
        (await Platform.Post("/prices", new { prices = new[] { new { model, currency = "USD", input = "2.5", output = "10", defaultEstimate = "0.01", validFrom = "2026-02-01T00:00:00Z" } } })).Expect(200);
        (await Platform.Post("/prices", new { prices = new[] { new { model, currency = "USD", input = "1", output = "5", defaultEstimate = "0.01", validFrom = "2026-12-01T00:00:00Z" } } })).Expect(200);
        (await Platform.Post("/prices", new { prices = new[] { new { model, currency = "EUR", input = "9", output = "9", defaultEstimate = "0.01" } } })).Expect(200);
        var paid = (await org.Owner.Get("/prices?model=" + model)).Expect(200);
        Assert.That((paid.Text("input"), paid.Text("output"), paid.Text("cacheRead"), paid.Text("multiplier")), Is.EqualTo(("2.50", "10.00", "0.00", "1")));
        Assert.That((await Platform.Get("/prices?model=" + model)).Items("prices"), Has.Count.EqualTo(4));
        Assert.That((await Platform.Get("/prices?model=" + model)).Text("prices", 0, "enteredBy", "kind"), Is.EqualTo("operator"));
        (await org.Owner.Get("/prices?model=none")).ExpectProblem(404, "not_found");
        (await org.Operator.Put("/price-multiplier", new { multiplier = "0.85" })).Expect(200);
        Assert.That((await org.Owner.Get("/prices?model=" + model)).Text("multiplier"), Is.EqualTo("0.85"));
        Assert.That(await org.AuditAsync("&action=prices.multiplier_changed"), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task PRICE_1_what_is_exported_as_CSV_or_JSON_is_imported_again()
    {
        var model = "c-" + Guid.NewGuid().ToString("n")[..8];
        (await Platform.Post("/prices", $"model,currency,valid_from,input,output,default_estimate\r\n\"{model}\",USD,2026-01-01T00:00:00Z,3,15.125,0.000000000001\r\n", ("Content-Type", "text/csv")))
            .Expect(200);
        var file = (await Platform.Get("/prices.csv")).Expect(200);
        Assert.That(file.Body, Does.Contain($"{model},USD,3.00,15.125,0.00,0.00,0.000000000001,2026-01-01T00:00:00Z\r\n"));
        var again = (await Platform.Post("/prices", file.Body, ("Content-Type", "text/csv"))).Expect(200);
        Assert.That(again.Number("entered"), Is.Zero);
        var json = (await Platform.Get("/prices?model=" + model)).Expect(200);
        Assert.That((await Platform.Post("/prices", new JsonObject { ["prices"] = json.At("prices")!.DeepClone() })).Expect(200).Number("unchanged"), Is.EqualTo(1));
    }

    [TestCase("model,currency\r\n\"m1,USD\r\n", "RFC 4180")]
    [TestCase("", "RFC 4180")]
    [TestCase("model,currency,input,output,default_estimate\r\n", "1 to 1000")]
    [TestCase("model,price\r\nm1,3\r\n", "The columns are")]
    [TestCase("model,currency,input,output,default_estimate\r\nm1,USD,3\r\n", "Line 2")]
    [TestCase("model,currency,input,output,default_estimate\r\nm1,USD,3,15,0.1\r\nm2,USD,-3,15,0.1\r\n", "Line 3: 'input'")]
    [TestCase("model,currency,input,output,default_estimate\r\nm1,USD,3.0000001,15,0.1\r\n", "Line 2: 'input'")]
    [TestCase("model,currency,input,output,default_estimate\r\nm1,USD,3,15,0\r\n", "Line 2: 'defaultEstimate'")]
    [TestCase("model,currency,input,output,default_estimate\r\n=m1,USD,3,15,1\r\n", "Line 2: 'model'")]
    [TestCase("model,currency,input,output,default_estimate,valid_from\r\nm1,USD,3,15,1,tomorrow\r\n", "Line 2: 'validFrom'")]
    public async Task A_file_of_prices_that_is_wrong_says_where(string file, string detail)
    {
        var before = (await Platform.Get("/prices.csv")).Body;
        var refused = (await Platform.Post("/prices", file, ("Content-Type", "text/csv"))).ExpectProblem(400, "invalid_request");
        Assert.That(refused.Text("detail"), Does.Contain(detail));
        Assert.That((await Platform.Get("/prices.csv")).Body, Is.EqualTo(before));
        (await Platform.Post("/prices", file, ("Content-Type", "text/plain"))).Expect(415);
    }
}
