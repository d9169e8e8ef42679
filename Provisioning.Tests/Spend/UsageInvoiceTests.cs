using System.Globalization;
using NUnit.Framework;
using Provisioning.Api.Admin;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Spend;
using Provisioning.Core.Storage;
using Provisioning.Tests.Contracts;
using Provisioning.Tests.Core;
using Provisioning.Tests.Engines;
using DefaultHttpContext = Microsoft.AspNetCore.Http.DefaultHttpContext;

namespace Provisioning.Tests.Spend;

/// <summary>Usage billed in arrears (rules USE-3, USE-7, PRICE-2, USE-14), with sums put where metering puts them.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class UsageInvoiceTests(string engine) : ContractCore(engine)
{
    private static readonly UsagePeriod March = new(202603), April = new(202604);
    private UsagePeriods periods = null!;
    private Organization org = null!;
    private MemberId ada, grace;
    private ITaxes taxes = new NoTaxes();

    [SetUp]
    public async Task SignAsync()
    {
        periods = new UsagePeriods(new UsagePeriodStore(), Stack.Time);
        taxes = new NoTaxes();
        org = await Desk.OrganizationAsync();
        Ok(await Desk.SignAsync(org, ContractDesk.New("2026-03-01", 20)));
        ada = (await Stack.MemberAsync(org, "ada@x.example")).Member.Id;
        grace = (await Stack.MemberAsync(org, "grace@x.example")).Member.Id;
    }

    [Test]
    public async Task USE_3_a_draft_when_the_month_is_over_one_line_per_member_and_model_issued_after_the_grace()
    {
        await UseAsync(March, ada, "m1", "10.004", tier: Standard);
        await UseAsync(March, ada, "m1", "0.001", tier: Premium);
        await UseAsync(March, ada, "m2", "2.00");
        await UseAsync(March, grace, "m1", "0.004999");
        await BillAsync();
        Assert.That(await UsageInvoicesAsync(), Is.Empty, "the month runs");
        Desk.At("2026-04-01T00:00:01Z");
        await BillAsync();
        var draft = (await UsageInvoicesAsync()).Single();
        Assert.That((draft.State, draft.Number, draft.Start, draft.End), Is.EqualTo((InvoiceState.Draft, (string?)null, new DateOnly(2026, 3, 1), new DateOnly(2026, 4, 1))));
        Assert.That(Lines(draft), Is.EqualTo((string[])["usage ada m1 10.01", "usage ada m2 2.00", "usage grace m1 0.00"]), "PRICE-2: rounded once, half away from zero");
        Assert.That(draft.Lines[0].Usage!.Cost, Is.EqualTo((Int128)10_005_000_000_000), "exact beside it");
        Desk.At("2026-04-03T23:59:00Z");
        await BillAsync();
        Assert.That((await UsageInvoicesAsync()).Single().State, Is.EqualTo(InvoiceState.Draft), "the grace runs");
        Desk.At("2026-04-04T00:00:01Z");
        await BillAsync();
        await BillAsync();
        var issued = (await UsageInvoicesAsync()).Single();
        Assert.That((issued.Id, issued.State, issued.Total.Minor), Is.EqualTo((draft.Id, InvoiceState.Issued, 1201L)));
        Assert.That(Lines(issued), Is.EqualTo(Lines(draft)));
    }

    [Test]
    public async Task USE_7_late_usage_goes_on_the_draft_of_its_month_and_after_the_issue_on_the_next_invoice_with_its_month()
    {
        await UseAsync(March, ada, "m1", "1.00");
        Desk.At("2026-04-02T00:00:00Z");
        await BillAsync();
        Assert.That(await UseAsync(March, ada, "m1", "2.00"), Is.Zero, "still a draft");
        await BillAsync();
        Assert.That(Lines((await UsageInvoicesAsync()).Single()), Is.EqualTo((string[])["usage ada m1 3.00"]), "the draft is written anew");
        Desk.At("2026-04-05T00:00:00Z");
        await BillAsync();
        Assert.That(await UseAsync(March, ada, "m1", "0.40"), Is.EqualTo(1), "issued");
        Assert.That(await UseAsync(March, ada, "m1", "0.40"), Is.EqualTo(1));
        await UseAsync(April, ada, "m1", "5.00");
        Desk.At("2026-05-05T00:00:00Z");
        await BillAsync();
        await BillAsync();
        var (march, april) = ((await UsageInvoicesAsync())[0], (await UsageInvoicesAsync())[1]);
        Assert.That(Lines(march), Is.EqualTo((string[])["usage ada m1 3.00"]), "an issued invoice never changes");
        Assert.That(Lines(april), Is.EqualTo((string[])["usage ada m1 5.00", "late_usage ada m1 0.80"]));
        Assert.That((april.Lines[1].Note, april.Lines[1].Start), Is.EqualTo(("Late usage of 2026-03", new DateOnly(2026, 3, 1))));
        Assert.That((march.State, april.State), Is.EqualTo((InvoiceState.Issued, InvoiceState.Issued)));
    }

    [Test]
    public async Task USE_7_late_usage_alone_is_billed_too()
    {
        await UseAsync(March, ada, "m1", "1.00");
        Desk.At("2026-04-05T00:00:00Z");
        await BillAsync();
        await UseAsync(March, grace, "m1", "0.40");
        Desk.At("2026-05-05T00:00:00Z");
        await BillAsync();
        Assert.That(Lines((await UsageInvoicesAsync())[1]), Is.EqualTo((string[])["late_usage grace m1 0.40"]));
    }

    [Test]
    public async Task CAP_9_the_month_ends_in_the_billing_zone()
    {
        org = await Stack.ChangeAsync(org, before => before with { BillingZone = "America/Los_Angeles" });
        await UseAsync(March, ada, "m1", "1.00");
        Desk.At("2026-04-01T06:59:00Z");
        await BillAsync();
        Assert.That(await UsageInvoicesAsync(), Is.Empty);
        Desk.At("2026-04-01T07:00:01Z");
        await BillAsync();
        Assert.That(await UsageInvoicesAsync(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Prepaid_usage_and_months_without_cost_make_no_invoice()
    {
        var prepaid = await Desk.OrganizationAsync();
        Ok(await Desk.SignAsync(prepaid, ContractDesk.New("2026-03-01", 20, change: conditions => conditions with { Funding = Funding.Prepaid })));
        await UseAsync(March, (await Stack.MemberAsync(prepaid, "p@x.example")).Member.Id, "m1", "1.00", of: prepaid);
        await UseAsync(March, ada, "m1", "0");
        Desk.At("2026-04-05T00:00:00Z");
        await BillAsync();
        await BillAsync();
        Assert.That(await UsageInvoicesAsync(), Is.Empty);
        Assert.That(await UsageInvoicesAsync(prepaid), Is.Empty);
        Assert.That(await Books.CountAsync(Stack, "SELECT COUNT(*) FROM usage_periods WHERE state <> 'closed' AND period = 202603"), Is.Zero);
    }

    [Test]
    public async Task USE_14_extra_usage_of_included_plans_is_billed_even_where_usage_is_prepaid()
    {
        var included = await Desk.OrganizationAsync();
        Ok(await Desk.SignAsync(included, ContractDesk.New("2026-03-01", 20, change: conditions => conditions with { Funding = Funding.Prepaid, PlanModel = PlanModel.SeatIncluded })));
        await UseAsync(March, (await Stack.MemberAsync(included, "i@x.example")).Member.Id, "m1", "3.00", of: included);
        Desk.At("2026-04-05T00:00:00Z");
        await BillAsync();
        Assert.That((await UsageInvoicesAsync(included)).Single().Total.Minor, Is.EqualTo(300));
    }

    [Test]
    public async Task BILL_6_tax_is_added_once_when_the_month_is_closed()
    {
        taxes = new TenPercent();
        await UseAsync(March, ada, "m1", "10.00");
        Desk.At("2026-04-02T00:00:00Z");
        await BillAsync();
        Assert.That((await UsageInvoicesAsync()).Single().Total.Minor, Is.EqualTo(1000), "a draft changes still");
        Desk.At("2026-04-05T00:00:00Z");
        await BillAsync();
        var issued = (await UsageInvoicesAsync()).Single();
        Assert.That(issued.Lines.Select(line => (line.Kind, line.Amount)), Is.EqualTo(new[] { (LineKind.Usage, 1000L), (LineKind.Tax, 100L) }));
        Assert.That((issued.Total.Minor, issued.State), Is.EqualTo((1100L, InvoiceState.Issued)));
    }

    private sealed class TenPercent : ITaxes
    {
        public IReadOnlyList<ChargeLine> Of(Organization organization, Currency currency, IReadOnlyList<ChargeLine> lines)
        {
            var (first, tax) = (lines[0], lines.Sum(line => line.Amount) / 10);
            return [new ChargeLine(LineKind.Tax, null, null, 1, tax, new MonthFraction(1, 1), first.Start, first.End, tax, "10 %")];
        }
    }

    /// <summary>More lines than one unit writes, and a job that is cut off between units.</summary>
    [Test]
    public async Task An_invoice_of_any_size_is_written_step_by_step_and_each_line_once()
    {
        const int models = 1203;
        Ok(await Stack.UnitAsync<Done>(async scope =>
        {
            for (var i = 0; i < models; i++) await AddAsync(scope.Session, org, March, ada, string.Create(CultureInfo.InvariantCulture, $"m{i:D4}"), "0.01", Standard);
            await periods.OpenAsync(scope, org, March);
            return default(Done);
        }, org));
        Desk.At("2026-04-05T00:00:00Z");
        var steps = 0;
        while (Ok(await Invoicing().StepAsync(org.Id, March, CoreStack.Actor, null, default))) steps++;
        Assert.That(steps, Is.GreaterThanOrEqualTo(4));
        var issued = (await UsageInvoicesAsync()).Single();
        Assert.That((issued.State, issued.Total.Minor, issued.LineCount), Is.EqualTo((InvoiceState.Issued, (long)models, models)));
        Assert.That(await Books.CountAsync(Stack, "SELECT COUNT(DISTINCT model) FROM invoice_lines WHERE kind = 'usage'"), Is.EqualTo(models));

        // Printed: a thousand lines, the sum of the others, and the list that has them all.
        var page = InvoicePage.Html(issued);
        Assert.That(page, Does.Contain("Usage of m0000").And.Contain("Usage of m0999").And.Not.Contain("Usage of m1000"));
        Assert.That(page, Does.Contain("Lines 1 to 1,000, together").And.Contain(">10.00<").And.Contain("Lines 1,001 to 1,203, together").And.Contain(">2.03<"));
        Assert.That(page, Does.Contain($"{issued.Number}.csv, which is part of this invoice"));
        Assert.That(System.Text.Encoding.Latin1.GetString(InvoicePdf.Bytes(issued with { Lines = [.. issued.Lines.Take(20)] })), Does.Contain("/Count 2"), "twenty lines, two sums");
        Assert.That(InvoiceText.Sums(issued).Sum(sum => sum.Amount), Is.EqualTo(issued.Total.Minor));
        var answer = new DefaultHttpContext { Response = { Body = new MemoryStream() } };
        await InvoiceCsv.WriteAsync(answer.Response, issued, after => Desk.InvoiceDesk.LinesAsync(issued.Id, after, InvoiceCsv.PageSize, default), default);
        var rows = CsvText.Read(System.Text.Encoding.UTF8.GetString(((MemoryStream)answer.Response.Body).ToArray()))!;
        Assert.That(rows, Has.Count.EqualTo(models + 1));
        Assert.That((rows[^1][0], rows[^1][11]), Is.EqualTo(("1203", "m1202")));
        Assert.That(rows.Skip(1).Sum(row => decimal.Parse(row[17], CultureInfo.InvariantCulture)), Is.EqualTo(12.03m));
    }

    /// <summary>Usage posted by parallel writers while the month is closed: on one invoice or the next, never on none or both.</summary>
    [Test]
    public async Task USE_7_usage_that_races_with_the_closing_is_billed_exactly_once()
    {
        await UseAsync(March, ada, "m1", "1.00");
        Desk.At("2026-04-05T00:00:00Z");
        var late = Task.WhenAll(Enumerable.Range(0, 24).Select(i => Task.Run(() => UseAsync(March, i % 2 == 0 ? ada : grace, "m1", "0.10"))));
        var closing = Task.Run(async () =>
        {
            for (var i = 0; i < 6; i++) await BillAsync();
        });
        await Task.WhenAll(late, closing);
        Desk.At("2026-05-05T00:00:00Z");
        await BillAsync();
        await BillAsync();
        Assert.That((await UsageInvoicesAsync()).Sum(invoice => invoice.Total.Minor), Is.EqualTo(100 + 240));
        Assert.That((await UsageInvoicesAsync()).Select(invoice => invoice.State), Is.All.EqualTo(InvoiceState.Issued));
    }

    private UsageInvoicing Invoicing() => new(
        Stack.Database, new UsageBillStore(), Desk.Invoices, Desk.Contracts, Stack.Organizations,
        new InvoiceBook(Desk.Invoices, new Issuer("Seats & Co", [], "UTC", 30), taxes, []), new UsageBilling(TimeSpan.FromHours(72)), Stack.Time);

    private async Task BillAsync()
    {
        foreach (var (of, period) in await Stack.Database.ReadAsync(session => new UsageBillStore().DueAsync(session, Instants.Now(Stack.Time), 100), default))
            while (Ok(await Invoicing().StepAsync(of, period, CoreStack.Actor, null, default))) { }
    }

    private async Task<IReadOnlyList<Invoice>> UsageInvoicesAsync(Organization? of = null) =>
        [.. (await Desk.InvoicesAsync(of ?? org)).Where(invoice => invoice.Kind == InvoiceKind.UsageMonth)];

    private string[] Lines(Invoice invoice) => [.. invoice.Lines.Select(line =>
        $"{Words.Text(line.Kind)} {(line.Usage!.Member == ada ? "ada" : line.Usage.Member == grace ? "grace" : "other")} {line.Usage.Model} {invoice.Total.Currency.Text(line.Amount)}")];

    /// <summary>Adds to the sum of a member, tier and model.</summary>
    private static async Task AddAsync(ISession session, Organization of, UsagePeriod period, MemberId member, string model, string cost, string tier)
    {
        var sql = SqlSession.Of(session);
        var row = new
        {
            of = Ids.ToBytes(of.Id), period = (long)period.Value, member = Ids.ToBytes(member), tier, tierKey = TextKey.Exact(tier), model,
            modelKey = TextKey.Exact(model), cost = CreditSteps.Of(cost).Narrow,
        };
        if (await sql.ExecuteAsync(
            """
            UPDATE usage_rollups SET events = events + 1, cost = cost + @cost, billed = billed + @cost
            WHERE organization_id = @of AND period = @period AND member_id = @member AND tier_key = @tierKey AND model_key = @modelKey
            """, row) == 0)
            await sql.ExecuteAsync(
                """
                INSERT INTO usage_rollups (organization_id, period, member_id, tier_key, model_key, tier, model, events, input_tokens, output_tokens,
                    cache_write_tokens, cache_read_tokens, cost, billed)
                VALUES (@of, @period, @member, @tierKey, @modelKey, @tier, @model, 1, 1, 1, 0, 0, @cost, @cost)
                """, row);
    }

    /// <summary>As metering does: the sum first, then the posting, in one unit. Answers how many were late.</summary>
    private async Task<int> UseAsync(UsagePeriod period, MemberId member, string model, string cost, string tier = Standard, Organization? of = null)
    {
        var own = of ?? org;
        return Ok(await Stack.UnitAsync<int>(async scope =>
        {
            await AddAsync(scope.Session, own, period, member, model, cost, tier);
            await periods.OpenAsync(scope, own, period);
            return (await periods.PostAsync(scope, own, [new UsagePosting(period, member, model, new TokenCounts(1, 1), CreditSteps.Of(cost))])).Count;
        }, own));
    }
}
