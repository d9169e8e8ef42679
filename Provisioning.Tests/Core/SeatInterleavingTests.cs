using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;
using Provisioning.Core.Storage;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Core;

/// <summary>What another unit may write between a look and an act, put there on purpose; the books of seats are checked after each test.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class SeatInterleavingTests(string engine) : CoreTests(engine)
{
    [Test]
    public async Task SEAT_15_a_reservation_made_between_the_look_and_the_claim_is_not_overtaken([Values("enter", "hold")] string how)
    {
        var org = await Stack.OrganizationAsync(ProvisioningMode.Scim, (Standard, 10, 1));
        var group = Ok(await Stack.Groups.CreateAsync(org, CoreStack.Actor, GroupContent.Of(new JsonObject { ["displayName"] = "Kept" }), [], default));
        Ok(await Stack.UnitAsync<bool>(async scope => await Stack.Engine.ReserveAsync(scope, org.Id, [new SeatReservation(group.Id, Standard, 1)]), org));
        var ann = Ok(await Stack.PushAsync(org, "ann")).Member!;
        Assert.That(Sits(ann.Seat), Is.EqualTo("waiting"));
        var looks = 0;
        var late = new SeatEngine(Intercepted.Store<ISeatStore>(Stack.Seats, nameof(ISeatStore.PoolsAsync), read => Interlocked.Increment(ref looks) == 1
            ? BeforeAsync((Task<IReadOnlyList<SeatPool>>)read()!) : read()), new SessionStore());
        Error? refused = how == "enter"
            ? (await Stack.UnitAsync(scope => late.EnterAsync(scope, org.Id, ann.Seat, SeatWish.Highest, NoSeatPolicy.Reject, Target.Member(ann.Member.Id)), org)).Error
            : (await Stack.UnitAsync(scope => late.HoldAsync(scope, org.Id, Ids.New<SeatHoldId>(Stack.Time), null, scope.Now.AddDays(21)), org)).Error;
        Assert.That(refused, Is.InstanceOf<SeatDenied>());
        Assert.That((await Stack.PoolAsync(org, Standard)).Free, Is.EqualTo(1));
        Ok(await Stack.UnitAsync<bool>(async scope => await Stack.Engine.ReserveAsync(scope, org.Id, []), org));
        Assert.That(await SitsAsync(org, ann.Member.Id), Is.EqualTo("assigned:standard"), "once nothing is reserved");

        static async Task<IReadOnlyList<SeatPool>> BeforeAsync(Task<IReadOnlyList<SeatPool>> read) => [.. (await read).Select(pool => pool with { Reserved = 0 })];
    }

    [Test]
    public async Task SEAT_2_a_hold_that_cannot_be_converted_gives_its_seat_back_even_when_the_caller_goes_on([Values("seated", "over")] string why)
    {
        var org = await Stack.OrganizationAsync(ProvisioningMode.Scim, (Standard, 10, 3));
        var id = Ids.New<SeatHoldId>(Stack.Time);
        Ok(await Stack.UnitAsync(scope => Stack.Engine.HoldAsync(scope, org.Id, id, null, scope.Now.AddDays(21)), org));
        var ann = Ok(await Stack.PushAsync(org, "ann")).Member!;
        if (why == "over")
        {
            ann = Ok(await Stack.AdminAsync(org, ann.Member.Id, new MemberCommand.Unassign()));
            Stack.Time.Advance(TimeSpan.FromDays(22));
        }
        Ok(await Stack.UnitAsync<bool>(async scope =>
        {
            Assert.That((await Stack.Engine.ConvertHoldAsync(scope, org.Id, id, ann.Seat)).Error, why == "over" ? Is.InstanceOf<NotFound>() : Is.InstanceOf<InvalidValue>());
            return true;
        }, org));
        Assert.That((await Stack.PoolAsync(org, Standard)).Held, Is.Zero);
        await Books.CheckAsync(Stack);
    }

    [Test]
    public async Task ROLE_3_two_administrators_who_suspend_each_other_at_once_on_two_nodes_leave_one()
    {
        var org = await Stack.ScimAsync();
        var (one, two) = (await Stack.MemberAsync(org, "one", Role.Admin), await Stack.MemberAsync(org, "two", Role.Admin));
        await using var other = Stack.Another();
        using var both = new CountdownEvent(2);
        var ended = await Task.WhenAll(
            Task.Run(() => SuspendAsync(Stack, one)),
            Task.Run(() => SuspendAsync(other, two)));
        Assert.That(ended.Count(outcome => outcome.IsOk), Is.EqualTo(1), string.Join(", ", ended.Select(outcome => outcome.Error?.Detail)));
        Assert.That(ended.Select(outcome => outcome.Error).OfType<Conflict>().Select(conflict => conflict.Code), Is.EqualTo((string[])["last_primary_owner"]));

        Task<Outcome<SeatedMember>> SuspendAsync(CoreStack node, SeatedMember whom)
        {
            // Who asks whether anybody else administers waits a while for the other to ask too: without the lock before it both do.
            var slow = Intercepted.Store(node.Members, nameof(IMemberStore.AnotherAdministersAsync), read => MeetAsync((Task<bool>)read()!));
            var lifecycle = new MemberLifecycle(slow, node.Requests, new CredentialStore(), new LinkConfirmationStore(), node.Meeting, node.Engine);
            var administration = new MemberAdministration(
                node.Database, node.Members, node.Entries, node.Seats, lifecycle, node.Engine, new EntryPlacing(node.Placements, node.Placing, node.Engine), node.Time);
            return administration.ChangeAsync(
                org, CoreStack.Actor, new Authority(Role.PrimaryOwner), whom.Member.Id, new IfMatch((IReadOnlyList<long>?)null), new MemberCommand.Suspend(), default);
        }

        async Task<bool> MeetAsync(Task<bool> read)
        {
            var answer = await read;
            if (!both.IsSet) both.Signal();
            await Task.Run(() => both.Wait(TimeSpan.FromMilliseconds(500)));
            return answer;
        }
    }
}
