using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>Swaps, the waiting list, and seats that are added (rules SEAT-6, SEAT-7, SEAT-12).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class SeatQueueHttpTests(string engine)
{
    private TestService service = null!;

    [OneTimeSetUp]
    public async Task TakeServiceAsync() => service = await SharedService.GetAsync(engine);

    [Test]
    public async Task SEAT_7_a_swap_counts_the_net_need()
    {
        var organization = await service.OrganizationAsync(standard: 1, premium: 1);
        var ada = (await organization.AllowedAsync("ada")).Text("memberId");
        var bob = (await organization.AllowedAsync("bob")).Text("memberId");
        var swapped = (await organization.Admin.Post("/seat-swaps", new { changes = new[] { new { memberId = bob, tier = "premium" }, new { memberId = ada, tier = "standard" } } })).Expect(200);
        Assert.That(swapped.Items("members").ToDictionary(member => TestOrganization.Text(member, "id")!, member => TestOrganization.Text(member, "tier")),
            Is.EquivalentTo(new Dictionary<string, string?> { [ada] = "standard", [bob] = "premium" }));
        await organization.ExpectAssignedAsync(premium: 1, standard: 1);
    }

    [Test]
    public async Task SEAT_7_a_swap_may_take_a_seat_away_and_give_it_to_another()
    {
        var organization = await service.OrganizationAsync(standard: 1, premium: 1);
        var ada = (await organization.AllowedAsync("ada")).Text("memberId");
        var bob = (await organization.AllowedAsync("bob")).Text("memberId");
        (await organization.Admin.Post("/seat-swaps", new { changes = new[] { new { memberId = bob, tier = (string?)"premium" }, new { memberId = ada, tier = (string?)null } } })).Expect(200);
        Assert.That((await organization.MemberAsync(ada)).Text("seatStatus"), Is.EqualTo("unassigned"));
        await organization.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    [Test]
    public async Task SEAT_7_a_swap_is_all_or_nothing()
    {
        var organization = await service.OrganizationAsync(standard: 2, premium: 1);
        await organization.AllowedAsync("ada");
        var bob = (await organization.AllowedAsync("bob")).Text("memberId");
        var cyd = (await organization.AllowedAsync("cyd")).Text("memberId");
        (await organization.Admin.Post("/seat-swaps", new { changes = new[] { new { memberId = cyd, tier = (string?)null }, new { memberId = bob, tier = (string?)"premium" } } }))
            .ExpectProblem(409, "tier_full");
        (await organization.Admin.Post("/seat-swaps", new { changes = new[] { new { memberId = cyd, tier = "platinum" } } })).ExpectProblem(422, "unknown_tier");
        (await organization.Admin.Post("/seat-swaps", new { changes = new[] { new { memberId = cyd, tier = (string?)null }, new { memberId = "mem_00000000-0000-7000-8000-000000000000", tier = (string?)"premium" } } }))
            .ExpectProblem(404, "not_found");
        Assert.That((await organization.MemberAsync(cyd)).Text("tier"), Is.EqualTo("standard"));
        await organization.ExpectAssignedAsync(premium: 1, standard: 2);
    }

    [Test]
    public async Task SEAT_12_the_waiting_list_is_in_order_of_arrival_and_is_served_in_that_order()
    {
        var organization = await service.OrganizationAsync(standard: 0, premium: 1);
        var ada = (await organization.AllowedAsync("ada")).Text("memberId");
        foreach (var name in (string[])["w1", "w2", "w3"]) await organization.PushAsync(name);
        async Task<List<string>> Waiting() => [.. (await organization.WaitingAsync()).Select(entry => TestOrganization.Text(entry, "userName")!.Split('@')[0])];
        Assert.That(await Waiting(), Is.EqualTo((string[])["w1", "w2", "w3"]));
        (await organization.Owner.Delete("/members/" + ada, ("If-Match", "*"))).Expect(204);
        Assert.That(await Waiting(), Is.EqualTo((string[])["w2", "w3"]));
        var page = (await organization.Owner.Get("/seats/waiting?limit=1")).Expect(200);
        Assert.That((page.Items("waiting").Count, page.TextOrNull("nextCursor") is not null), Is.EqualTo((1, true)));
        await organization.DeniedAsync("seat_unavailable", "overtaker");
        await organization.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    [Test]
    public async Task SEAT_12_new_seats_go_to_the_waiting_people_at_once_highest_tier_first()
    {
        var organization = await service.OrganizationAsync(standard: 0, premium: 0);
        foreach (var name in (string[])["w1", "w2", "w3", "w4"]) await organization.PushAsync(name);
        (await organization.Operator.Put("/seats", Tiers(standard: 2, premium: 1), ("If-Match", "*"))).Expect(200);
        async Task<string?> Tier(string name) => TestOrganization.Text(await organization.MemberOfAsync(organization.Mail(name)), "tier");
        Assert.That((await Tier("w1"), await Tier("w2"), await Tier("w3"), await Tier("w4")), Is.EqualTo(("premium", "standard", "standard", (string?)null)));
        await organization.ExpectAssignedAsync(premium: 1, standard: 2);
    }

    [Test]
    public async Task SEAT_12_a_member_who_waits_for_a_tier_is_served_from_that_tier_only()
    {
        var organization = await service.OrganizationAsync(standard: 1, premium: 1);
        await organization.AllowedAsync("ada");
        var bob = (await organization.AllowedAsync("bob")).Text("memberId");
        (await organization.PatchMemberAsync(bob, new { seat = new { unassign = true } })).Expect(200);
        (await organization.PatchMemberAsync(bob, new { seat = new { tier = "premium", wait = true } })).Expect(200);
        var seats = await organization.SeatsAsync();
        Assert.That((seats["standard"].Free, seats["standard"].Queued, (await organization.MemberAsync(bob)).Text("seatStatus")), Is.EqualTo((1, 0, "waiting")));
        Assert.That((await organization.AllowedAsync("cyd")).Text("tier"), Is.EqualTo("standard"));
    }

    [Test]
    public async Task SEAT_6_the_sum_of_seats_never_falls()
    {
        var organization = await service.OrganizationAsync(standard: 3, premium: 2);
        (await organization.Operator.Put("/seats", Tiers(standard: 2, premium: 2), ("If-Match", "*"))).ExpectProblem(409, "seats_not_removable");
        var seats = await organization.SeatsAsync();
        Assert.That((seats["standard"].Purchased, seats["premium"].Purchased), Is.EqualTo((3, 2)));
    }

    [Test]
    public async Task Only_the_operator_changes_the_number_of_seats()
    {
        var organization = await service.OrganizationAsync();
        (await organization.Owner.Put("/seats", Tiers(standard: 50, premium: 50), ("If-Match", "*"))).ExpectProblem(403, "forbidden_role");
        (await organization.Owner.With("not the operator's token").Put("/seats", Tiers(standard: 50, premium: 50), ("If-Match", "*"))).ExpectProblem(401, "unauthenticated");
    }

    private static JsonObject Tiers(int standard, int premium) => new()
    {
        ["tiers"] = new JsonArray(
            new JsonObject { ["tier"] = "standard", ["rank"] = 10, ["purchased"] = standard },
            new JsonObject { ["tier"] = "premium", ["rank"] = 20, ["purchased"] = premium }),
    };
}
