using System.Globalization;
using NUnit.Framework;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>Seats bought while everybody signs in at once (rules QUO-3, SEAT-11, SEAT-12).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class PurchaseStampedeTests(string engine)
{
    private TestService service = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => service = await SharedService.GetAsync(engine);

    [Test]
    public async Task QUO_3_a_purchase_in_a_stampede_of_sign_ins_seats_the_waiting_at_once_first_come_first_served()
    {
        const int seated = 4, people = 24, bought = 7;
        var org = await service.OrganizationAsync(standard: 0, premium: 0);
        (await org.Operator.Post("/contract", new
        {
            currency = "EUR", minimumSeats = 0, compliance = true,
            tiers = new object[] { new { tier = "standard", price = "40.00", quantity = seated }, new { tier = "premium", price = "100.00", quantity = 0 } },
        })).Expect(201);
        for (var i = 0; i < people; i++) await org.PushAsync(string.Create(CultureInfo.InvariantCulture, $"p{i}"));
        var waiting = (await org.WaitingAsync()).Select(entry => TestOrganization.Text(entry, "memberId")!).ToList();
        Assert.That(waiting, Has.Count.EqualTo(people - seated));
        var quote = (await org.Owner.Post("/seat-quotes", new { kind = "add", tier = "standard", quantity = bought })).Expect(201);

        // Everybody tries to get in, people nobody pushed among them, and again and again, while the owner buys.
        var stampede = Enumerable.Range(0, 3 * people).Select(i => i % 3 == 2
            ? org.SignInAsync(string.Create(CultureInfo.InvariantCulture, $"stranger{i}"))
            : org.SignInAsync(string.Create(CultureInfo.InvariantCulture, $"s{i % people}"), org.Mail(string.Create(CultureInfo.InvariantCulture, $"p{i % people}")))).ToList();
        var purchase = org.Owner.Post($"/seat-quotes/{quote.Id}/confirm",
            new { expectedTotal = new { amount = quote.Text("total", "amount"), currency = "EUR" } }, ("Idempotency-Key", quote.Id));
        var confirmed = (await purchase).Expect(200);
        var answers = await Task.WhenAll(stampede);

        Assert.That(confirmed.Items("drained").Select(item => item.GetValue<string>()), Is.EqualTo(waiting.Take(bought)), "the first who came, in order");
        Assert.That((await org.WaitingAsync()).Select(entry => TestOrganization.Text(entry, "memberId")), Is.EqualTo(waiting.Skip(bought)), "nobody overtook");
        foreach (var answer in answers) answer.Expect(200);
        Assert.That(answers.Where((_, i) => i % 3 == 2).Select(answer => answer.Text("decision")), Is.All.EqualTo("deny"));
        await org.ExpectAssignedAsync(premium: 0, standard: seated + bought);
    }
}
