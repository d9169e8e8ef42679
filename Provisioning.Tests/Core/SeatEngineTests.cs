using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Core;

/// <summary>SEAT-1 to SEAT-13 and SEAT-16 on the real stack.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class SeatEngineTests(string engine) : CoreTests(engine)
{
    [Test]
    public async Task SEAT_1_a_member_holds_one_seat_whatever_the_number_of_paths()
    {
        var org = await Stack.OrganizationAsync(ProvisioningMode.ScimAndJit, (Standard, 10, 5), (Premium, 20, 5));
        var email = $"ann@{org.Slug}.example";
        var pushed = Ok(await Stack.PushAsync(org, email));
        await Stack.SignInAsync(org, "sub-ann", email);
        Ok(await Stack.ActiveAsync(org, pushed.Entry.Id, true));
        Ok(await Stack.AdminAsync(org, pushed.Member!.Member.Id, new MemberCommand.Seat(Premium, false)));
        Assert.That((await Stack.PoolAsync(org, Premium)).Assigned, Is.EqualTo(1));
        Assert.That((await Stack.PoolAsync(org, Standard)).Assigned, Is.Zero);
    }

    [Test]
    public async Task SEAT_3_every_path_meets_the_same_full_pool()
    {
        var org = await Stack.OrganizationAsync(ProvisioningMode.ScimAndJit, (Standard, 10, 1));
        var first = Ok(await Stack.PushAsync(org, "first")).Member!.Member.Id;
        var second = Ok(await Stack.PushAsync(org, "second")).Member!.Member.Id;
        Assert.That(await SitsAsync(org, second), Is.EqualTo("waiting"));
        Assert.That((await Stack.SignInAsync(org, "third", $"third@{org.Slug}.example")).Reason, Is.EqualTo("seat_unavailable"));
        Refused<SeatDenied, SeatedMember>(await Stack.AdminAsync(org, second, new MemberCommand.Seat(Standard, false)));
        Refused<SeatDenied, IReadOnlyList<SeatedMember>>(await Stack.SwapAsync(org, (second, Standard)));
        Refused<SeatDenied, SeatHold>(await Stack.UnitAsync(scope =>
            Stack.Engine.HoldAsync(scope, org.Id, Ids.New<SeatHoldId>(Stack.Time), null, scope.Now.AddDays(21))));
        Assert.That(await SitsAsync(org, first), Is.EqualTo("assigned:standard"));
    }

    [Test]
    public async Task SEAT_4_the_highest_tier_with_a_seat_is_given()
    {
        var org = await Stack.ScimAsync(standard: 1, premium: 1);
        Assert.That(Sits(Ok(await Stack.PushAsync(org, "a")).Member!.Seat), Is.EqualTo("assigned:premium"));
        Assert.That(Sits(Ok(await Stack.PushAsync(org, "b")).Member!.Seat), Is.EqualTo("assigned:standard"));
        Assert.That(Sits(Ok(await Stack.PushAsync(org, "c")).Member!.Seat), Is.EqualTo("waiting"));
    }

    [Test]
    public async Task SEAT_5_of_many_at_once_exactly_as_many_sit_as_there_are_seats()
    {
        var org = await Stack.ScimAsync(standard: 7, premium: 3);
        var pushed = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => Stack.PushAsync(org, $"u{i}")));
        Assert.That(pushed.GroupBy(view => Sits(Ok(view).Member!.Seat)).ToDictionary(group => group.Key, group => group.Count()),
            Is.EqualTo(new Dictionary<string, int> { ["assigned:premium"] = 3, ["assigned:standard"] = 7, ["waiting"] = 54 }));
    }

    [Test]
    public async Task SEAT_6_seats_are_added_or_upgraded_never_removed()
    {
        var org = await Stack.ScimAsync(standard: 5, premium: 5);
        Assert.That(Refused<Conflict, IReadOnlyList<SeatPool>>(await Stack.BuyAsync(org, (Standard, 10, 4))).Code, Is.EqualTo("seats_not_removable"));
        Assert.That(Refused<Conflict, IReadOnlyList<SeatPool>>(await Stack.BuyAsync(org, (Standard, 10, 7), (Premium, 20, 4))).Code, Is.EqualTo("seats_not_removable"));
        Ok(await Stack.BuyAsync(org, (Standard, 10, 3), (Premium, 20, 7)));
        Assert.That((await Stack.PoolAsync(org, Standard)).Purchased, Is.EqualTo(3));
        Refused<InvalidValue, IReadOnlyList<SeatPool>>(await Stack.BuyAsync(org, ("other", 20, 1)));
    }

    [Test]
    public async Task SEAT_6_an_upgrade_does_not_take_the_seat_from_under_somebody()
    {
        var org = await Stack.OrganizationAsync(ProvisioningMode.Scim, (Standard, 10, 2));
        Ok(await Stack.PushAsync(org, "a"));
        Ok(await Stack.PushAsync(org, "b"));
        Assert.That(Refused<Conflict, IReadOnlyList<SeatPool>>(await Stack.BuyAsync(org, (Standard, 10, 1), (Premium, 20, 1))).Code, Is.EqualTo("from_tier_in_use"));
    }

    [Test]
    public async Task SEAT_6_a_tier_named_twice_or_less_than_no_seats_are_refused()
    {
        var org = await Stack.ScimAsync(standard: 5, premium: 5);
        Refused<InvalidValue, IReadOnlyList<SeatPool>>(await Stack.BuyAsync(org, (Standard, 15, 5), (Standard, 10, 1)));
        Refused<InvalidValue, IReadOnlyList<SeatPool>>(await Stack.BuyAsync(org, ("other", 30, -1)));
        Assert.That((await Stack.PoolAsync(org, Standard)).Purchased, Is.EqualTo(5));
    }

    [Test]
    public async Task SEAT_7_an_exchange_names_each_member_once()
    {
        var org = await Stack.ScimAsync();
        var a = Ok(await Stack.PushAsync(org, "a")).Member!.Member.Id;
        Refused<InvalidValue, IReadOnlyList<SeatedMember>>(await Stack.SwapAsync(org, (a, Standard), (a, null)));
    }

    [Test]
    public async Task SEAT_7_a_move_frees_the_old_seat_in_the_same_unit_and_needs_one_of_the_target_tier()
    {
        var org = await Stack.ScimAsync(standard: 1, premium: 1);
        var a = Ok(await Stack.PushAsync(org, "a")).Member!.Member.Id;
        var b = Ok(await Stack.PushAsync(org, "b")).Member!.Member.Id;
        var c = Ok(await Stack.PushAsync(org, "c")).Member!.Member.Id;
        var denied = Refused<SeatDenied, SeatedMember>(await Stack.AdminAsync(org, a, new MemberCommand.Seat(Standard, false)));
        Assert.That(denied.Tier, Is.EqualTo(Standard));
        Assert.That(denied.Tiers.Select(use => (use.Tier, use.Free)), Is.EqualTo(new[] { (Standard, 0) }));
        Ok(await Stack.AdminAsync(org, b, new MemberCommand.Unassign()));
        Assert.That(await SitsAsync(org, c), Is.EqualTo("assigned:standard"), "the seat goes to the one who waits");
        Ok(await Stack.BuyAsync(org, (Premium, 20, 2)));
        Ok(await Stack.AdminAsync(org, c, new MemberCommand.Seat(Premium, false)));
        Assert.That(await SitsAsync(org, c), Is.EqualTo("assigned:premium"));
        Assert.That((await Stack.PoolAsync(org, Standard)).Free, Is.EqualTo(1));
        Refused<Unprocessable, SeatedMember>(await Stack.AdminAsync(org, c, new MemberCommand.Seat("gold", false)));
    }

    [Test]
    public async Task SEAT_7_two_members_exchange_seats_although_both_tiers_are_full()
    {
        var org = await Stack.ScimAsync(standard: 1, premium: 1);
        var a = Ok(await Stack.PushAsync(org, "a")).Member!.Member.Id;
        var b = Ok(await Stack.PushAsync(org, "b")).Member!.Member.Id;
        Ok(await Stack.SwapAsync(org, (a, Standard), (b, Premium)));
        Assert.That(await SitsAsync(org, a), Is.EqualTo("assigned:standard"));
        Assert.That(await SitsAsync(org, b), Is.EqualTo("assigned:premium"));
    }

    [Test]
    public async Task SEAT_7_an_exchange_counts_the_net_need_and_is_all_or_nothing()
    {
        var org = await Stack.ScimAsync(standard: 1, premium: 1);
        var a = Ok(await Stack.PushAsync(org, "a")).Member!.Member.Id;
        var b = Ok(await Stack.PushAsync(org, "b")).Member!.Member.Id;
        var c = Ok(await Stack.PushAsync(org, "c")).Member!.Member.Id;
        Refused<SeatDenied, IReadOnlyList<SeatedMember>>(await Stack.SwapAsync(org, (c, Premium), (a, Standard)));
        Assert.That(await SitsAsync(org, a), Is.EqualTo("assigned:premium"));
        var swapped = Ok(await Stack.SwapAsync(org, (c, Premium), (a, Standard), (b, null)));
        Assert.That(swapped.Select(member => Sits(member.Seat)), Is.EqualTo(new[] { "assigned:premium", "assigned:standard", "unassigned" }));
    }

    [Test]
    public async Task SEAT_7_an_exchange_takes_a_waiting_member_off_the_list()
    {
        var org = await Stack.OrganizationAsync(ProvisioningMode.Scim, (Standard, 10, 1));
        var a = Ok(await Stack.PushAsync(org, "a")).Member!.Member.Id;
        var b = Ok(await Stack.PushAsync(org, "b")).Member!.Member.Id;
        Ok(await Stack.SwapAsync(org, (b, null)));
        Assert.That(await SitsAsync(org, b), Is.EqualTo("unassigned"));
        Ok(await Stack.AdminAsync(org, a, new MemberCommand.Suspend()));
        Assert.That(await SitsAsync(org, b), Is.EqualTo("unassigned"), "SEAT-8: no drain");
    }

    [Test]
    public async Task SEAT_8_an_unassigned_member_stays_without_seat_and_is_not_drained()
    {
        var org = await Stack.OrganizationAsync(ProvisioningMode.Scim, (Standard, 10, 1));
        var a = Ok(await Stack.PushAsync(org, "a")).Member!.Member.Id;
        Ok(await Stack.AdminAsync(org, a, new MemberCommand.Unassign()));
        Assert.That(await Stack.DrainAsync(org), Is.Empty);
        Ok(await Stack.BuyAsync(org, (Standard, 10, 2)));
        var member = await Stack.FindAsync(org, a);
        Assert.That((Sits(member.Seat), member.Member.State, member.Seat.LastTier), Is.EqualTo(("unassigned", MemberState.Active, Standard)));
    }

    [Test]
    public async Task SEAT_9_nobody_loses_a_seat_so_that_another_gets_one()
    {
        var org = await Stack.ScimAsync(standard: 1, premium: 1);
        var a = Ok(await Stack.PushAsync(org, "a")).Member!.Member.Id;
        var b = Ok(await Stack.PushAsync(org, "b")).Member!.Member.Id;
        Ok(await Stack.PushAsync(org, "c"));
        Ok(await Stack.AdminAsync(org, b, new MemberCommand.Seat(Premium, Wait: true)));
        Assert.That(await SitsAsync(org, a), Is.EqualTo("assigned:premium"));
        Assert.That(await SitsAsync(org, b), Is.EqualTo("assigned:standard"), "who wants more keeps what there is");
    }

    [Test]
    public async Task SEAT_10_who_comes_back_gets_the_tier_held_last_then_the_highest_then_waits()
    {
        var org = await Stack.ScimAsync(standard: 2, premium: 2);
        var a = Ok(await Stack.PushAsync(org, "a"));
        var id = a.Member!.Member.Id;
        Ok(await Stack.AdminAsync(org, id, new MemberCommand.Seat(Standard, false)));
        Ok(await Stack.ActiveAsync(org, a.Entry.Id, false));
        Assert.That(Sits(Ok(await Stack.ActiveAsync(org, a.Entry.Id, true)).Member!.Seat), Is.EqualTo("assigned:standard"));
        Ok(await Stack.ActiveAsync(org, a.Entry.Id, false));
        var others = new List<EntryView>();
        for (var i = 0; i < 3; i++) others.Add(Ok(await Stack.PushAsync(org, $"o{i}")));
        Ok(await Stack.PushAsync(org, "o3"));
        Assert.That(Sits(Ok(await Stack.ActiveAsync(org, a.Entry.Id, true)).Member!.Seat), Is.EqualTo("waiting"));
        Ok(await Stack.ActiveAsync(org, a.Entry.Id, false));
        Ok(await Stack.DeleteAsync(org, others[0].Entry.Id));
        Assert.That(Sits(Ok(await Stack.ActiveAsync(org, a.Entry.Id, true)).Member!.Seat), Is.EqualTo("assigned:premium"));
    }

    [Test]
    public async Task SEAT_11_a_release_serves_the_waiting_in_the_same_unit([Values("deactivate", "delete", "suspend", "unassign", "remove", "release hold")] string how)
    {
        var org = await Stack.OrganizationAsync(ProvisioningMode.Scim, (Standard, 10, 2));
        var a = Ok(await Stack.PushAsync(org, "a"));
        var hold = Ids.New<SeatHoldId>(Stack.Time);
        Ok(await Stack.UnitAsync(scope => Stack.Engine.HoldAsync(scope, org.Id, hold, Standard, scope.Now.AddDays(21))));
        var waits = Ok(await Stack.PushAsync(org, "waits")).Member!.Member.Id;
        Assert.That(await SitsAsync(org, waits), Is.EqualTo("waiting"));
        var id = a.Member!.Member.Id;
        var done = how switch
        {
            "deactivate" => (await Stack.ActiveAsync(org, a.Entry.Id, false)).IsOk,
            "delete" => (await Stack.DeleteAsync(org, a.Entry.Id)).IsOk,
            "suspend" => (await Stack.AdminAsync(org, id, new MemberCommand.Suspend())).IsOk,
            "unassign" => (await Stack.AdminAsync(org, id, new MemberCommand.Unassign())).IsOk,
            "remove" => (await Stack.RemoveAsync(org, id)).IsOk,
            _ => Ok(await Stack.UnitAsync<bool>(async scope => await Stack.Engine.ReleaseHoldAsync(scope, org.Id, hold))),
        };
        Assert.That(done, Is.True);
        Assert.That(await SitsAsync(org, waits), Is.EqualTo("assigned:standard"));
    }

    [Test]
    public async Task SEAT_13_inactivity_changes_nothing()
    {
        var org = await Stack.OrganizationAsync(ProvisioningMode.Scim, (Standard, 10, 1));
        var a = Ok(await Stack.PushAsync(org, "a")).Member!.Member.Id;
        var b = Ok(await Stack.PushAsync(org, "b")).Member!.Member.Id;
        Stack.Time.Advance(TimeSpan.FromDays(3 * 365));
        await Stack.DrainAsync(org);
        Assert.That((await SitsAsync(org, a), await SitsAsync(org, b)), Is.EqualTo(("assigned:standard", "waiting")));
    }

    [Test]
    public async Task SEAT_16_product_access_needs_an_active_member_a_seat_and_a_term()
    {
        var org = await Stack.OrganizationAsync(ProvisioningMode.ScimAndJit, (Standard, 10, 1));
        var email = $"ann@{org.Slug}.example";
        Assert.That((await Stack.SignInAsync(org, "ann", email)).ProductAccess, Is.True);
        org = await Stack.ChangeAsync(org, before => before with { AccessUntil = Instants.Now(Stack.Time).AddDays(1) });
        Assert.That((await Stack.SignInAsync(org, "ann", email)).ProductAccess, Is.True);
        Stack.Time.Advance(TimeSpan.FromDays(2));
        Assert.That((await Stack.SignInAsync(org, "ann", email)).Reason, Is.EqualTo("term_inactive"));
    }

    [Test]
    public async Task Refusals_are_audited_with_how_full_the_tiers_were_and_entering_twice_changes_nothing()
    {
        var org = await Stack.OrganizationAsync(ProvisioningMode.Scim, (Standard, 10, 1));
        var a = Ok(await Stack.PushAsync(org, "a")).Member!;
        var again = Ok(await Stack.UnitAsync(scope =>
            Stack.Engine.EnterAsync(scope, org.Id, a.Seat, SeatWish.Highest, NoSeatPolicy.Reject, Provisioning.Core.Journal.Target.Member(a.Member.Id))));
        Assert.That(again, Is.EqualTo(a.Seat));
        Refused<SeatDenied, SeatHold>(await Stack.UnitAsync(scope =>
            Stack.Engine.HoldAsync(scope, org.Id, Ids.New<SeatHoldId>(Stack.Time), Standard, scope.Now.AddDays(1))));
        Assert.That(await Stack.AuditAsync(org, org.Id.ToString()), Does.Contain("seat.refused"));
    }
}
