using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Notifications;

namespace Provisioning.Tests.Notifications;

/// <summary>Organisations whose receivers hang leave slots to the others.</summary>
public sealed class SendingSlotsTests
{
    private readonly OrganizationId one = Ids.New<OrganizationId>(TimeProvider.System), two = Ids.New<OrganizationId>(TimeProvider.System);

    [Test]
    public void An_organisation_has_so_many_slots_and_no_more()
    {
        var slots = new SendingSlots(atOnce: 4, ofOne: 2);
        Assert.That(Enumerable.Range(0, 5).Count(_ => slots.TryStart(one, NewHook(), Hanging)), Is.EqualTo(2));
        Assert.That(Enumerable.Range(0, 5).Count(_ => slots.TryStart(two, NewHook(), Hanging)), Is.EqualTo(2));
        Assert.That(slots.TryStart(Ids.New<OrganizationId>(TimeProvider.System), NewHook(), Hanging), Is.False, "four at once");
    }

    [Test]
    public void A_webhook_has_one_turn_at_a_time_and_gives_its_slot_back()
    {
        var slots = new SendingSlots(atOnce: 4, ofOne: 1);
        var (hook, turn) = (NewHook(), new TaskCompletionSource());
        Assert.That(slots.TryStart(one, hook, () => turn.Task), Is.True);
        Assert.That(slots.TryStart(one, hook, Hanging), Is.False);
        slots.Clear();
        Assert.That(slots.TryStart(one, NewHook(), Hanging), Is.False);
        turn.SetResult();
        slots.Clear();
        Assert.That(slots.TryStart(one, hook, Hanging), Is.True);
    }

    private static WebhookId NewHook() => Ids.New<WebhookId>(TimeProvider.System);

    private static Task Hanging() => new TaskCompletionSource().Task;
}
