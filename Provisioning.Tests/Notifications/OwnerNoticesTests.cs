using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Notifications;
using Provisioning.Core.Organizations;
using Provisioning.Core.Storage;
using Provisioning.Tests.Core;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Notifications;

/// <summary>Who is told what, and how often (rules NOTI-2, NOTI-3, NOTI-5), with a clock that the test moves.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class OwnerNoticesTests(string engine)
{
    private readonly NotificationStore store = new();
    private CoreStack stack = null!;
    private OwnerNotices notices = null!;
    private JournalRows journal = null!;

    [SetUp]
    public async Task StartAsync()
    {
        stack = await CoreStack.StartOnAsync(engine);
        notices = new OwnerNotices(stack.Database, store, stack.Time);
        journal = new JournalRows(stack, notices);
    }

    [TearDown]
    public async Task StopAsync()
    {
        if (stack is not null) await stack.DisposeAsync();
    }

    [Test]
    public async Task NOTI_2_each_crossing_is_told_exactly_once_and_armed_again_above_the_threshold()
    {
        var org = await OwnedAsync(16); // two of 16 are few
        var (people, made) = (new List<MemberId>(), 0);
        async Task FillAsync(int free)
        {
            while (await FreeAsync(org) > free) people.Add((await stack.MemberAsync(org, $"user{made++}@x.example")).Member.Id);
            while (await FreeAsync(org) < free)
            {
                await stack.RemoveAsync(org, people[0]);
                people.RemoveAt(0);
            }
            await SealAsync(org);
        }
        await FillAsync(3);
        Assert.That(await KindsAsync(org), Is.Empty);
        await FillAsync(2);
        await FillAsync(1);
        Assert.That(await KindsAsync(org), Is.EqualTo((NotificationKind[])[NotificationKind.SeatsLow]), "crossed once");
        await FillAsync(0);
        await FillAsync(1);
        await FillAsync(2);
        Assert.That(await KindsAsync(org), Is.EqualTo((NotificationKind[])[NotificationKind.SeatsLow, NotificationKind.SeatsExhausted]), "rising is told to nobody");
        await FillAsync(3);
        await FillAsync(2);
        Assert.That((await KindsAsync(org))[2..], Is.EqualTo((NotificationKind[])[NotificationKind.SeatsLow]), "armed again");
        await FillAsync(5);
        await FillAsync(0);
        Assert.That((await KindsAsync(org))[3..], Is.EqualTo((NotificationKind[])[NotificationKind.SeatsExhausted]), "from many to none at once: one mail");
        await stack.BuyAsync(org, (CoreStack.Standard, 10, 30), ("board", 20, 1));
        await SealAsync(org);
        await FillAsync(3);
        Assert.That((await KindsAsync(org))[4..], Is.EqualTo((NotificationKind[])[NotificationKind.SeatsLow]), "bought seats arm it, and the threshold follows what was bought");
        Assert.That((await stack.AuditAsync(org)).Where(action => action is "seats.low" or "seats.exhausted").Skip(1), // the owner's own
            Is.EqualTo((string[])["seats.low", "seats.exhausted", "seats.low", "seats.exhausted", "seats.low"]), "an event each");
    }

    [Test]
    public async Task NOTI_3_the_first_is_told_at_once_and_the_others_in_one_digest_a_day()
    {
        var org = await OwnedAsync(1);
        await PushAsync(org, "first", "second", "third");
        await SealAsync(org);
        Assert.That(await WantedAsync(org), Is.EqualTo((NotificationKind[])[NotificationKind.SeatWanted]));
        await PushAsync(org, "fourth");
        await SealAsync(org);
        await EndDaysAsync();
        Assert.That(await WantedAsync(org), Has.Count.EqualTo(1), "the day is not over");
        stack.Time.Advance(TimeSpan.FromHours(24));
        await EndDaysAsync();
        var digest = (await ListAsync(org))[^1];
        Assert.That((digest.Kind, digest.Facts["waiting"]!.GetValue<int>(), digest.Facts["refused"]!.GetValue<int>()), Is.EqualTo((NotificationKind.SeatDigest, 3, 0)));
        await PushAsync(org, "fifth");
        await SealAsync(org);
        Assert.That(await WantedAsync(org), Has.Count.EqualTo(2), "another day runs");
        stack.Time.Advance(TimeSpan.FromHours(24));
        await EndDaysAsync();
        stack.Time.Advance(TimeSpan.FromHours(24));
        await EndDaysAsync();
        Assert.That(await WantedAsync(org), Has.Count.EqualTo(3), "nothing happened on the last day, so nothing is told");
        await PushAsync(org, "sixth");
        await SealAsync(org);
        Assert.That((await WantedAsync(org))[^1], Is.EqualTo(NotificationKind.SeatWanted), "and the next one is told at once");
    }

    [Test]
    public async Task NOTI_3_a_refused_sign_in_is_told_too()
    {
        var org = await OwnedAsync(1, ProvisioningMode.Jit);
        await stack.SignInAsync(org, "sub", $"nobody@{org.Slug}.example");
        await SealAsync(org);
        var told = (await ListAsync(org)).Single(item => item.Kind == NotificationKind.SeatWanted);
        Assert.That(told.Facts["refused"]!.GetValue<bool>(), Is.True);
    }

    [Test]
    public async Task NOTI_5_an_invited_person_is_told_at_once_and_reminded_three_days_before_the_end_and_owners_of_the_end()
    {
        var org = await OwnedAsync(5);
        var expires = stack.Time.GetUtcNow() + TimeSpan.FromDays(21);
        await EventAsync(org, "invitation.created", "inv_1", null, new JsonObject { ["email"] = "new@x.example", ["expiresAt"] = Instants.Text(expires) });
        await SealAsync(org);
        async Task<IEnumerable<NotificationKind>> DueAsync() =>
            (await stack.Database.ReadAsync(session => store.DueAsync(session, stack.Time.GetUtcNow(), 100), default)).Where(item => item.Subject == "inv_1").Select(item => item.Kind);
        Assert.That(await DueAsync(), Is.EqualTo((NotificationKind[])[NotificationKind.InvitationCreated]));
        stack.Time.Advance(TimeSpan.FromDays(17.9));
        Assert.That(await DueAsync(), Has.None.EqualTo(NotificationKind.InvitationExpiring));
        stack.Time.Advance(TimeSpan.FromDays(0.2));
        Assert.That(await DueAsync(), Does.Contain(NotificationKind.InvitationExpiring));
        await EventAsync(org, "invitation.expired", "inv_1", new JsonObject { ["tier"] = "standard" }, null);
        await SealAsync(org);
        Assert.That((await ListAsync(org))[^1].Kind, Is.EqualTo(NotificationKind.InvitationExpired));
        Assert.That((await ListAsync(org))[^1].Recipient, Is.Not.Null);
    }

    [Test]
    public async Task Without_an_owner_who_can_be_written_to_nothing_is_noted_and_nothing_fails()
    {
        var org = await stack.ScimAsync(standard: 1, premium: 0);
        await PushAsync(org, "one", "two");
        await SealAsync(org);
        Assert.That(await ListAsync(org), Is.Empty);
        Assert.That(await stack.AuditAsync(org), Does.Contain("seats.exhausted"));
    }

    /// <summary>An organisation with one owner, who sits on a seat bought beside the others.</summary>
    private async Task<Organization> OwnedAsync(int others, ProvisioningMode mode = ProvisioningMode.Scim)
    {
        var org = await stack.OrganizationAsync(mode, (CoreStack.Standard, 10, others), ("board", 20, 1));
        await stack.MemberAsync(org, $"owner@{org.Slug}.example", Role.PrimaryOwner);
        await SealAsync(org);
        await journal.ExecuteAsync("DELETE FROM notifications");
        if (others == 1)
        {
            await stack.MemberAsync(org, $"seated@{org.Slug}.example"); // the last seat
            await SealAsync(org);
        }
        return org;
    }

    private async Task PushAsync(Organization org, params string[] names)
    {
        foreach (var name in names) Assert.That((await stack.PushAsync(org, $"{name}@{org.Slug}.example")).IsOk, Is.True);
    }

    private async Task SealAsync(Organization org)
    {
        while (await journal.SealAsync(org) > 0) { } // what is told is recorded too
    }

    private async Task EndDaysAsync()
    {
        foreach (var organization in await notices.DaysEndedAsync(default)) await notices.EndDayAsync(organization, CoreStack.Actor, null, default);
    }

    private async Task EventAsync(Organization org, string type, string subject, JsonObject? before, JsonObject? after) =>
        await stack.UnitAsync(scope =>
        {
            scope.Record(org.Id, type, new Target("invitation", subject), (JsonObject?)before?.DeepClone(), (JsonObject?)after?.DeepClone());
            return Task.FromResult<Outcome<Done>>(default(Done));
        }, org);

    private async Task<int> FreeAsync(Organization org) => (await stack.PoolAsync(org, CoreStack.Standard)).Free;

    /// <summary>Oldest first.</summary>
    private async Task<IReadOnlyList<Notification>> ListAsync(Organization org) =>
        [.. (await stack.Database.ReadAsync(session => store.ListAsync(session, org.Id, null, null, 500), default)).Items.Reverse()];

    private async Task<List<NotificationKind>> KindsAsync(Organization org) =>
        [.. (await ListAsync(org)).Select(item => item.Kind).Where(kind => kind is NotificationKind.SeatsLow or NotificationKind.SeatsExhausted)];

    private async Task<List<NotificationKind>> WantedAsync(Organization org) =>
        [.. (await ListAsync(org)).Select(item => item.Kind).Where(kind => kind is NotificationKind.SeatWanted or NotificationKind.SeatDigest)];
}

