using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;
using Provisioning.Api.Admin;
using Provisioning.Tests.Core;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>Contracts, quotes, invoices and payments as owners, the operator and a payment service meet them, on 1 March 2026.</summary>
public sealed class PurchaseTests
{
    private const string Secret = "a-secret-of-the-payment-service";

    private readonly AdjustableTime time = new();
    private TestService service = null!;
    private TestOrganization org = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => service = await TestService.StartWithAsync(
        TestDatabase.Sqlite, builder => builder.Services.AddSingleton<TimeProvider>(time), 2, 1,
        "Billing:Issuer=Seats & Co <Ltd>", "Billing:Address=1 Main Street | 12345 Town", $"Billing:PaymentSecret={Secret}");

    [OneTimeTearDown]
    public async Task StopAsync() => await service.DisposeAsync();

    [SetUp]
    public async Task OrganizationAsync() => org = await service.OrganizationAsync(standard: 0, premium: 0);

    [Test]
    public async Task E2_as_the_specification_writes_it()
    {
        await SignAsync(100);
        var quote = (await org.Owner.Post("/seat-quotes", """
            {"changes":[{"kind":"add","tier":"standard","quantity":5},{"kind":"upgrade","from":"standard","to":"premium","quantity":10,"members":[]}]}
            """)).Expect(201);
        Assert.That((quote.Text("effectiveDate"), quote.Text("state"), quote.Text("total", "amount"), quote.Text("total", "currency")),
            Is.EqualTo(("2026-03-01", "open", "8000.00", "USD")));
        Assert.That((quote.Number("after", "standard"), quote.Number("after", "premium")), Is.EqualTo((95, 10)));
        Assert.That(Line(quote, 0, "kind", "tier", "unit", "months", "amount"), Is.EqualTo("add standard 40.00 10 2000.00"));
        Assert.That(Line(quote, 1, "kind", "from", "to", "unit", "months", "amount"), Is.EqualTo("upgrade standard premium 60.00 10 6000.00"));
        var confirmed = (await ConfirmAsync(quote, "k1")).Expect(200);
        Assert.That((confirmed.Text("quote"), confirmed.Text("state")), Is.EqualTo((quote.Id, "confirmed")));
        Assert.That(confirmed.Text("invoice", "number"), Does.Match("^INV-2026-[0-9]{6}$"));
        var invoice = (await org.Owner.Get("/invoices/" + confirmed.Text("invoice", "id"))).Expect(200);
        Assert.That((invoice.Text("kind"), invoice.Text("state"), invoice.Text("total", "amount"), invoice.Text("dueOn")),
            Is.EqualTo(("seat_change", "issued", "8000.00", "2026-03-31")));
        Assert.That((await ConfirmAsync(quote, "k1")).Expect(200).Body, Is.EqualTo(confirmed.Body), "a replay answers the same");
        (await ConfirmAsync(quote, "k2")).ExpectProblem(409, "quote_already_confirmed");
        (await ConfirmAsync(quote, "k1", "7999.99")).ExpectProblem(422, "idempotency_key_reused");
        var seats = await org.SeatsAsync();
        Assert.That((seats["standard"].Purchased, seats["premium"].Purchased), Is.EqualTo((95, 10)));
    }

    [Test]
    public async Task A_refused_seat_says_what_to_buy_and_the_hint_is_a_quote_as_it_is()
    {
        await SignAsync(1);
        var ada = (await org.AllowedAsync("ada")).Text("memberId");
        await org.DeniedAsync("seat_unavailable", "grace");
        var refused = (await org.PatchMemberAsync(ada, new { seat = new { tier = "premium" } })).ExpectProblem(409, "tier_full");
        var quote = (await org.Owner.Post("/seat-quotes", refused.At("purchaseHint"))).Expect(201);
        Assert.That(quote.Text("total", "amount"), Is.EqualTo("1000.00"));
        (await ConfirmAsync(quote)).Expect(200);
        await org.AllowedAsync("grace");
        var audited = (await org.AuditAsync("&action=seat.refused")).Select(record => record["after"]?["purchaseHint"]).OfType<JsonObject>().ToList();
        Assert.That(audited, Is.Not.Empty, "the event carries it too");
        (await org.Owner.Post("/seat-quotes", audited[0])).Expect(201);
    }

