using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Spend;

namespace Provisioning.Tests.Spend;

/// <summary>What tokens cost (rules PRICE-1, PRICE-2; example E16).</summary>
public sealed class UsageCostTests
{
    private static readonly Currency Usd = new("USD");

    private static Price Of(TokenRates rates, long multiplier = Price.ListMultiplier) => new(
        new ModelPrice(default, "m1", Usd, DateTimeOffset.UnixEpoch, rates, new UsageCost(1), DateTimeOffset.UnixEpoch), multiplier);

    /// <summary>3.00, 15.00, 3.75 and 0.30 per million.</summary>
    private static readonly TokenRates Usual = new(3_000_000, 15_000_000, 3_750_000, 300_000);

    [Test]
    public void E16_every_kind_of_token_at_its_rate()
    {
        Assert.That(Of(Usual).CostOf(new TokenCounts(12_000, 1_500, 20_000, 180_000)).Value.Text(), Is.EqualTo("0.187500"));
    }

    [Test]
    public void PRICE_2_a_token_is_counted_exactly_and_six_decimals_are_shown()
    {
        var one = Of(new TokenRates(1, 0, 0, 0)).CostOf(new TokenCounts(1, 0)).Value;
        Assert.That((one.Narrow, one.Text()), Is.EqualTo((1L, "0.000000")));
        Assert.That(new UsageCost(500_000).Text(), Is.EqualTo("0.000001"));
        Assert.That(new UsageCost(-500_000).Text(), Is.EqualTo("-0.000001"));
        Assert.That(Of(Usual).CostOf(new TokenCounts(1_000_003, 0)).Value.Narrow, Is.EqualTo(3_000_009_000_000));
    }

    [Test]
    public void PRICE_2_a_multiplier_is_applied_to_the_sum_and_rounded_once()
    {
        Assert.That(Of(Usual, 900_000).CostOf(new TokenCounts(12_000, 1_500, 20_000, 180_000)).Value.Text(), Is.EqualTo("0.168750"));
        Assert.That(Of(new TokenRates(1, 0, 0, 0), 500_000).CostOf(new TokenCounts(1, 0)).Value.Narrow, Is.EqualTo(1), "half a unit, away from zero");
        Assert.That(Of(new TokenRates(1, 0, 0, 0), 499_999).CostOf(new TokenCounts(1, 0)).Value.Narrow, Is.Zero);
    }

    [Test]
    public void More_than_a_million_at_once_is_refused_and_nothing_overflows()
    {
        var most = Of(new TokenRates(TokenRates.Most, TokenRates.Most, TokenRates.Most, TokenRates.Most), Price.MostMultiplier);
        var refused = most.CostOf(new TokenCounts(TokenCounts.Most, TokenCounts.Most, TokenCounts.Most, TokenCounts.Most));
        Assert.That(refused.Error, Is.InstanceOf<InvalidValue>());
        Assert.That(Of(Usual).CostOf(new TokenCounts(333_333_333_333, 0)).Value.Text(), Is.EqualTo("999999.999999"));
    }

    [Test]
    public void Rounding_to_the_minor_unit_is_half_away_from_zero()
    {
        Assert.That(new UsageCost(5_000_000_000).ToMinor(Usd), Is.EqualTo(1));
        Assert.That(new UsageCost(4_999_999_999).ToMinor(Usd), Is.Zero);
        Assert.That(new UsageCost(-5_000_000_000).ToMinor(Usd), Is.EqualTo(-1));
        Assert.That(new UsageCost(1_499_999_999_999).ToMinor(new Currency("JPY")), Is.EqualTo(1));
        Assert.That(UsageCost.OfMinor(250, Usd).Text(), Is.EqualTo("2.500000"));
        Assert.That(UsageCost.OfMinor(long.MaxValue, Usd).Text(), Is.EqualTo("92233720368547758.070000"));
    }

    [TestCase("1000000", 0, 1_000_000_000_000_000_000)]
    [TestCase("1000000.000000000001", 1_000_000, 1)]
    [TestCase("123456789012.25", 123_456_789_012, 250_000_000_000)]
    public void A_sum_of_any_size_is_kept_exactly_in_two_columns(string text, long whole, long part)
    {
        Assert.That(UsageCost.TryParse(text, UsageCost.OfMinor(long.MaxValue, Usd), out var sum), Is.True);
        Assert.That(sum.Wide, Is.EqualTo((whole, part)));
        Assert.That(UsageCost.Of(whole, part), Is.EqualTo(sum));
        Assert.That(UsageCost.Of(sum.Wide.Whole - 3, sum.Wide.Part + (3 * UsageCost.PerOne)), Is.EqualTo(sum), "whatever was added to either");
        Assert.That(new UsageCost(-sum.Units).Wide, Is.EqualTo((-whole, -part)));
    }

    [TestCase("0.187500", 187_500_000_000)]
    [TestCase("1", 1_000_000_000_000)]
    [TestCase("0.000000000001", 1)]
    public void An_amount_is_read_exactly(string text, long units)
    {
        Assert.That((UsageCost.TryParse(text, UsageCost.MostAtOnce, out var cost), cost.Narrow), Is.EqualTo((true, units)));
    }

    [TestCase("-1")]
    [TestCase("1e3")]
    [TestCase("0.0000000000001")]
    [TestCase("1000000.000001")]
    [TestCase(".5")]
    [TestCase("")]
    public void What_is_no_amount_is_refused(string text)
    {
        Assert.That(UsageCost.TryParse(text, UsageCost.MostAtOnce, out _), Is.False);
    }
}
