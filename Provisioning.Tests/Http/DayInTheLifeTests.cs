using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;
using Provisioning.Tests.Core;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>A day, and some weeks, in the life of an administrator: everything over HTTP, the clock moved by hand, the jobs of the started service at work.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class DayInTheLifeTests(string engine)
{
    private readonly AdjustableTime time = new();
    private TestService? service;
    private TestOrganization org = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => service = await TestService.StartWithAsync(
        engine, builder => builder.Services.AddSingleton<TimeProvider>(time), settings: "Jobs:LeaseSeconds=1");

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (service is not null) await service.DisposeAsync();
    }

    [Test]
    public async Task An_administrator_invites_moves_runs_out_buys_and_hands_over()
    {
        // 1 March: the operator makes the organisation, its contract, and invites the first owner.
        org = await service!.OrganizationAsync(standard: 0, premium: 0);
        (await org.Operator.Post("/contract", new
        {
            currency = "USD", start = "2026-03-01", minimumSeats = 0,
            tiers = new object[] { new { tier = "standard", price = "40.00", quantity = 2 }, new { tier = "premium", price = "100.00", quantity = 1 } },
        })).Expect(201);
        var first = (await org.Operator.Put("/owner", new { email = org.Mail("olga") })).Expect(201);
        var olga = await JoinAsync(first);
        Assert.That((olga.Role, olga.Tier), Is.EqualTo(("primary_owner", "premium")));

        // Olga invites Ada as an administrator. Ada is on holiday: after 21 days the invitation is over, and the job frees the seat.
        var invited = (await olga.Door.Post("/invitations", new { email = org.Mail("ada"), role = "admin", tier = "standard" })).Expect(201);
        var link = await LinkAsync(invited);
        Assert.That((await org.SeatsAsync())["standard"], Has.Property("Held").EqualTo(1).And.Property("Free").EqualTo(1));
        time.Advance(TimeSpan.FromDays(21));
        (await AcceptAsync(link)).ExpectProblem(410, "invitation_expired");
        Assert.That((await olga.Door.Get("/invitations/" + invited.Id)).Expect(200).Text("state"), Is.EqualTo("expired"));
        await UntilAsync(async () => (await org.SeatsAsync())["standard"].Held == 0, "the job gives the seat of the expired invitation back");
        // The seat may have been given back by the job of the waiting list already; the invitation is ended by its own.
        await UntilAsync(async () => (await org.AuditAsync("&action=invitation.expired")).Count > 0, "the job ends the expired invitation");
        var expired = (await org.AuditAsync("&action=invitation.expired")).Single();
        Assert.That(TestOrganization.Text(expired["actor"], "kind"), Is.EqualTo("job"));

        // Back from her holiday she is invited again, and joins. She invites Bob, who joins too: every seat is taken.
        var again = (await olga.Door.Post($"/invitations/{invited.Id}/resend", null)).Expect(201);
        (await AcceptAsync(link)).ExpectProblem(410, "invitation_expired");
        var ada = await JoinAsync(again);
        Assert.That((ada.Role, ada.Tier), Is.EqualTo(("admin", "standard")));
        var bob = await JoinAsync((await ada.Door.Post("/invitations", new { email = org.Mail("bob") })).Expect(201));
        Assert.That(bob.Tier, Is.EqualTo("standard"));
        Assert.That((await org.SeatsAsync()).Values.Sum(tier => tier.Free), Is.Zero);

        // Bob needs premium more than Olga does. Ada may not move an owner; Olga exchanges the two seats in one step.
        (await ada.Door.Post("/seat-swaps", Swap(olga.Id, "standard", bob.Id, "premium"))).ExpectProblem(403, "forbidden_role");
        (await ada.Door.Patch("/members/" + bob.Id, new { seat = new { tier = "premium" } }, ("If-Match", "*"))).ExpectProblem(409, "tier_full");
        (await olga.Door.Post("/seat-swaps", Swap(olga.Id, "standard", bob.Id, "premium"))).Expect(200);
        await org.ExpectAssignedAsync(premium: 1, standard: 2);

        // They run out: an invitation is refused, Cyd is pushed and waits, Dan is turned away at the door.
        var full = (await ada.Door.Post("/invitations", new { email = org.Mail("eve") })).ExpectProblem(409, "tier_full");
        await org.PushAsync("cyd");
        await org.DeniedAsync("seat_unavailable", "dan");
        var waiting = (await ada.Door.Get("/seats/waiting")).Expect(200);
        Assert.That(waiting.Items("waiting").Select(item => TestOrganization.Text(item, "userName")), Is.EqualTo((string[])[org.Mail("cyd")]));
        Assert.That(waiting.Items("requests").Select(item => TestOrganization.Text(item, "email")), Is.EqualTo((string[])[org.Mail("dan")]));

        // The refusal says what to buy. Ada may not; Olga prices it, thinks again, takes two, and confirms: Cyd sits at once, then Dan.
        var hint = full.At("purchaseHint")!;
        Assert.That(hint.ToJsonString(), Is.EqualTo("""{"kind":"add","tier":"standard","quantity":1}"""));
        (await ada.Door.Post("/seat-quotes", hint)).ExpectProblem(403, "forbidden_role");
        (await olga.Door.Post("/seat-quotes", hint)).Expect(201);
        var two = hint.DeepClone();
        two["quantity"] = 2;
        var quote = (await olga.Door.Post("/seat-quotes", two)).Expect(201);
        var total = new { expectedTotal = new { amount = quote.Text("total", "amount"), currency = "USD" } };
        var bought = (await olga.Door.Post($"/seat-quotes/{quote.Id}/confirm", total, ("Idempotency-Key", "march"))).Expect(200);
        Assert.That(bought.Items("drained").Select(item => item.GetValue<string>()), Is.EqualTo((string[])[await org.MemberIdOfAsync(org.Mail("cyd"))]));
        Assert.That((await olga.Door.Post($"/seat-quotes/{quote.Id}/confirm", total, ("Idempotency-Key", "march"))).Expect(200).Body, Is.EqualTo(bought.Body));
        await org.AllowedAsync("dan");
        await org.ExpectAssignedAsync(premium: 1, standard: 4);

        // Olga hands the organisation over to Ada, and types her address.
        (await olga.Door.Post("/ownership-transfer", new { memberId = ada.Id, confirmEmail = org.Mail("bob") })).Expect(400, 409, 422);
        (await ada.Door.Post("/ownership-transfer", new { memberId = ada.Id, confirmEmail = org.Mail("ada") })).ExpectProblem(403, "forbidden_role");
        (await olga.Door.Post("/ownership-transfer", new { memberId = ada.Id, confirmEmail = org.Mail("ada") })).Expect(200);
        Assert.That((await RoleAsync(ada), await RoleAsync(olga)), Is.EqualTo(("primary_owner", "owner")));
        (await olga.Door.Post("/ownership-transfer", new { memberId = olga.Id, confirmEmail = org.Mail("olga") })).ExpectProblem(403, "forbidden_role");

        // Everything is written down, and the books agree.
        await org.ExpectBooksAgreeAsync();
        Assert.That((await org.AuditAsync()).Select(record => TestOrganization.Text(record, "action")), Is.SupersetOf((string[])
        [
            "invitation.created", "invitation.expired", "invitation.accepted", "seat.reassigned", "seat.refused", "seat.waiting", "quote.confirmed", "invoice.issued",
            "member.role_changed",
        ]));
        await UntilAsync(async () => (await ada.Door.Get("/audit/verification")).Expect(200).Number("unsealed") == 0, "the trail is sealed");
        Assert.That((await ada.Door.Get("/audit/verification")).Expect(200).Flag("intact"), Is.True);
    }

    private static object Swap(string one, string tier, string other, string otherTier) =>
        new { changes = new[] { new { memberId = one, tier }, new { memberId = other, tier = otherTier } } };

    private sealed record Person(string Id, string Role, string? Tier, Door Door);

    /// <summary>What the mail would carry; the operator sees the same link.</summary>
    private async Task<string> LinkAsync(Answer invitation) =>
        (await org.Operator.Get("/invitations/" + invitation.Id)).Expect(200).Text("acceptUrl").Split("token=")[1];

    private Task<Answer> AcceptAsync(string token) => service!.Anonymous.Post("/v1/invitations/accept", new { token });

    /// <summary>The invited person accepts, and gets a personal token.</summary>
    private async Task<Person> JoinAsync(Answer invitation)
    {
        var accepted = (await AcceptAsync(await LinkAsync(invitation))).Expect(200);
        var id = accepted.Text("memberId");
        var token = (await org.Operator.Post("/tokens", new { door = "admin", memberId = id, name = "personal" })).Expect(201).Text("token");
        return new Person(id, accepted.Text("role"), accepted.TextOrNull("tier"), org.Owner.With(token));
    }

    private static async Task<string> RoleAsync(Person person) => (await person.Door.Get("/me")).Expect(200).Text("member", "role");

    /// <summary>The jobs' rounds follow the clock, which is moved on a second at a time.</summary>
    private async Task UntilAsync(Func<Task<bool>> reached, string what)
    {
        for (var round = 0; round < 150; round++)
        {
            if (await reached()) return;
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(100);
        }
        Assert.Fail("Not reached: " + what);
    }
}