    [Test]
    public async Task Who_waits_is_named_in_the_answer_in_order()
    {
        await SignAsync(1);
        foreach (var name in (string[])["a", "b", "c", "d"]) await org.PushAsync(name);
        var waiting = (await org.WaitingAsync()).Select(entry => TestOrganization.Text(entry, "memberId")).ToList();
        var quote = (await org.Owner.Post("/seat-quotes", new { kind = "add", tier = "standard", quantity = 2 })).Expect(201);
        var confirmed = (await ConfirmAsync(quote)).Expect(200);
        Assert.That(confirmed.Items("drained").Select(item => item.GetValue<string>()), Is.EqualTo(waiting.Take(2)));
        await org.ExpectBooksAgreeAsync();
    }

    [Test]
    public async Task ROLE_1_owners_buy_and_see_invoices_admins_do_not_and_only_the_operator_makes_contracts()
    {
        await SignAsync(1);
        foreach (var path in (string[])["/contract", "/contract/terms", "/invoices"])
        {
            (await org.Admin.Get(path)).ExpectProblem(403, "forbidden_role");
            (await org.Owner.Get(path)).Expect(200);
            (await org.Operator.Get(path)).Expect(200);
        }
        (await org.Admin.Post("/seat-quotes", new { kind = "add", tier = "standard", quantity = 1 })).ExpectProblem(403, "forbidden_role");
        (await org.Owner.Post("/contract", Contract(1))).ExpectProblem(403, "forbidden_role");
        (await org.Owner.Patch("/contract", new { autoRenew = false }, ("If-Match", "*"))).ExpectProblem(403, "forbidden_role");
        var invoice = (await org.Owner.Get("/invoices")).Items("invoices")[0]["id"]!.GetValue<string>();
        (await org.Owner.Post($"/invoices/{invoice}/payments", new { reference = "mine" })).ExpectProblem(403, "forbidden_role");
        (await org.Owner.Post($"/invoices/{invoice}/credit-notes", new { reason = "mine" })).ExpectProblem(403, "forbidden_role");
    }

    [Test]
    public async Task ROLE_5_quotes_and_invoices_of_another_organisation_are_not_found()
    {
        await SignAsync(1);
        var quote = (await org.Owner.Post("/seat-quotes", new { kind = "add", tier = "standard", quantity = 1 })).Expect(201);
        var invoice = (await org.Owner.Get("/invoices")).Items("invoices")[0]["id"]!.GetValue<string>();
        var other = await service.OrganizationAsync(standard: 0, premium: 0);
        foreach (var answer in (Answer[])[
            await other.Owner.Get("/seat-quotes/" + quote.Id), await other.Owner.Get("/invoices/" + invoice), await other.Owner.Get($"/invoices/{invoice}/html"),
            await other.Owner.Get($"/invoices/{invoice}/pdf"), await other.Owner.Get($"/invoices/{invoice}/lines.csv"),
            await other.Owner.Post($"/seat-quotes/{quote.Id}/cancel", null),
            await other.Owner.Post($"/seat-quotes/{quote.Id}/confirm", Expected("400.00"), ("Idempotency-Key", "x")),
            await other.Operator.Post($"/invoices/{invoice}/payments", new { reference = "x" }),
            await other.Operator.Post($"/invoices/{invoice}/credit-notes", new { reason = "x" }),
            await other.Owner.Get("/contract"), await org.Owner.With(other.Owner.Token).Get("/invoices"), await org.Owner.With(other.Owner.Token).Get("/contract")])
            answer.ExpectProblem(404, "not_found");
        var member = (await org.AllowedAsync("ada")).Text("memberId");
        (await other.Operator.Post("/contract", Contract(5))).Expect(201);
        (await other.Owner.Post("/seat-quotes", new { kind = "upgrade", from = "standard", to = "premium", quantity = 1, members = new[] { member } }))
            .ExpectProblem(404, "not_found");
    }

