using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;
using Provisioning.Tests.Core;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Contracts;

/// <summary>Quotes and purchases (rules QUO-1 to QUO-7, BILL-1, BILL-5, BILL-10, SEAT-6).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class QuoteTests(string engine) : ContractCore(engine)
{
    private Organization org = null!;

    [SetUp]
    public async Task OrganizationAsync()
    {
        org = await Desk.OrganizationAsync();
        Ok(await Desk.SignAsync(org, ContractDesk.New("2026-01-01", 100)));
    }

    [Test]
    public async Task QUO_1_changes_are_priced_together_with_lines_total_and_result()
    {
        var quote = Ok(await Desk.QuoteAsync(org, ContractDesk.Add(Standard, 5), ContractDesk.Upgrade(10)));
        Assert.That(quote.Lines.Select(line => (line.Kind, line.Tier, line.From, line.Quantity, line.Unit, line.Amount)), Is.EqualTo(new[]
        {
            (LineKind.Add, Standard, (string?)null, 5, 4000L, 200_000L), (LineKind.Upgrade, Premium, Standard, 10, 6000L, 600_000L),
        }));
        Assert.That((quote.Total.Minor, quote.After[Standard], quote.After[Premium]), Is.EqualTo((800_000L, 95, 10)));
        Assert.That(await Desk.PurchasedAsync(org), Is.EqualTo((100, 0)), "a quote changes nothing");
        Assert.That(await Stack.AuditAsync(org), Has.Member("quote.created"));
    }

    [Test]
    public async Task QUO_2_the_same_key_answers_the_same_another_body_and_another_key_are_refused()
    {
        var quote = Ok(await Desk.QuoteAsync(org, ContractDesk.Add(Standard, 5)));
        var name = "k " + quote.Id;
        var first = Ok(await Desk.ConfirmAsync(org, quote, ContractDesk.Key(name)));
        var again = Ok(await Desk.ConfirmAsync(org, quote, ContractDesk.Key(name)));
        Assert.That((again.Invoice, again.Number, again.State), Is.EqualTo((first.Invoice, first.Number, QuoteState.Confirmed)));
        Assert.That(ContractDesk.Code(await Desk.ConfirmAsync(org, quote, ContractDesk.Key(name, "another body"))), Is.EqualTo("idempotency_key_reused"));
        Assert.That(ContractDesk.Code(await Desk.ConfirmAsync(org, quote)), Is.EqualTo("quote_already_confirmed"));
        Assert.That((await Desk.InvoicesAsync(org)).Count, Is.EqualTo(2), "one purchase beside the term");
        Assert.That(await Desk.PurchasedAsync(org), Is.EqualTo((105, 0)));
    }

    [Test]
    public async Task QUO_2_another_total_than_the_quotes_is_refused_and_changes_nothing()
    {
        var quote = Ok(await Desk.QuoteAsync(org, ContractDesk.Add(Standard, 5)));
        var other = quote.Total with { Minor = quote.Total.Minor - 1 };
        Assert.That(ContractDesk.Code(await Desk.ConfirmAsync(org, quote, expected: other)), Is.EqualTo("total_mismatch"));
        Assert.That(ContractDesk.Code(await Desk.ConfirmAsync(org, quote, expected: quote.Total with { Currency = new Currency("EUR") })), Is.EqualTo("total_mismatch"));
        Assert.That(await Desk.PurchasedAsync(org), Is.EqualTo((100, 0)));
        Ok(await Desk.ConfirmAsync(org, quote));
    }

    [Test]
    public async Task QUO_3_a_purchase_seats_who_waits_in_order_in_the_same_unit()
    {
        await Desk.PushAsync(org, "u", 100);
        var waiting = await Desk.PushAsync(org, "w", 4);
        var quote = Ok(await Desk.QuoteAsync(org, ContractDesk.Add(Standard, 2), ContractDesk.Add(Premium, 1)));
        var confirmed = Ok(await Desk.ConfirmAsync(org, quote));
        Assert.That(confirmed.Drained, Is.EqualTo(waiting.Take(3)), "first come, first served");
        Assert.That(Sits((await Stack.FindAsync(org, waiting[3])).Seat), Is.EqualTo("waiting"));
        Assert.That(await Stack.AuditAsync(org), Is.SupersetOf(new[] { "seats.purchased", "quote.confirmed", "invoice.issued" }));
    }

    [Test]
    public async Task QUO_4_another_purchase_since_makes_a_quote_stale_for_good()
    {
        var old = Ok(await Desk.QuoteAsync(org, ContractDesk.Add(Standard, 5)));
        await Desk.BuyAsync(org, ContractDesk.Add(Premium, 1));
        Assert.That(ContractDesk.Code(await Desk.ConfirmAsync(org, old)), Is.EqualTo("quote_stale"));
        Assert.That(ContractDesk.Code(await Desk.ConfirmAsync(org, old)), Is.EqualTo("quote_stale"));
        Assert.That((await Desk.Quotes.FindAsync(org, old.Id, default))!.State, Is.EqualTo(QuoteState.Stale));
        Assert.That((await Stack.AuditAsync(org)).Count(action => action == "quote.stale"), Is.EqualTo(1), "told once");
    }

    [Test]
    public async Task QUO_5_a_quote_from_before_local_midnight_is_stale_after_it()
    {
        var paris = await Desk.OrganizationAsync("Europe/Paris");
        Ok(await Desk.SignAsync(paris, ContractDesk.New("2026-01-01", 100)));
        Desk.At("2026-03-01T22:55:00Z"); // 23:55 in Paris
        var quote = Ok(await Desk.QuoteAsync(paris, ContractDesk.Add(Standard, 5)));
        Assert.That((quote.EffectiveOn, Instants.Text(quote.ExpiresAt)), Is.EqualTo((new DateOnly(2026, 3, 1), "2026-03-01T23:00:00Z")));
        Desk.At("2026-03-01T23:00:00Z");
        Assert.That(ContractDesk.Code(await Desk.ConfirmAsync(paris, quote)), Is.EqualTo("quote_stale"));
        var next = Ok(await Desk.QuoteAsync(paris, ContractDesk.Add(Standard, 5)));
        Assert.That((next.EffectiveOn, next.Total.Minor < quote.Total.Minor), Is.EqualTo((new DateOnly(2026, 3, 2), true)));
    }

    [Test]
    public async Task QUO_5_a_quote_lives_half_an_hour()
    {
        var quote = Ok(await Desk.QuoteAsync(org, ContractDesk.Add(Standard, 5)));
        Stack.Time.Advance(TimeSpan.FromMinutes(30));
        Assert.That((await Desk.Quotes.FindAsync(org, quote.Id, default))!.State, Is.EqualTo(QuoteState.Expired));
        Assert.That(ContractDesk.Code(await Desk.ConfirmAsync(org, quote)), Is.EqualTo("quote_expired"));
        Assert.That(await Desk.PurchasedAsync(org), Is.EqualTo((100, 0)));
    }

    [Test]
    public async Task QUO_6_the_net_result_of_all_changes_counts()
    {
        await Desk.PushAsync(org, "u", 100);
        Assert.That(ContractDesk.Code(await Desk.QuoteAsync(org, ContractDesk.Upgrade(3))), Is.EqualTo("from_tier_in_use"));
        // Three seats more and three upgraded: as many standard seats as before, all of them in use.
        await Desk.BuyAsync(org, ContractDesk.Upgrade(3), ContractDesk.Add(Standard, 3));
        Assert.That(await Desk.PurchasedAsync(org), Is.EqualTo((100, 3)));
    }

    [Test]
    public async Task QUO_6_held_seats_stay_and_members_elsewhere_cannot_move_along()
    {
        var members = await Desk.PushAsync(org, "u", 99);
        Ok(await Stack.UnitAsync(scope => Stack.Engine.HoldAsync(
            scope, org.Id, Ids.New<SeatHoldId>(Stack.Time), Standard, Instants.Now(Stack.Time) + TimeSpan.FromDays(21)), org));
        Assert.That(ContractDesk.Code(await Desk.QuoteAsync(org, ContractDesk.Upgrade(2, members[0]))), Is.EqualTo("from_tier_in_use"));
        Ok(await Stack.AdminAsync(org, members[5], new Provisioning.Core.Directory.MemberCommand.Unassign()));
        Assert.That(ContractDesk.Code(await Desk.QuoteAsync(org, ContractDesk.Upgrade(1, members[5]))), Is.EqualTo("from_tier_in_use"), "no seat to move");
        Assert.That(ContractDesk.Code(await Desk.QuoteAsync(org, ContractDesk.Upgrade(1, Ids.New<MemberId>(Stack.Time)))), Is.EqualTo("not_found"));
        var quote = Ok(await Desk.QuoteAsync(org, ContractDesk.Upgrade(2, members[0])));
        Ok(await Desk.ConfirmAsync(org, quote));
        Assert.That(((await Stack.PoolAsync(org, Standard)).Held, (await Stack.PoolAsync(org, Premium)).Assigned), Is.EqualTo((1, 1)));
    }

    [Test]
    public async Task QUO_6_a_member_named_who_left_the_seat_meanwhile_refuses_the_confirmation()
    {
        var members = await Desk.PushAsync(org, "u", 100);
        var quote = Ok(await Desk.QuoteAsync(org, ContractDesk.Upgrade(1, members[0])));
        Ok(await Stack.AdminAsync(org, members[0], new Provisioning.Core.Directory.MemberCommand.Suspend()));
        Assert.That(ContractDesk.Code(await Desk.ConfirmAsync(org, quote)), Is.EqualTo("from_tier_in_use"));
        Assert.That(await Desk.PurchasedAsync(org), Is.EqualTo((100, 0)));
    }

    [Test]
    public async Task QUO_7_quantities_tiers_prices_and_downgrades_are_checked()
    {
        Ok(await Stack.BuyAsync(org, (Standard, 10, 100), (Premium, 20, 0), ("gold", 30, 0)));
        var down = new QuoteChange(ChangeKind.Upgrade, Standard, Premium, 1, []);
        Assert.That(ContractDesk.Code(await Desk.QuoteAsync(org, down)), Is.EqualTo("seats_not_removable"));
        Assert.That(ContractDesk.Code(await Desk.QuoteAsync(org, new QuoteChange(ChangeKind.Upgrade, Standard, Standard, 1, []))), Is.EqualTo("seats_not_removable"));
        Assert.That(ContractDesk.Code(await Desk.QuoteAsync(org, ContractDesk.Add("gold", 1))), Is.EqualTo("price_not_in_contract"));
        Assert.That(ContractDesk.Code(await Desk.QuoteAsync(org, ContractDesk.Add("tin", 1))), Is.EqualTo("unknown_tier"));
        Assert.That(ContractDesk.Code(await Desk.QuoteAsync(org, ContractDesk.Add(Standard, 60_000), ContractDesk.Add(Premium, 40_001))), Is.EqualTo("InvalidValue"));
        Assert.That(Ok(await Desk.QuoteAsync(org, ContractDesk.Add(Standard, 60_000), ContractDesk.Add(Premium, 40_000))).After[Premium], Is.EqualTo(40_000));
        Assert.That(ContractDesk.Code(await Desk.QuoteAsync(org, ContractDesk.Upgrade(101))), Is.EqualTo("from_tier_in_use"), "more than there are");
    }

    [Test]
    public async Task BILL_5_a_surcharge_is_a_line_of_its_own_prorated_likewise()
    {
        var other = await Desk.OrganizationAsync();
        Ok(await Desk.SignAsync(other, ContractDesk.New("2026-01-01", 20, premium: 2, surcharged: true)));
        Assert.That((await Desk.InvoicesAsync(other)).Single().Lines.Select(line => (line.Kind, line.Tier, line.Amount)), Is.EqualTo(new[]
        {
            (LineKind.Seats, Premium, 240_000L), (LineKind.Surcharge, Premium, 12_000L), (LineKind.Seats, Standard, 960_000L),
        }));
        Desk.At("2026-03-15T09:00:00Z");
        var invoice = await Desk.BuyAsync(other, ContractDesk.Upgrade(10));
        Assert.That(invoice.Lines.Select(line => (line.Kind, line.Unit, line.Amount)), Is.EqualTo(new[]
        {
            (LineKind.Upgrade, 6000L, 572_903L), (LineKind.Surcharge, 500L, 47_742L),
        }));
    }

    [Test]
    public async Task BILL_10_seats_that_cost_nothing_are_billed_with_a_zero_line()
    {
        var free = await Desk.OrganizationAsync();
        Ok(await Desk.SignAsync(free, ContractDesk.New("2026-01-01", 20, standardPrice: 0)));
        var invoice = await Desk.BuyAsync(free, ContractDesk.Add(Standard, 5));
        Assert.That((invoice.Lines.Single().Amount, invoice.Total.Minor, invoice.Number is not null), Is.EqualTo((0L, 0L, true)));
        Assert.That(invoice.State, Is.EqualTo(InvoiceState.Paid), "nobody can be late with nothing");
        Desk.At("2026-12-01T00:00:00Z");
        await Desk.RunLeasedJobAsync();
        Assert.That((await Desk.InvoiceAsync(free, invoice.Id))!.State, Is.EqualTo(InvoiceState.Paid));
        Assert.That(ContractDesk.Code(await Desk.InvoiceDesk.CreditAsync(free, CoreStack.Actor, invoice.Id, null, "nothing", null, default)), Is.EqualTo("invoice_not_creditable"));
    }

    [Test]
    public async Task SEAT_6_an_upgrade_to_a_cheaper_tier_gives_no_credit()
    {
        var odd = await Desk.OrganizationAsync();
        Ok(await Desk.SignAsync(odd, ContractDesk.New("2026-01-01", 20, premiumPrice: 1000)));
        Assert.That((await Desk.BuyAsync(odd, ContractDesk.Upgrade(5))).Total.Minor, Is.Zero);
        Assert.That(await Desk.PurchasedAsync(odd), Is.EqualTo((15, 5)));
    }

    [Test]
    public async Task CON_3_other_kinds_of_contract_and_organisations_without_one_cannot_buy()
    {
        var custom = await Desk.OrganizationAsync();
        Assert.That(ContractDesk.Code(await Desk.QuoteAsync(custom, ContractDesk.Add(Standard, 1))), Is.EqualTo("term_inactive"));
        Ok(await Desk.SignAsync(custom, ContractDesk.New("2026-01-01", 20, change: conditions => conditions with { Kind = ContractKind.Custom })));
        Assert.That(ContractDesk.Code(await Desk.QuoteAsync(custom, ContractDesk.Add(Standard, 1))), Is.EqualTo("contract_not_annual"));
    }

    [Test]
    public async Task SEAT_6_sums_never_fall_and_totals_are_sums_whatever_is_bought([Values(31, 32)] int seed)
    {
        await TestContext.Out.WriteLineAsync($"seed {seed}");
        var random = new Random(seed);
        var members = await Desk.PushAsync(org, "u", 30);
        var sum = 100;
        for (var i = 0; i < 40; i++)
        {
            Stack.Time.Advance(TimeSpan.FromHours(random.Next(1, 150)));
            if (Stack.Time.GetUtcNow().Year > 2026) break;
            QuoteChange[] changes =
            [
                .. Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(3) switch
                {
                    0 => ContractDesk.Add(Standard, random.Next(1, 5)),
                    1 => ContractDesk.Add(Premium, random.Next(1, 5)),
                    _ => ContractDesk.Upgrade(random.Next(1, 9)),
                }),
            ];
            if (random.Next(4) == 0) changes = [.. changes, ContractDesk.Upgrade(1, members[random.Next(30)])];
            var quoted = await Desk.QuoteAsync(org, changes);
            if (!quoted.IsOk) continue; // a member who moved before, or nothing left to upgrade
            var confirmed = Ok(await Desk.ConfirmAsync(org, quoted.Value));
            var (standard, premium) = await Desk.PurchasedAsync(org);
            Assert.That(standard + premium, Is.EqualTo(sum += changes.Where(change => change.From is null).Sum(change => change.Quantity)));
            Assert.That((quoted.Value.After[Standard], quoted.Value.After[Premium]), Is.EqualTo((standard, premium)), "as quoted");
            var invoice = (await Desk.InvoiceAsync(org, confirmed.Invoice))!;
            Assert.That(invoice.Total.Minor, Is.EqualTo(invoice.Lines.Sum(line => line.Amount)).And.EqualTo(quoted.Value.Total.Minor));
            Assert.That(invoice.Lines, Has.Count.EqualTo(changes.Length), "BILL-1: one line per change");
        }
        await Books.CheckAsync(Stack);
    }
}
