using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Seats;

namespace Provisioning.Tests.Core;

/// <summary>The pure rules: what to try, and who is served when.</summary>
public sealed class SeatRulesTests
{
    private static readonly AdjustableTime Time = new();
    private static readonly IReadOnlyDictionary<string, int> Nobody = new Dictionary<string, int>();

    [Test]
    public void SEAT_4_without_a_mapped_tier_the_highest_is_tried_first() =>
        Assert.That(Tried(SeatWish.Highest), Is.EqualTo(new[] { "gold", "silver", "bronze" }));

    [Test]
    public void SEAT_4_a_mapped_tier_is_the_only_one_tried() =>
        Assert.That(Tried(new SeatWish("silver", "gold")), Is.EqualTo(new[] { "silver" }));

    [Test]
    public void SEAT_10_who_comes_back_tries_the_tier_held_last_then_the_highest()
    {
        Assert.That(Tried(new SeatWish(null, "bronze")), Is.EqualTo(new[] { "bronze", "gold", "silver" }));
        Assert.That(Tried(new SeatWish(null, "no longer sold")), Is.EqualTo(new[] { "gold", "silver", "bronze" }));
    }

    [Test]
    public void SEAT_12_the_waiting_are_served_in_order_each_the_best_there_is()
    {
        MemberSeat first = Waiting(null), second = Waiting(null), third = Waiting(null);
        var plan = SeatRules.PlanDrain(Pools(1, 0, 1), [first, second, third], Nobody, []);
        Assert.That(Grants(plan), Is.EqualTo(new[] { (first.Member, "gold"), (second.Member, "bronze") }));
    }

    [Test]
    public void SEAT_12_who_waits_for_a_mapped_tier_is_passed_over_until_it_is_free()
    {
        MemberSeat mapped = Waiting("gold"), any = Waiting(null);
        Assert.That(Grants(SeatRules.PlanDrain(Pools(0, 1, 0), [mapped, any], Nobody, [])), Is.EqualTo(new[] { (any.Member, "silver") }));
        Assert.That(Grants(SeatRules.PlanDrain(Pools(1, 0, 0), [mapped, any], Nobody, [])), Is.EqualTo(new[] { (mapped.Member, "gold") }));
    }

    [Test]
    public void SEAT_12_upgrades_come_after_all_waiting_and_what_they_leave_serves_the_waiting_before_the_next_upgrade()
    {
        MemberSeat waits = Waiting("silver"), silver = Seated("silver", "gold"), bronze = Seated("bronze", "silver");
        var plan = SeatRules.PlanDrain(Pools(1, 0, 0), [waits], Nobody, [bronze, silver]);
        Assert.That(Grants(plan), Is.EqualTo(new[] { (silver.Member, "gold"), (waits.Member, "silver") }));
    }

    [Test]
    public void SEAT_12_a_chain_of_upgrades_runs_to_its_end()
    {
        MemberSeat silver = Seated("silver", "gold"), bronze = Seated("bronze", "silver");
        var plan = SeatRules.PlanDrain(Pools(1, 0, 0), [], Nobody, [bronze, silver]);
        Assert.That(Grants(plan), Is.EqualTo(new[] { (silver.Member, "gold"), (bronze.Member, "silver") }));
    }

    [Test]
    public void SEAT_9_a_wish_for_a_lower_tier_is_never_served_by_a_drain() =>
        Assert.That(SeatRules.PlanDrain(Pools(5, 5, 5), [], Nobody, [Seated("gold", "bronze")]).Grants, Is.Empty);

    [Test]
    public void SEAT_12_for_those_not_loaded_seats_stay_aside_the_mapped_first_and_no_more_than_there_are_people()
    {
        var more = new Dictionary<string, int> { [""] = 2, ["silver"] = 1 };
        var plan = SeatRules.PlanDrain(Pools(1, 3, 5), [], more, []);
        Assert.That(plan.Queued, Is.EqualTo(new Dictionary<string, int> { ["gold"] = 1, ["silver"] = 2, ["bronze"] = 0 }));
    }

    [Test]
    public void SEAT_12_seats_set_aside_before_are_handed_out_and_no_longer_aside()
    {
        var waits = Waiting(null);
        var pool = new SeatPool("gold", 30, [], 1, 0, 0, 1);
        var plan = SeatRules.PlanDrain([pool], [waits], Nobody, []);
        Assert.That(Grants(plan), Is.EqualTo(new[] { (waits.Member, "gold") }));
        Assert.That(plan.Queued["gold"], Is.Zero);
    }

    private static IEnumerable<string> Tried(SeatWish wish) => SeatRules.Candidates(Pools(1, 1, 1), wish).Select(pool => pool.Tier);

    private static SeatPool[] Pools(int gold, int silver, int bronze) =>
        [new("gold", 30, [], gold, 0, 0, 0), new("silver", 20, [], silver, 0, 0, 0), new("bronze", 10, [], bronze, 0, 0, 0)];

    private static MemberSeat Waiting(string? tier) =>
        new(Ids.New<MemberId>(Time), SeatStatus.Waiting, null, tier, null, Time.GetUtcNow());

    private static MemberSeat Seated(string tier, string desired) =>
        new(Ids.New<MemberId>(Time), SeatStatus.Assigned, tier, desired, tier, null);

    private static IEnumerable<(MemberId, string)> Grants(DrainPlan plan) => plan.Grants.Select(grant => (grant.Before.Member, grant.Tier));
}