    [Test]
    public async Task Conditions_and_keys_are_demanded()
    {
        await SignAsync(1);
        (await org.Owner.Put("/contract/renewal", new { quantities = new { standard = 5 } })).ExpectProblem(428, "precondition_required");
        (await org.Owner.Put("/contract/renewal", new { quantities = new { standard = 5 } }, ("If-Match", "\"99\""))).ExpectProblem(412, "version_conflict");
        var tag = (await org.Owner.Get("/contract")).Expect(200).Header("ETag")!;
        var changed = (await org.Owner.Put("/contract/renewal", new { quantities = new { standard = 5 } }, ("If-Match", tag))).Expect(200);
        Assert.That((changed.Number("renewal", "seats", "standard"), changed.Text("renewal", "total", "amount")), Is.EqualTo((5, "2400.00")));
        (await org.Owner.Put("/contract/renewal", new { quantities = new { standard = 6 } }, ("If-Match", tag))).ExpectProblem(412, "version_conflict");
        var quote = (await org.Owner.Post("/seat-quotes", new { kind = "add", tier = "standard", quantity = 1 })).Expect(201);
        (await org.Owner.Post($"/seat-quotes/{quote.Id}/confirm", Expected(quote.Text("total", "amount")))).ExpectProblem(400, "invalid_request");
        (await org.Owner.Post($"/seat-quotes/{quote.Id}/confirm", Expected("1.00"), ("Idempotency-Key", "t"))).ExpectProblem(422, "total_mismatch");
        (await org.Owner.Get("/invoices?cursor=zzz")).ExpectProblem(400, "invalid_cursor");
        (await org.Owner.Get("/contract/terms?cursor=zzz")).ExpectProblem(400, "invalid_cursor");
        (await org.Owner.Get("/invoices?state=lost")).ExpectProblem(400, "invalid_request");
    }

