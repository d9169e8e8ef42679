using System.Numerics;
using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Organizations;
using Provisioning.Tests.Core;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Contracts;

/// <summary>
/// Ten years of organisations whose contracts begin on awkward days in awkward zones, against an oracle that counts calendar days one
/// by one and knows nothing of the code under test (rules CON-4, CON-5, BILL-2, BILL-3, REN-2, SEAT-6).
/// </summary>
public sealed class TenYearsTests() : ContractCore(TestDatabase.Sqlite)
{
    private static readonly (string Start, string Zone, ProrationPolicy Policy)[] Customers =
    [
        ("2026-01-28", "UTC", ProrationPolicy.ServiceMonth), ("2026-01-29", "Europe/Paris", ProrationPolicy.ServiceMonth),
        ("2026-01-30", "America/Los_Angeles", ProrationPolicy.WholeMonth), ("2026-01-31", "Pacific/Kiritimati", ProrationPolicy.ServiceMonth),
        ("2026-03-31", "America/Havana", ProrationPolicy.AnnualDays), ("2028-02-29", "Asia/Beirut", ProrationPolicy.ServiceMonth),
        ("2028-02-29", "Pacific/Pago_Pago", ProrationPolicy.AnnualDays), ("2028-02-28", "Australia/Lord_Howe", ProrationPolicy.ServiceMonth),
    ];

    [Test]
    public async Task Seats_and_invoices_of_ten_years_are_those_of_the_oracle([Values(41)] int seed)
    {
        await TestContext.Out.WriteLineAsync($"seed {seed}");
        var random = new Random(seed);
        var oracles = new List<(Organization Organization, Oracle Oracle)>();
        var now = new DateTimeOffset(2026, 1, 27, 0, 0, 0, TimeSpan.Zero);
        while (now.Year < 2036)
        {
            now += random.Next(3) == 0 ? NearMidnight(now, random) : TimeSpan.FromHours(random.Next(1, 30 * 24));
            Desk.At(now.ToString("O"));
            await Desk.RunJobAsync();
            foreach (var (_, oracle) in oracles) oracle.Renew(now);
            foreach (var (start, zone, policy) in Customers.Skip(oracles.Count).TakeWhile(customer => Oracle.LocalDate(now, customer.Zone) >= Date(customer.Start)).ToList())
            {
                var organization = await Desk.OrganizationAsync(zone);
                Ok(await Desk.SignAsync(organization, ContractDesk.New(start, 20, premium: 1, change: conditions => conditions with { Proration = policy })));
                oracles.Add((organization, new Oracle(Date(start), zone, policy, 20, 1)));
            }
            foreach (var (organization, oracle) in oracles.Where(_ => random.Next(4) == 0)) await ActAsync(organization, oracle, now, random);
        }
        foreach (var (organization, oracle) in oracles)
        {
            oracle.Renew(now);
            var invoices = await Desk.InvoicesAsync(organization);
            Assert.That(invoices.Select(invoice => (invoice.Kind, invoice.Start, invoice.End, invoice.Total.Minor)), Is.EqualTo(oracle.Invoices), oracle.ToString());
            Assert.That(await Desk.PurchasedAsync(organization), Is.EqualTo((oracle.Standard, oracle.Premium)), oracle.ToString());
        }
        Assert.That(oracles.Sum(item => item.Oracle.Invoices.Count), Is.GreaterThan(200), "enough happened");
    }

    /// <summary>To within seconds of a midnight somewhere in the next two days.</summary>
    private static TimeSpan NearMidnight(DateTimeOffset now, Random random)
    {
        var zone = BillingZone.Of(Customers[random.Next(Customers.Length)].Zone);
        var date = DateOnly.FromDateTime(now.UtcDateTime).AddDays(2);
        var local = date.ToDateTime(TimeOnly.MinValue);
        return new DateTimeOffset(local, zone.GetUtcOffset(local)) - now + TimeSpan.FromSeconds(random.Next(-2, 3));
    }

    private async Task ActAsync(Organization organization, Oracle oracle, DateTimeOffset now, Random random)
    {
        if (oracle.FreeSeats > 0 && random.Next(2) == 0)
        {
            Ok(await Stack.PushAsync(organization, $"p{oracle.People}"));
            oracle.Arrive();
            return;
        }
        List<QuoteChange> changes = [];
        if (random.Next(2) == 0) changes.Add(ContractDesk.Add(Standard, random.Next(1, 4)));
        if (random.Next(2) == 0) changes.Add(ContractDesk.Add(Premium, random.Next(1, 3)));
        if (oracle.FreeStandard > 0 && random.Next(2) == 0) changes.Add(ContractDesk.Upgrade(1));
        if (changes.Count == 0) return;
        oracle.Buy(now, changes.Where(change => change.From is null && change.Tier == Standard).Sum(change => change.Quantity),
            changes.Where(change => change.From is null && change.Tier == Premium).Sum(change => change.Quantity), changes.Count(change => change.From is not null));
        await Desk.BuyAsync(organization, [.. changes]);
    }