/// <summary>The thresholds of rule NOTI-2, edge by edge.</summary>
public sealed class LowSeatsTests
{
    [TestCase(1, ExpectedResult = 1)]
    [TestCase(15, ExpectedResult = 1)]
    [TestCase(16, ExpectedResult = 2)]
    [TestCase(25, ExpectedResult = 2)]
    [TestCase(26, ExpectedResult = 2)]
    [TestCase(30, ExpectedResult = 3)]
    [TestCase(99, ExpectedResult = 9)]
    [TestCase(100, ExpectedResult = 8)]
    [TestCase(999, ExpectedResult = 79)]
    [TestCase(1000, ExpectedResult = 50)]
    [TestCase(int.MaxValue, ExpectedResult = 107374182)]
    public int NOTI_2_the_threshold_follows_what_was_bought(int purchased) => LowSeats.Threshold(purchased);

    [TestCase(0, 0, ExpectedResult = SeatAlert.None, Description = "a tier without seats is not empty, it is unused")]
    [TestCase(20, 3, ExpectedResult = SeatAlert.None)]
    [TestCase(20, 2, ExpectedResult = SeatAlert.Low)]
    [TestCase(20, 0, ExpectedResult = SeatAlert.Exhausted)]
    public SeatAlert NOTI_2_the_level_of_a_tier(int purchased, int free) => LowSeats.Of(new TierLevel("t", purchased, free));
}
