using System.Numerics;
using NUnit.Framework;
using Provisioning.Core.Contracts;

namespace Provisioning.Tests.Contracts;

/// <summary>What is left of a term and what it costs, as pure functions (rules CON-4, BILL-2 to BILL-4).</summary>
public sealed class ProrationTests
{
    private static readonly ServiceMonths Year2026 = new(new DateOnly(2026, 1, 1), 1);

    [TestCase("2026-01-01", "12")]
    [TestCase("2026-03-01", "10")]
    [TestCase("2026-03-15", "9 17/31")]
    [TestCase("2026-12-31", "1/31")]
    [TestCase("2026-02-28", "10 1/28")]
    public void BILL_3_whole_months_and_the_days_left_inclusive(string date, string exact) =>
        Assert.That(Proration.Remaining(Year2026, Date(date), ProrationPolicy.ServiceMonth).Exact(), Is.EqualTo(exact));

    [TestCase("2026-03-01", "10")]
    [TestCase("2026-03-31", "10")]
    [TestCase("2026-12-31", "1")]
    public void BILL_3_policy_whole_month_counts_the_current_month_whole(string date, string exact) =>
        Assert.That(Proration.Remaining(Year2026, Date(date), ProrationPolicy.WholeMonth).Exact(), Is.EqualTo(exact));

    [TestCase("2026-01-01", "12")]
    [TestCase("2026-03-01", "10 22/365")]
    [TestCase("2026-12-31", "12/365")]
    public void BILL_3_policy_annual_days_counts_days_of_the_term(string date, string exact) =>
        Assert.That(Proration.Remaining(Year2026, Date(date), ProrationPolicy.AnnualDays).Exact(), Is.EqualTo(exact));

    [Test]
    public void E7_boundaries_from_the_31st_are_clamped_and_never_chained()
    {
        var term = new ServiceMonths(new DateOnly(2026, 1, 31), 1);
        Assert.That(Enumerable.Range(0, 13).Select(i => Dates.Text(term.Boundary(i))), Is.EqualTo(new[]
        {
            "2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30", "2026-07-31", "2026-08-31", "2026-09-30", "2026-10-31",
            "2026-11-30", "2026-12-31", "2027-01-31",
        }));
        var months = Proration.Remaining(term, new DateOnly(2026, 3, 10), ProrationPolicy.ServiceMonth);
        Assert.That((months.Exact(), months.Times(4000, 1)), Is.EqualTo(("10 21/31", 42_710L)));
    }

    [Test]
    public void E8_a_contract_of_29_February_keeps_its_anchor_day()
    {
        var anchor = new DateOnly(2028, 2, 29);
        Assert.That(Enumerable.Range(1, 11).Select(i => new ServiceMonths(anchor, 1).Boundary(i).Day), Is.All.EqualTo(29));
        Assert.That(new ServiceMonths(anchor, 1).End, Is.EqualTo(new DateOnly(2029, 2, 28)));
        Assert.That(new ServiceMonths(anchor, 2).Start, Is.EqualTo(new DateOnly(2029, 2, 28)));
        Assert.That(new ServiceMonths(anchor, 2).End, Is.EqualTo(new DateOnly(2030, 2, 28)));
        Assert.That(new ServiceMonths(anchor, 5).Start, Is.EqualTo(new DateOnly(2032, 2, 29)));
    }

    [TestCase(1, 1, 1, 2, 1)]
    [TestCase(-1, 1, 1, 2, -1)]
    [TestCase(1, 1, 49, 100, 0)]
    [TestCase(3, 1, 1, 2, 2)]
    [TestCase(-3, 1, 1, 2, -2)]
    [TestCase(4000, 5, 1, 31, 645)]
    public void BILL_4_rounds_once_half_away_from_zero(long unit, long quantity, long part, long of, long minor) =>
        Assert.That(MonthFraction.Of(0, part, of).Times(unit, quantity), Is.EqualTo(minor));