    private static DateOnly Date(string text) => Dates.TryParse(text, out var date) ? date : throw new FormatException(text);

    /// <summary>The contract as a clerk with a calendar would keep it. Prices: standard 40.00, premium 100.00.</summary>
    private sealed class Oracle
    {
        private readonly DateOnly anchor;
        private readonly string zone;
        private readonly ProrationPolicy policy;
        private int term = 1;
        private int standardInUse;
        private int premiumInUse;

        public Oracle(DateOnly anchor, string zone, ProrationPolicy policy, int standard, int premium)
        {
            (this.anchor, this.zone, this.policy, Standard, Premium) = (anchor, zone, policy, standard, premium);
            Invoices.Add((InvoiceKind.TermStart, Month(0), Month(12), Year(standard, premium)));
        }

        public int Standard { get; private set; }
        public int Premium { get; private set; }
        public int People { get; private set; }
        public int FreeStandard => Standard - standardInUse;
        public int FreeSeats => FreeStandard + Premium - premiumInUse;
        public List<(InvoiceKind Kind, DateOnly Start, DateOnly End, long Total)> Invoices { get; } = [];

        public static DateOnly LocalDate(DateTimeOffset now, string zone) =>
            DateOnly.FromDateTime(TimeZoneInfo.ConvertTimeBySystemTimeZoneId(now.UtcDateTime, "UTC", zone));

        public void Renew(DateTimeOffset now)
        {
            while (LocalDate(now, zone) >= Month(12 * term))
            {
                (Standard, Premium) = (standardInUse, premiumInUse);
                if (Standard + Premium < 20) Standard = 20 - Premium;
                term++;
                Invoices.Add((InvoiceKind.Renewal, Month(12 * (term - 1)), Month(12 * term), Year(Standard, Premium)));
            }
        }

        /// <summary>The highest tier with a seat.</summary>
        public void Arrive()
        {
            People++;
            if (Premium > premiumInUse) premiumInUse++;
            else standardInUse++;
        }

        public void Buy(DateTimeOffset now, int standard, int premium, int upgraded)
        {
            var today = LocalDate(now, zone);
            var end = Month(12 * term);
            long total = 0;
            if (standard > 0) total += Amount(4000, standard, today);
            if (premium > 0) total += Amount(10_000, premium, today);
            if (upgraded > 0) total += Amount(6000, upgraded, today);
            Standard += standard - upgraded;
            Premium += premium + upgraded;
            Invoices.Add((InvoiceKind.SeatChange, today, end, total));
        }

        public override string ToString() => $"{anchor:O} {zone} {policy}";

        private static long Year(int standard, int premium) => 12L * ((4000L * standard) + (10_000L * premium));

        /// <summary>Day by day: how many days of the month of service are left, then whole months.</summary>
        private long Amount(long unit, int quantity, DateOnly today)
        {
            var month = 12 * (term - 1);
            while (Month(month + 1) <= today) month++;
            int left = 0, days = 0;
            for (var day = Month(month); day < Month(month + 1); day = day.AddDays(1))
            {
                days++;
                if (day >= today) left++;
            }
            var whole = (12 * term) - month - 1;
            BigInteger over = unit * quantity, under = 1;
            if (policy == ProrationPolicy.ServiceMonth) (over, under) = (over * ((whole * days) + left), days);
            else if (policy == ProrationPolicy.WholeMonth) over *= whole + 1;
            else
            {
                int termDays = 0, termLeft = 0;
                for (var day = Month(12 * (term - 1)); day < Month(12 * term); day = day.AddDays(1))
                {
                    termDays++;
                    if (day >= today) termLeft++;
                }
                (over, under) = (over * 12 * termLeft, termDays);
            }
            return (long)BigInteger.Divide((2 * over) + under, 2 * under);
        }

        /// <summary>The day of the month of the contract's start, or the last day of a month that has no such day.</summary>
        private DateOnly Month(int index)
        {
            int year = anchor.Year, month = anchor.Month;
            for (var i = 0; i < index; i++)
            {
                month++;
                if (month == 13) (year, month) = (year + 1, 1);
            }
            var last = month switch
            {
                2 => year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28, 4 or 6 or 9 or 11 => 30, _ => 31,
            };
            return new DateOnly(year, month, anchor.Day < last ? anchor.Day : last);
        }
    }
}