    [Test]
    public async Task Invoices_are_paged_newest_first_and_filtered()
    {
        await SignAsync(1);
        for (var i = 0; i < 3; i++)
            (await ConfirmAsync((await org.Owner.Post("/seat-quotes", new { kind = "add", tier = "standard", quantity = 1 })).Expect(201))).Expect(200);
        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = (await org.Owner.Get("/invoices?limit=2" + (cursor is null ? "" : "&cursor=" + cursor))).Expect(200);
            seen.AddRange(page.Items("invoices").Select(invoice => TestOrganization.Text(invoice, "number")!));
            cursor = page.TextOrNull("nextCursor");
        }
        while (cursor is not null);
        Assert.That(seen, Has.Count.EqualTo(4).And.Ordered.Descending.And.Unique);
        Assert.That((await org.Owner.Get("/invoices?kind=term_start")).Items("invoices"), Has.Count.EqualTo(1));
        Assert.That((await org.Owner.Get("/invoices?state=paid")).Items("invoices"), Is.Empty);
    }

    [Test]
    public async Task CON_6_turning_renewal_off_shows_when_access_ends()
    {
        await SignAsync(1);
        Assert.That((await org.Owner.Get("")).Expect(200).TextOrNull("accessUntil"), Is.Null);
        (await org.Operator.Patch("/contract", new { autoRenew = false }, ("If-Match", "*"))).Expect(200);
        Assert.That((await org.Owner.Get("")).Expect(200).Text("accessUntil"), Is.EqualTo("2027-01-01T00:00:00Z"));
    }

    [Test]
    public async Task The_printable_invoice_encodes_every_value_and_loads_nothing()
    {
        (await org.Operator.Post("/contract", Contract(100))).Expect(201);
        var invoice = (await org.Owner.Get("/invoices")).Items("invoices")[0]["id"]!.GetValue<string>();
        var page = (await org.Owner.Get($"/invoices/{invoice}/html")).Expect(200);
        Assert.That(page.ContentType, Is.EqualTo("text/html; charset=utf-8"));
        Assert.That(page.Body, Does.Contain("48,000.00").And.Contain("Seats &amp; Co &lt;Ltd&gt;").And.Contain("12345 Town").And.Contain("2026-01-01 to 2026-12-31"));
        Assert.That(page.Body, Does.Not.Contain("<Ltd>").And.Not.Contain("<script").And.Not.Contain("http"));
        Assert.That(page.Header("Content-Security-Policy"), Does.StartWith("default-src 'none'; style-src 'sha256-"));
        Assert.That((page.Header("Cache-Control"), page.Header("X-Content-Type-Options")), Is.EqualTo(("no-store", "nosniff")));
    }

    [Test]
    public async Task The_invoice_is_a_PDF_file_too_however_many_lines_and_long_names_it_has()
    {
        (await org.Operator.Post("/contract", Contract(100))).Expect(201);
        var quote = (await org.Owner.Post("/seat-quotes", new
        {
            changes = Enumerable.Range(0, 20).Select(i => new { kind = "add", tier = i % 2 == 0 ? "standard" : "premium", quantity = i + 1 }).ToArray(),
        })).Expect(201);
        var invoice = (await ConfirmAsync(quote)).Expect(200).Text("invoice", "id");
        var file = (await org.Owner.Get($"/invoices/{invoice}/pdf")).Expect(200);
        Assert.That((file.ContentType, file.Header("Content-Disposition")![..20]), Is.EqualTo(("application/pdf", "inline; filename=\"IN")));
        Assert.That(file.Body, Does.StartWith("%PDF-").And.Contain("/Count 2"), "two pages");
        Assert.That(file.Body.TrimEnd(), Does.EndWith("%%EOF"));
        var list = (await org.Owner.Get($"/invoices/{invoice}/lines.csv")).Expect(200);
        Assert.That(list.ContentType, Does.StartWith("text/csv"));
        Assert.That(list.Body.Split("\r\n"), Has.Length.EqualTo(22), "a head, twenty lines, and the end of the last");
    }

    [Test]
    public async Task QUO_8_a_payment_service_pays_by_a_signed_notice()
    {
        await SignAsync(1, "card");
        var quote = (await org.Owner.Post("/seat-quotes", new { kind = "add", tier = "standard", quantity = 1 })).Expect(201);
        var pending = (await ConfirmAsync(quote)).Expect(200);
        Assert.That((pending.Text("state"), pending.TextOrNull("invoice", "number")), Is.EqualTo(("payment_pending", (string?)null)));
        var invoice = pending.Text("invoice", "id");
        var body = $$$"""{"invoice":"{{{invoice}}}","result":"succeeded","reference":"ch_1","total":{"amount":"400.00","currency":"USD"}}""";
        (await NoticeAsync(body, null)).ExpectProblem(401, "unauthenticated");
        (await NoticeAsync(body, "t=1,v1=00")).ExpectProblem(401, "unauthenticated");
        (await NoticeAsync(body, Sign("another-secret-of-somebody", body))).ExpectProblem(401, "unauthenticated");
        (await NoticeAsync(body.Replace("ch_1", "ch_2", StringComparison.Ordinal), Sign(Secret, body))).ExpectProblem(401, "unauthenticated");
        (await NoticeAsync(body, Sign(Secret, body, TimeSpan.FromMinutes(-6)))).ExpectProblem(401, "unauthenticated");
        Assert.That((await org.SeatsAsync())["standard"].Purchased, Is.EqualTo(1), "nothing bought by a forged notice");
        var other = body.Replace("400.00", "399.99", StringComparison.Ordinal);
        (await NoticeAsync(other, Sign(Secret, other))).ExpectProblem(422, "total_mismatch");
        var silent = $$"""{"invoice":"{{invoice}}","result":"succeeded","reference":"ch_1"}""";
        (await NoticeAsync(silent, Sign(Secret, silent))).ExpectProblem(400, "invalid_request");
        var paid = (await NoticeAsync(body, Sign(Secret, body))).Expect(200);
        Assert.That((paid.Text("state"), paid.Text("quoteState"), paid.Text("quote")), Is.EqualTo(("paid", "confirmed", quote.Id)));
        (await NoticeAsync(body, Sign(Secret, body))).Expect(200);
        Assert.That((await org.SeatsAsync())["standard"].Purchased, Is.EqualTo(2));
        const string unknown = """{"invoice":"inv_00000000-0000-7000-8000-000000000000","result":"succeeded","reference":"x","total":{"amount":"1.00","currency":"USD"}}""";
        (await NoticeAsync(unknown, Sign(Secret, unknown))).ExpectProblem(404, "not_found");
        const string bad = """{"invoice":"x","result":"perhaps"}""";
        (await NoticeAsync(bad, Sign(Secret, bad))).ExpectProblem(400, "invalid_request");
    }

    [Test]
    public async Task QUO_5_with_a_contract_only_the_operator_changes_the_zone_whose_date_prices_quotes()
    {
        (await org.Owner.Patch("", new { billingZone = "Europe/Paris" }, ("If-Match", "*"))).Expect(200);
        await SignAsync(1);
        (await org.Owner.Patch("", new { billingZone = "Pacific/Kiritimati" }, ("If-Match", "*"))).ExpectProblem(403, "forbidden_role");
        Assert.That((await org.Owner.Patch("", new { name = "Renamed", billingZone = "Europe/Paris" }, ("If-Match", "*"))).Expect(200).Text("billingZone"), Is.EqualTo("Europe/Paris"));
        Assert.That((await org.Operator.Patch("", new { billingZone = "Asia/Tokyo" }, ("If-Match", "*"))).Expect(200).Text("billingZone"), Is.EqualTo("Asia/Tokyo"));
    }

    [Test]
    public async Task The_operator_marks_invoices_paid_and_credits_them()
    {
        await SignAsync(2);
        var invoice = (await org.Owner.Get("/invoices")).Items("invoices")[0]["id"]!.GetValue<string>();
        Assert.That((await org.Operator.Post($"/invoices/{invoice}/payments", new { reference = "transfer 1" })).Expect(200).Text("state"), Is.EqualTo("paid"));
        var note = (await org.Operator.Post($"/invoices/{invoice}/credit-notes", new { reason = "goodwill", amount = "10.00" })).Expect(201);
        Assert.That((note.Text("kind"), note.Text("total", "amount"), note.Text("credits")), Is.EqualTo(("credit_note", "-10.00", invoice)));
        (await org.Operator.Post($"/invoices/{invoice}/credit-notes", new { reason = "too much", amount = "950.01" })).ExpectProblem(409, "invoice_not_creditable");
        (await org.Operator.Post($"/invoices/{invoice}/credit-notes", new { reason = "nothing", amount = "0.00" })).ExpectProblem(400, "invalid_request");
        Assert.That((await org.Owner.Get($"/invoices/{note.Id}/html")).Expect(200).Body, Does.Contain("goodwill").And.Contain("-10.00"));
    }

    private async Task SignAsync(int standard, string collection = "invoiced") => (await org.Operator.Post("/contract", Contract(standard, collection))).Expect(201);

    private static object Contract(int standard, string collection = "invoiced") => new
    {
        currency = "USD", start = "2026-01-01", minimumSeats = 0, collection, compliance = true,
        tiers = new object[] { new { tier = "standard", price = "40.00", quantity = standard }, new { tier = "premium", price = "100.00", quantity = 0 } },
    };

    private Task<Answer> ConfirmAsync(Answer quote, string? key = null, string? amount = null) => org.Owner.Post(
        $"/seat-quotes/{quote.Id}/confirm", Expected(amount ?? quote.Text("total", "amount")), ("Idempotency-Key", key ?? quote.Id));

    private static object Expected(string amount) => new { expectedTotal = new { amount, currency = "USD" } };

    private Task<Answer> NoticeAsync(string body, string? signature) => signature is null
        ? service.Anonymous.Post("/v1/payments", body) : service.Anonymous.Post("/v1/payments", body, (PaymentEndpoints.SignatureHeader, signature));

    private string Sign(string secret, string body, TimeSpan shift = default) =>
        PaymentEndpoints.Sign(secret, Encoding.UTF8.GetBytes(body), time.GetUtcNow() + shift);

    private static string Line(Answer quote, int at, params string[] names) =>
        string.Join(' ', names.Select(name => quote.Text("lines", at, name)));
}