    [Test]
    public void BILL_4_is_exact_for_any_price_quantity_and_date([Values(11, 12, 13)] int seed)
    {
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var i = 0; i < 4000; i++)
        {
            var term = new ServiceMonths(new DateOnly(2024, 1, 1).AddDays(random.Next(1500)), random.Next(1, 12));
            var date = term.Start.AddDays(random.Next(term.Days));
            var policy = (ProrationPolicy)random.Next(3);
            var months = Proration.Remaining(term, date, policy);
            var (unit, quantity) = (random.NextInt64(TierPrice.Most), random.Next(1, QuoteRules.MostSeats));
            // Twice the exact amount plus one half, floored: the same rounding by another way, on integers of any size.
            var twice = (2 * new BigInteger(unit) * quantity * months.Numerator) + months.Denominator;
            Assert.That(new BigInteger(months.Times(unit, quantity)), Is.EqualTo(BigInteger.Divide(twice, 2 * months.Denominator)));
            Assert.That((decimal)months.Numerator / months.Denominator, Is.GreaterThan(0m).And.LessThanOrEqualTo(12m));
        }
    }

    [Test]
    public void Remaining_falls_with_every_day_of_a_term_and_is_whole_on_boundaries([Values] ProrationPolicy policy)
    {
        for (var day = 0; day < 1461; day += 7)
        {
            var term = new ServiceMonths(new DateOnly(2024, 1, 1).AddDays(day), 1 + (day % 6));
            decimal last = 13;
            for (var date = term.Start; date < term.End; date = date.AddDays(1))
            {
                var months = Proration.Remaining(term, date, policy);
                var value = (decimal)months.Numerator / months.Denominator;
                Assert.That(value, policy == ProrationPolicy.WholeMonth ? Is.LessThanOrEqualTo(last) : Is.LessThan(last), $"{term} {date:O}");
                last = value;
            }
            if (policy == ProrationPolicy.AnnualDays) continue;
            for (var i = 0; i < 12; i++)
                Assert.That(Proration.Remaining(term, term.Boundary(i), policy), Is.EqualTo(new MonthFraction(12 - i, 1)));
        }
    }

    [Test]
    public void A_purchase_split_into_parts_costs_the_same_within_half_a_minor_unit_per_line([Values(21, 22)] int seed)
    {
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var i = 0; i < 2000; i++)
        {
            var term = new ServiceMonths(new DateOnly(2025, 1, 1).AddDays(random.Next(800)), random.Next(1, 4));
            var months = Proration.Remaining(term, term.Start.AddDays(random.Next(term.Days)), (ProrationPolicy)random.Next(3));
            var unit = random.Next(1, 50_000);
            var parts = Enumerable.Range(0, random.Next(2, 8)).Select(_ => random.Next(1, 200)).ToList();
            var apart = parts.Sum(part => months.Times(unit, part));
            var together = months.Times(unit, parts.Sum());
            // One half for each line, those apart and the one together.
            Assert.That(Math.Abs(apart - together) * 2, Is.LessThanOrEqualTo(parts.Count + 1));
        }
    }

    [TestCase("0", 0, "JPY")]
    [TestCase("1.005", 1005, "KWD")]
    [TestCase("48000.00", 4_800_000, "USD")]
    [TestCase("40", 4000, "USD")]
    public void Amounts_are_read_and_written_in_minor_units(string text, long minor, string code)
    {
        var currency = new Currency(code);
        Assert.That((currency.TryRead(text, long.MaxValue, out var read), read), Is.EqualTo((true, minor)));
        Assert.That(currency.TryRead(currency.Text(minor), long.MaxValue, out read) ? read : -1, Is.EqualTo(minor));
    }

    [TestCase("")]
    [TestCase("-1.00")]
    [TestCase("1.001")]
    [TestCase("1,00")]
    [TestCase("1e3")]
    [TestCase(".5")]
    [TestCase("5.")]
    [TestCase("1.0.0")]
    [TestCase("99999999999999999999999")]
    [TestCase("٣.00")]
    public void What_is_no_amount_is_not_read(string text) => Assert.That(new Currency("USD").TryRead(text, long.MaxValue, out _), Is.False);

    [Test]
    public void CON_5_the_first_instant_of_a_date_is_the_first_that_has_this_date(
        [Values("UTC", "Europe/Paris", "America/New_York", "America/Havana", "Asia/Beirut", "Africa/Cairo", "Pacific/Chatham", "Pacific/Apia", "America/Santiago",
            "Atlantic/Azores", "Asia/Kathmandu", "Australia/Lord_Howe")] string zone)
    {
        var info = BillingZone.Of(zone);
        // The oracle walks through every quarter of an hour of three years and notes when a date is seen first.
        var first = new Dictionary<DateOnly, DateTimeOffset>();
        for (var at = new DateTimeOffset(2023, 12, 30, 0, 0, 0, TimeSpan.Zero); at.Year < 2027; at = at.AddMinutes(15))
            first.TryAdd(DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(at, info).DateTime), at);
        foreach (var (date, at) in first.Skip(2)) Assert.That(BillingZone.FirstInstant(date, info), Is.EqualTo(at), $"{date:O} in {zone}");
    }

    private static DateOnly Date(string text) => Dates.TryParse(text, out var date) ? date : throw new FormatException(text);
}
