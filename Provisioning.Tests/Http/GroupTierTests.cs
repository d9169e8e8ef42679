using NUnit.Framework;
using Provisioning.Tests.Engines;
using static Provisioning.Tests.Http.MappingSteps;

namespace Provisioning.Tests.Http;

/// <summary>Which tier groups give, and what happens when it is full (GRP-3, GRP-4, GRP-6, GRP-7), through the SCIM door and the admin REST.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class GroupTierTests(string engine)
{
    private TestService service = null!;

    [OneTimeSetUp]
    public async Task TakeServiceAsync() => service = await SharedService.GetAsync(engine);

    [TestCase("highest_available", "active user assigned:premium")]
    [TestCase("lowest_available", "active user assigned:standard")]
    [TestCase("remove", "suspended(no_mapped_group) user none")]
    public async Task GRP_3_without_a_tier_group_the_unmapped_tier_decides(string unmapped, string stands)
    {
        var org = await service.MappedAsync(Mapping([("Staff", "user")], [("Power", "premium")]).With("unmappedTier", unmapped));
        var ada = await org.PushAsync("ada");
        await org.PushGroupAsync("Staff", ada);
        await org.ExpectAsync("ada", stands);
        await org.PushGroupAsync("Power", ada);
        await org.ExpectAsync("ada", "active user assigned:premium");
    }

    [Test]
    public async Task GRP_4_the_highest_ranked_tier_wins_and_the_tier_follows_the_groups()
    {
        var org = await service.MappedAsync(Mapping([("Staff", "user")], [("Basic", "standard"), ("Power", "premium")]));
        var ada = await org.PushAsync("ada");
        await org.PushGroupAsync("Staff", ada);
        var power = await org.PushGroupAsync("Power", ada);
        await org.PushGroupAsync("Basic", ada);
        await org.ExpectAsync("ada", "active user assigned:premium");
        await org.LeaveAsync(power, ada);
        await org.ExpectAsync("ada", "active user assigned:standard");
        await org.ExpectAssignedAsync(premium: 0, standard: 1);
    }

    [Test]
    public async Task GRP_6_a_full_mapped_tier_is_waited_for_although_another_one_is_free_and_a_seated_member_keeps_the_seat()
    {
        var org = await service.MappedAsync(Mapping([("Staff", "user")], [("Power", "premium"), ("Basic", "standard")]), standard: 3, premium: 1);
        var (ada, bob, cyd) = (await org.PushAsync("ada"), await org.PushAsync("bob"), await org.PushAsync("cyd"));
        await org.PushGroupAsync("Basic", cyd);
        var staff = await org.PushGroupAsync("Staff", cyd);
        var power = await org.PushGroupAsync("Power", ada, bob, cyd);
        await org.JoinAsync(staff, ada, bob);
        await org.ExpectAsync("cyd", "active user assigned:premium");
        await org.ExpectAsync("ada", "active user waiting>premium");
        await org.ExpectAsync("bob", "active user waiting>premium");
        await org.LeaveAsync(power, cyd);
        await org.ExpectAsync("cyd", "active user assigned:standard");
        await org.ExpectAsync("ada", "active user assigned:premium");
        await org.JoinAsync(power, cyd);
        await org.ExpectAsync("cyd", "active user assigned:standard>premium");
        (await org.Scim.Delete("/Users/" + ada)).Expect(204);
        await org.ExpectAsync("bob", "active user assigned:premium");
        await org.ExpectAsync("cyd", "active user assigned:standard>premium");
        (await org.Scim.Delete("/Users/" + bob)).Expect(204);
        await org.ExpectAsync("cyd", "active user assigned:premium");
    }

    [Test]
    public async Task GRP_6_fallback_lower_takes_the_next_lower_tier_and_wishes_for_the_mapped_one()
    {
        var org = await service.MappedAsync(
            Mapping([("Staff", "user")], [("Staff", "premium")]).With("mappedTierExhausted", "fallback_lower"), standard: 1, premium: 1);
        var (ada, bob, cyd) = (await org.PushAsync("ada"), await org.PushAsync("bob"), await org.PushAsync("cyd"));
        var staff = await org.PushGroupAsync("Staff", ada);
        await org.JoinAsync(staff, bob);
        await org.ExpectAsync("bob", "active user assigned:standard>premium");
        await org.JoinAsync(staff, cyd);
        await org.ExpectAsync("cyd", "active user waiting>premium");
        (await org.Scim.Delete("/Users/" + bob)).Expect(204);
        await org.ExpectAsync("cyd", "active user assigned:standard>premium");
        (await org.Scim.Delete("/Users/" + ada)).Expect(204);
        await org.ExpectAsync("cyd", "active user assigned:premium");
        await org.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    [Test]
    public async Task GRP_7_a_lower_mapped_tier_is_moved_to_when_it_has_a_seat_and_else_wished_for()
    {
        var org = await service.MappedAsync(Mapping([("Staff", "user")], [("Basic", "standard")]), standard: 1, premium: 2);
        var (ada, bob) = (await org.PushAsync("ada"), await org.PushAsync("bob"));
        await org.PushGroupAsync("Staff", ada, bob);
        await org.ExpectAsync("ada", "active user assigned:premium");
        var basic = await org.PushGroupAsync("Basic", ada);
        await org.ExpectAsync("ada", "active user assigned:standard");
        await org.JoinAsync(basic, bob);
        await org.ExpectAsync("bob", "active user assigned:premium>standard");
        (await org.Scim.Delete("/Users/" + ada)).Expect(204);
        await org.SyncAsync("groups");
        await org.ExpectAsync("bob", "active user assigned:standard");
    }
}
