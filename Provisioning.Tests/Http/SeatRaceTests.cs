using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Tests.Coverage;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>Races for seats through the real HTTP stack: whatever the interleaving, no seat is sold twice and nothing acknowledged is lost.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class SeatRaceTests(string engine)
{
    private TestService service = null!;

    [OneTimeSetUp]
    public async Task TakeServiceAsync() => service = await SharedService.GetAsync(engine);

    [Test]
    public async Task SEAT_5_sixty_four_parallel_sign_ins_and_creates_for_ten_seats_seat_exactly_ten()
    {
        var organization = await service.OrganizationAsync(standard: 6, premium: 4);
        var answers = await TogetherAsync(64, i => i % 2 == 0
            ? organization.SignInAsync("jit" + i)
            : organization.Scim.Post("/Users", organization.User("push" + i)));

        var signIns = answers.Where((_, i) => i % 2 == 0).Select(answer => answer.Expect(200)).ToList();
        var creates = answers.Where((_, i) => i % 2 == 1).Select(answer => answer.Expect(201)).ToList();
        var allowed = signIns.Where(answer => answer.Text("decision") == "allow").ToList();
        var refused = signIns.Where(answer => answer.Text("decision") == "deny").ToList();
        var seated = creates.Where(answer => answer.Text(Answer.Seat, "seatStatus") == "assigned").ToList();
        var waiting = creates.Where(answer => answer.Text(Answer.Seat, "seatStatus") == "waiting").ToList();
        var members = await organization.MembersAsync();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(allowed.Count + seated.Count, Is.EqualTo(10), "seated");
            Assert.That(seated.Count + waiting.Count, Is.EqualTo(32), "a create is seated or waits");
            Assert.That(refused.Select(answer => answer.Text("reason")), Has.All.EqualTo("seat_unavailable"));
            Assert.That(members, Has.Count.EqualTo(32 + allowed.Count), "a refused sign-in makes no member (JIT-2)");
            Assert.That(allowed.Select(answer => answer.Text("tier")).Concat(seated.Select(answer => answer.Text(Answer.Seat, "tier"))).Count(tier => tier == "premium"),
                Is.EqualTo(4), "answers that say premium");
        }
        await organization.ExpectAssignedAsync(premium: 4, standard: 6);
    }

    [Test]
    public async Task SEAT_4_parallel_first_sign_ins_fill_the_highest_tier_first()
    {
        var organization = await service.OrganizationAsync(standard: 8, premium: 4);
        var answers = await TogetherAsync(7, i => organization.SignInAsync("person" + i));
        Assert.That(answers.Select(answer => answer.Expect(200).Text("tier")).Order(),
            Is.EqualTo((string[])["premium", "premium", "premium", "premium", "standard", "standard", "standard"]));
        await organization.ExpectAssignedAsync(premium: 4, standard: 3);
    }

    [Test]
    public async Task JIT_9_one_person_signing_in_sixteen_times_at_once_is_one_member_with_one_seat()
    {
        var organization = await service.OrganizationAsync(standard: 3, premium: 1);
        var answers = await TogetherAsync(16, _ => organization.SignInAsync("ada"));
        Assert.That(answers.Select(answer => answer.Expect(200).Text("decision")), Has.All.EqualTo("allow"));
        Assert.That(answers.Select(answer => answer.Text("memberId")).Distinct().ToList(), Has.Count.EqualTo(1));
        Assert.That(await organization.MembersAsync(), Has.Count.EqualTo(1));
        await organization.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    [Test]
    public async Task JIT_9_one_person_signing_in_at_once_takes_the_only_seat_and_is_never_refused()
    {
        var organization = await service.OrganizationAsync(standard: 0, premium: 1);
        var answers = await TogetherAsync(16, _ => organization.SignInAsync("ada"));
        Assert.That(answers.Select(answer => answer.Expect(200).Text("decision")), Has.All.EqualTo("allow"));
        await organization.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    [Test]
    public async Task SCIM_3_a_create_racing_with_the_first_sign_in_of_the_same_person_is_one_member()
    {
        const int people = 12;
        var organization = await service.OrganizationAsync(standard: people, premium: 0);
        var answers = await TogetherAsync(people * 2, i => i % 2 == 0
            ? organization.SignInAsync("both" + (i / 2))
            : organization.Scim.Post("/Users", organization.User("both" + (i / 2))));
        Assert.That(answers.Where((_, i) => i % 2 == 0).Select(answer => answer.Expect(200).Text("decision")), Has.All.EqualTo("allow"));
        Assert.That(answers.Where((_, i) => i % 2 == 1).Select(answer => answer.Status), Has.All.EqualTo(201));
        var members = await organization.MembersAsync();
        Assert.That(members, Has.Count.EqualTo(people));
        Assert.That(members.Select(member => TestOrganization.Text(member, "scimId")), Has.All.Not.Null);
        await organization.ExpectAssignedAsync(premium: 0, standard: people);
    }

    [Test]
    public async Task X23_concurrent_patches_adding_different_members_lose_nothing()
    {
        const int people = 48;
        var organization = await service.OrganizationAsync(standard: people, premium: 0);
        var ids = (await TogetherAsync(people, i => organization.Scim.Post("/Users", organization.User("m" + i)))).Select(answer => answer.Expect(201).Id).ToList();
        var group = await organization.PushGroupAsync("Everybody");
        var answers = await TogetherAsync(people, i => organization.Scim.Patch("/Groups/" + group,
            TestOrganization.Patch(TestOrganization.Operation("add", "members", new JsonArray(new JsonObject { ["value"] = ids[i] })))));
        Assert.That(answers.Select(answer => answer.Status), Has.All.AnyOf(200, 204));
        var members = (await organization.Scim.Get("/Groups/" + group)).Expect(200).Items("members").Select(member => TestOrganization.Text(member, "value"));
        Assert.That(members, Is.EquivalentTo(ids));
    }

    [Test]
    public async Task X23_concurrent_removes_and_adds_keep_every_acknowledged_change()
    {
        const int people = 32;
        var organization = await service.OrganizationAsync(standard: people, premium: 0);
        var ids = (await TogetherAsync(people, i => organization.Scim.Post("/Users", organization.User("m" + i)))).Select(answer => answer.Expect(201).Id).ToList();
        var group = await organization.PushGroupAsync("Half", [.. ids.Take(people / 2)]);
        await TogetherAsync(people, async i => (await organization.Scim.Patch("/Groups/" + group, TestOrganization.Patch(i < people / 2
            ? TestOrganization.Operation("remove", $"members[value eq \"{ids[i]}\"]", null)
            : TestOrganization.Operation("add", "members", new JsonArray(new JsonObject { ["value"] = ids[i] }))))).Expect(200, 204));
        var members = (await organization.Scim.Get("/Groups/" + group)).Expect(200).Items("members").Select(member => TestOrganization.Text(member, "value"));
        Assert.That(members, Is.EquivalentTo(ids.Skip(people / 2)));
    }

    [Test]
    public async Task P6_of_concurrent_identical_posts_one_is_created_and_the_rest_conflict()
    {
        var organization = await service.OrganizationAsync(standard: 5, premium: 5);
        var answers = await TogetherAsync(16, _ => organization.Scim.Post("/Users", organization.User("ada")));
        Assert.That(answers.Count(answer => answer.Status == 201), Is.EqualTo(1));
        foreach (var answer in answers.Where(answer => answer.Status != 201)) answer.ExpectScimError(409, "uniqueness");
        await organization.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    [Test]
    public async Task P6_of_concurrent_identical_group_posts_one_is_created()
    {
        var organization = await service.OrganizationAsync();
        var answers = await TogetherAsync(16, i => organization.Scim.Post("/Groups",
            new JsonObject { ["schemas"] = new JsonArray(TestOrganization.GroupSchema), ["displayName"] = i % 2 == 0 ? "Team" : "TEAM" }));
        Assert.That(answers.Count(answer => answer.Status == 201), Is.EqualTo(1));
        foreach (var answer in answers.Where(answer => answer.Status != 201)) answer.ExpectScimError(409, "uniqueness");
    }

    [Test]
    [Checklist("N1", "N2", "N4")]
    public async Task SEAT_3_parallel_deactivation_reactivation_and_sign_ins_keep_the_pools_equal_to_the_seated_members()
    {
        const int people = 10;
        var organization = await service.OrganizationAsync(standard: 4, premium: 3);
        var ids = new List<string>();
        for (var i = 0; i < people; i++) ids.Add(await organization.PushAsync("p" + i));
        await TogetherAsync(16, async worker =>
        {
            for (var round = 0; round < 8; round++)
            {
                var who = ((worker * 7) + (round * 3)) % people;
                var answer = (worker % 4) switch
                {
                    0 => await organization.SetActiveAsync(ids[who], active: false),
                    1 => await organization.SetActiveAsync(ids[who], active: true),
                    2 => await organization.SignInAsync("sub" + who, organization.Mail("p" + who)),
                    _ => await organization.SignInAsync($"new{worker}-{round}"),
                };
                answer.Expect(200);
            }
            return true;
        });
        await organization.ExpectBooksAgreeAsync();
        var seats = await organization.SeatsAsync();
        Assert.That(seats.Values.Sum(tier => tier.Free + tier.Assigned + tier.Queued), Is.EqualTo(7));
    }

    [Test]
    public async Task SEAT_7_racing_swaps_of_two_members_never_fail_and_keep_one_seat_each()
    {
        var organization = await service.OrganizationAsync(standard: 1, premium: 1);
        var ada = (await organization.AllowedAsync("ada")).Text("memberId");
        var bob = (await organization.AllowedAsync("bob")).Text("memberId");
        var answers = await TogetherAsync(16, i => organization.Owner.Post("/seat-swaps", new
        {
            changes = new[] { new { memberId = ada, tier = i % 2 == 0 ? "standard" : "premium" }, new { memberId = bob, tier = i % 2 == 0 ? "premium" : "standard" } },
        }));
        Assert.That(answers.Select(answer => answer.Status), Has.All.EqualTo(200));
        await organization.ExpectAssignedAsync(premium: 1, standard: 1);
    }

    [Test]
    public async Task SEAT_7_of_racing_moves_to_the_last_premium_seat_one_wins()
    {
        var organization = await service.OrganizationAsync(standard: 8, premium: 0);
        var members = new List<string>();
        for (var i = 0; i < 8; i++) members.Add((await organization.AllowedAsync("p" + i)).Text("memberId"));
        (await organization.Operator.Put("/seats", new { tiers = new[] { new { tier = "standard", rank = 10, purchased = 8 }, new { tier = "premium", rank = 20, purchased = 1 } } },
            ("If-Match", "*"))).Expect(200);
        var answers = await TogetherAsync(8, i => organization.PatchMemberAsync(members[i], new { seat = new { tier = "premium" } }));
        Assert.That(answers.Count(answer => answer.Status == 200), Is.EqualTo(1));
        foreach (var answer in answers.Where(answer => answer.Status != 200)) answer.ExpectProblem(409, "tier_full");
        await organization.ExpectAssignedAsync(premium: 1, standard: 7);
    }

    [Test]
    public async Task SEAT_12_seats_bought_while_people_arrive_are_all_handed_out()
    {
        var organization = await service.OrganizationAsync(standard: 1, premium: 0);
        await TogetherAsync(20, async i =>
        {
            if (i % 5 == 4)
            {
                // The largest number that arrives wins: smaller ones are refused, for a pool never shrinks (SEAT-6).
                (await organization.Operator.Put("/seats", new { tiers = new[] { new { tier = "standard", rank = 10, purchased = 2 + i }, new { tier = "premium", rank = 20, purchased = 0 } } },
                    ("If-Match", "*"))).Expect(200, 409);
                return true;
            }
            (await organization.Scim.Post("/Users", organization.User("p" + i))).Expect(201);
            return true;
        });
        await organization.ExpectAssignedAsync(premium: 0, standard: 16);
    }

    /// <summary>Runs <paramref name="count"/> actions released at one moment.</summary>
    private static async Task<IReadOnlyList<T>> TogetherAsync<T>(int count, Func<int, Task<T>> action)
    {
        var start = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var running = Enumerable.Range(0, count).Select(async i =>
        {
            await start.Task;
            return await action(i);
        }).ToList();
        start.SetResult();
        return await Task.WhenAll(running);
    }
}
