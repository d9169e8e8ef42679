using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Core;

/// <summary>The waiting list (SEAT-12), seats set aside, wishes, and holds (SEAT-2, TIME-4).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class SeatQueueTests(string engine) : CoreTests(engine)
{
    [Test]
    public async Task SEAT_12_a_freed_seat_goes_to_the_one_who_waits_longest()
    {
        var org = await Stack.OrganizationAsync(ProvisioningMode.Scim, (Standard, 10, 1));
        var seated = Ok(await Stack.PushAsync(org, "seated"));
        var ids = new List<MemberId>();
        for (var i = 0; i < 3; i++) ids.Add(Ok(await Stack.PushAsync(org, $"w{i}")).Member!.Member.Id);
        Ok(await Stack.DeleteAsync(org, seated.Entry.Id));
        Assert.That(await StatusAsync(org, ids), Is.EqualTo(new[] { "assigned:standard", "waiting", "waiting" }));
        Ok(await Stack.BuyAsync(org, (Standard, 10, 2)));
        Assert.That(await StatusAsync(org, ids), Is.EqualTo(new[] { "assigned:standard", "assigned:standard", "waiting" }));
    }

    [Test]
    public async Task SEAT_12_who_leaves_the_list_and_comes_back_stands_at_its_end()
    {
        var org = await Stack.OrganizationAsync(ProvisioningMode.Scim, (Standard, 10, 1));
        var seated = Ok(await Stack.PushAsync(org, "seated"));
        var early = Ok(await Stack.PushAsync(org, "early"));
        var late = Ok(await Stack.PushAsync(org, "late"));
        Ok(await Stack.ActiveAsync(org, early.Entry.Id, false));
        Ok(await Stack.ActiveAsync(org, early.Entry.Id, true));
        Ok(await Stack.DeleteAsync(org, seated.Entry.Id));
        Assert.That(await StatusAsync(org, [early.Member!.Member.Id, late.Member!.Member.Id]), Is.EqualTo(new[] { "waiting", "assigned:standard" }));
    }

    [Test]
    public async Task SEAT_12_a_member_waiting_for_a_mapped_tier_is_served_from_that_tier_only()
    {
        var org = await Stack.ScimAsync(standard: 1, premium: 1);
        var a = Ok(await Stack.PushAsync(org, "a")).Member!.Member.Id;
        var waits = await EnterAsync(org, "mapped", new SeatWish(Premium, null));
        Assert.That((waits.Status, waits.DesiredTier), Is.EqualTo((SeatStatus.Waiting, Premium)), "although standard is free");
        Ok(await Stack.BuyAsync(org, (Standard, 10, 5)));
        Assert.That(await SitsAsync(org, waits.Member), Is.EqualTo("waiting"));
        Ok(await Stack.AdminAsync(org, a, new MemberCommand.Suspend()));
        Assert.That(await SitsAsync(org, waits.Member), Is.EqualTo("assigned:premium"));
    }

    [Test]
    public async Task SEAT_12_seated_members_who_want_a_higher_tier_come_after_all_waiting()
    {
        var org = await Stack.ScimAsync(standard: 1, premium: 0);
        var seated = Ok(await Stack.PushAsync(org, "seated")).Member!.Member.Id;
        var wishing = Ok(await Stack.AdminAsync(org, seated, new MemberCommand.Seat(Premium, Wait: true)));
        Assert.That((Sits(wishing.Seat), wishing.Seat.DesiredTier), Is.EqualTo(("assigned:standard", Premium)));
        var waits = Ok(await Stack.PushAsync(org, "waits")).Member!.Member.Id;
        Ok(await Stack.BuyAsync(org, (Premium, 20, 1)));
        Assert.That(await StatusAsync(org, [seated, waits]), Is.EqualTo(new[] { "assigned:standard", "assigned:premium" }));
        Ok(await Stack.BuyAsync(org, (Premium, 20, 2)));
        Assert.That(await SitsAsync(org, seated), Is.EqualTo("assigned:premium"));
        Assert.That((await Stack.PoolAsync(org, Standard)).Free, Is.EqualTo(1));
    }

    [Test]
    public async Task SEAT_12_above_the_batch_seats_are_set_aside_and_nobody_overtakes_until_the_job_has_run()
    {
        const int people = SeatEngine.DrainBatch + 50;
        var org = await Stack.OrganizationAsync(ProvisioningMode.Scim, (Standard, 10, 0));
        var ids = new List<MemberId>();
        foreach (var view in await Task.WhenAll(Enumerable.Range(0, people).Select(i => Stack.PushAsync(org, $"w{i}")))) ids.Add(Ok(view).Member!.Member.Id);
        Ok(await Stack.BuyAsync(org, (Standard, 10, people - 10)));
        var pool = await Stack.PoolAsync(org, Standard);
        Assert.That((pool.Assigned, pool.Queued, pool.Free), Is.EqualTo((SeatEngine.DrainBatch, 40, 0)));
        await Books.CheckAsync(Stack, "with seats aside");

        Refused<SeatDenied, SeatHold>(await HoldAsync(org, Ids.New<SeatHoldId>(Stack.Time), TimeSpan.FromDays(1)));
        var waiting = (await Stack.Database.ReadAsync(session => Stack.Seats.NeedingDrainAsync(session, Instants.Now(Stack.Time), 10), default)).ToList();
        Assert.That(waiting, Does.Contain(org.Id), "the job finds it");
        await Stack.DrainAsync(org);
        Assert.That(await StatusAsync(org, ids), Has.Exactly(people - 10).EqualTo("assigned:standard").And.Exactly(10).EqualTo("waiting"));
        Assert.That((await Stack.PoolAsync(org, Standard)).Queued, Is.Zero);
    }

    [Test]
    public async Task SEAT_12_a_newcomer_does_not_overtake_those_for_whom_seats_are_aside()
    {
        const int people = SeatEngine.DrainBatch + 20;
        var org = await Stack.OrganizationAsync(ProvisioningMode.Scim, (Standard, 10, 0));
        await Task.WhenAll(Enumerable.Range(0, people).Select(i => Stack.PushAsync(org, $"w{i}")));
        Ok(await Stack.BuyAsync(org, (Standard, 10, people)));
        var newcomer = Ok(await Stack.PushAsync(org, "newcomer")).Member!.Member.Id;
        Assert.That(await SitsAsync(org, newcomer), Is.EqualTo("waiting"));
        var pool = await Stack.PoolAsync(org, Standard);
        Assert.That((pool.Assigned, pool.Queued), Is.EqualTo((people, 0)), "the newcomer's request drained the rest of the queue first");
    }

    [Test]
    public async Task SEAT_12_two_hundred_people_waiting_for_a_full_tier_do_not_block_those_who_want_another()
    {
        var org = await Stack.ScimAsync(standard: 0, premium: 0);
        await EnterManyAsync(org, SeatEngine.DrainBatch + 5, new SeatWish(Premium, null));
        var last = Ok(await Stack.PushAsync(org, "last")).Member!.Member.Id;
        Ok(await Stack.BuyAsync(org, (Standard, 10, 1)));
        await Stack.DrainAsync(org);
        Assert.That(await SitsAsync(org, last), Is.EqualTo("assigned:standard"));
    }

    [Test]
    public async Task SEAT_12_two_hundred_people_waiting_for_a_full_tier_do_not_block_upgrades_nor_do_upgrades_overtake_them()
    {
        var org = await Stack.OrganizationAsync(ProvisioningMode.Scim, ("gold", 30, 0), (Premium, 20, 0), (Standard, 10, 1));
        var seated = Ok(await Stack.PushAsync(org, "seated")).Member!.Member.Id;
        Ok(await Stack.AdminAsync(org, seated, new MemberCommand.Seat("gold", Wait: true)));
        await EnterManyAsync(org, SeatEngine.DrainBatch + 5, new SeatWish(Premium, null));
        var standard = await EnterAsync(org, "standard", new SeatWish(Standard, null));
        Ok(await Stack.BuyAsync(org, ("gold", 30, 1)));
        Assert.That(await StatusAsync(org, [seated, standard.Member]), Is.EqualTo(new[] { "assigned:gold", "assigned:standard" }));
    }

    [Test]
    public async Task SEAT_12_wishes_that_cannot_be_served_do_not_hide_those_that_can()
    {
        const int people = SeatEngine.DrainBatch + 5;
        var org = await Stack.OrganizationAsync(ProvisioningMode.Scim, ("gold", 30, 0), (Premium, 20, 0), (Standard, 10, people + 1));
        foreach (var view in await Task.WhenAll(Enumerable.Range(0, people).Select(i => Stack.PushAsync(org, $"u{i}"))))
            Ok(await Stack.AdminAsync(org, Ok(view).Member!.Member.Id, new MemberCommand.Seat("gold", Wait: true)));
        var last = Ok(await Stack.PushAsync(org, "last")).Member!.Member.Id;
        Ok(await Stack.AdminAsync(org, last, new MemberCommand.Seat(Premium, Wait: true)));
        Ok(await Stack.BuyAsync(org, (Premium, 20, 1)));
        Assert.That(await SitsAsync(org, last), Is.EqualTo("assigned:premium"));
    }

    [Test]
    public async Task SEAT_2_a_hold_takes_a_seat_and_becomes_the_assignment_never_counted_twice()
    {
        var org = await Stack.OrganizationAsync(ProvisioningMode.Scim, (Standard, 10, 1));
        var hold = Ids.New<SeatHoldId>(Stack.Time);
        Assert.That(Ok(await HoldAsync(org, hold, TimeSpan.FromDays(21))).Tier, Is.EqualTo(Standard));
        var invited = await Stack.MemberAsync(org, "invited");
        Assert.That(Sits(invited.Seat), Is.EqualTo("waiting"));
        var seat = Ok(await Stack.UnitAsync(scope => Stack.Engine.ConvertHoldAsync(scope, org.Id, hold, invited.Seat)));
        Assert.That(Sits(seat), Is.EqualTo("assigned:standard"));
        var pool = await Stack.PoolAsync(org, Standard);
        Assert.That((pool.Assigned, pool.Held), Is.EqualTo((1, 0)));
        Refused<NotFound, MemberSeat>(await Stack.UnitAsync(scope => Stack.Engine.ConvertHoldAsync(scope, org.Id, hold, invited.Seat)));
        Assert.That(Ok(await Stack.UnitAsync<bool>(async scope => await Stack.Engine.ReleaseHoldAsync(scope, org.Id, hold))), Is.False, "it is gone already");
    }

    [Test]
    public async Task TIME_4_an_expired_hold_holds_no_seat_even_before_the_sweep()
    {
        var org = await Stack.OrganizationAsync(ProvisioningMode.Scim, (Standard, 10, 1));
        var hold = Ids.New<SeatHoldId>(Stack.Time);
        Ok(await HoldAsync(org, hold, TimeSpan.FromDays(21)));
        Stack.Time.Advance(TimeSpan.FromDays(21) - TimeSpan.FromSeconds(1));
        Assert.That(Sits(Ok(await Stack.PushAsync(org, "too early")).Member!.Seat), Is.EqualTo("waiting"));
        Stack.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.That(Sits(Ok(await Stack.PushAsync(org, "in time")).Member!.Seat), Is.EqualTo("waiting"), "the other one waits longer");
        Assert.That((await Stack.PoolAsync(org, Standard)).Assigned, Is.EqualTo(1));
        Refused<NotFound, MemberSeat>(await Stack.UnitAsync(scope =>
            Stack.Engine.ConvertHoldAsync(scope, org.Id, hold, MemberSeat.NewFor(Ids.New<MemberId>(Stack.Time)))));
    }

    [Test]
    public async Task TIME_4_an_expired_hold_is_repaired_for_every_path([Values("push", "sign in", "move", "swap", "hold", "drain")] string path)
    {
        var org = await Stack.OrganizationAsync(ProvisioningMode.ScimAndJit, (Standard, 10, 1));
        var member = await Stack.MemberAsync(org, "someone", seated: true);
        Ok(await Stack.AdminAsync(org, member.Member.Id, new MemberCommand.Unassign()));
        Ok(await HoldAsync(org, Ids.New<SeatHoldId>(Stack.Time), TimeSpan.FromDays(1)));
        Stack.Time.Advance(TimeSpan.FromDays(1));
        var assigned = path switch
        {
            "push" => Sits(Ok(await Stack.PushAsync(org, "new")).Member!.Seat) == "assigned:standard",
            "sign in" => (await Stack.SignInAsync(org, "new", $"new@{org.Slug}.example")).Allowed,
            "move" => Sits(Ok(await Stack.AdminAsync(org, member.Member.Id, new MemberCommand.Seat(Standard, false))).Seat) == "assigned:standard",
            "swap" => Ok(await Stack.SwapAsync(org, (member.Member.Id, Standard))).Count == 1,
            "hold" => (await HoldAsync(org, Ids.New<SeatHoldId>(Stack.Time), TimeSpan.FromDays(1))).IsOk,
            _ => await Stack.DrainAsync(org) is [] && (await Stack.PoolAsync(org, Standard)).Free == 1,
        };
        Assert.That(assigned, Is.True);
    }

    [Test]
    public async Task A_move_finds_the_member_seated_by_the_repair_it_made()
    {
        var org = await Stack.OrganizationAsync(ProvisioningMode.Scim, (Standard, 10, 1));
        Ok(await HoldAsync(org, Ids.New<SeatHoldId>(Stack.Time), TimeSpan.FromDays(1)));
        var waits = Ok(await Stack.PushAsync(org, "waits")).Member!.Member.Id;
        Stack.Time.Advance(TimeSpan.FromDays(1));
        Assert.That(Sits(Ok(await Stack.AdminAsync(org, waits, new MemberCommand.Seat(Standard, false))).Seat), Is.EqualTo("assigned:standard"));
    }

    private Task<Outcome<SeatHold>> HoldAsync(Organization org, SeatHoldId id, TimeSpan lasts) =>
        Stack.UnitAsync(scope => Stack.Engine.HoldAsync(scope, org.Id, id, null, scope.Now + lasts));

    private async Task<MemberSeat> EnterAsync(Organization org, string userName, SeatWish wish)
    {
        var member = (await Stack.MemberAsync(org, userName, seated: false)).Member;
        return Ok(await Stack.UnitAsync(async scope =>
        {
            await Stack.Members.UpdateAsync(scope.Session, member with { State = MemberState.Active, SuspendedBy = null });
            var seat = (await Stack.Seats.FindAsync(scope.Session, org.Id, member.Id))!;
            return await Stack.Engine.EnterAsync(scope, org.Id, seat, wish, NoSeatPolicy.Waiting, Target.Member(member.Id));
        }));
    }

    private async Task EnterManyAsync(Organization org, int people, SeatWish wish)
    {
        for (var i = 0; i < people; i++) await EnterAsync(org, $"many{i}", wish);
    }

    private async Task<IReadOnlyList<string>> StatusAsync(Organization org, IReadOnlyList<MemberId> ids)
    {
        var all = await Stack.Database.ReadAsync(session => Stack.Members.FindManyAsync(session, org.Id, [.. ids]), default);
        var byId = all.ToDictionary(member => member.Member.Id, member => Sits(member.Seat));
        return [.. ids.Select(id => byId[id])];
    }
}
