using NUnit.Framework;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>People who wait for a seat are seen by those who can help, and get one in their turn.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class WaitingTests(string engine)
{
    [Test]
    public async Task SCIM_6_the_waiting_are_listed_and_counted_the_owner_is_told_and_a_free_seat_goes_to_them()
    {
        var service = await SharedService.GetAsync(engine);
        var organization = await service.OrganizationAsync(standard: 0, premium: 1);
        var ada = await organization.PushAsync("ada");
        await organization.PushAsync("bob");
        var waiting = await organization.MemberOfAsync(organization.Mail("bob"));
        Assert.That((await organization.WaitingAsync()).Select(entry => TestOrganization.Text(entry, "userName")), Is.EqualTo((string[])[organization.Mail("bob")]), "listed");
        Assert.That((await organization.SeatsAsync())["premium"].Waiting, Is.EqualTo(1), "counted");
        // Told: the event is what notices to owners are made of (rule NOTI-3).
        Assert.That(await organization.ActionsOnAsync(TestOrganization.Text(waiting, "id")!), Has.Some.EqualTo("seat.waiting"));
        (await organization.SetActiveAsync(ada, false)).Expect(200);
        Assert.That(TestOrganization.Text(await organization.MemberOfAsync(organization.Mail("bob")), "seatStatus"), Is.EqualTo("assigned"), "drained");
        Assert.That(await organization.WaitingAsync(), Is.Empty);
        await organization.ExpectAssignedAsync(premium: 1, standard: 0);
    }

    [Test]
    public async Task JIT_2_people_who_were_refused_are_listed_page_by_page_in_the_order_they_asked()
    {
        var service = await SharedService.GetAsync(engine);
        var organization = await service.OrganizationAsync(standard: 0, premium: 0);
        var names = (string[])["eve", "dan", "cyd", "bob", "ada"];
        foreach (var name in names) await organization.DeniedAsync("seat_unavailable", name);
        var listed = new List<string>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = (await organization.Admin.Get($"/seats/waiting?limit=2&requestsCursor={cursor}")).Expect(200);
            Assert.That(page.Items("requests"), Has.Count.LessThanOrEqualTo(2));
            listed.AddRange(page.Items("requests").Select(request => TestOrganization.Text(request, "email")!));
            cursor = page.TextOrNull("nextRequestsCursor");
        }
        Assert.That(listed, Is.EqualTo(names.Select(organization.Mail)));
        (await organization.Admin.Get("/seats/waiting?requestsCursor=eve")).ExpectProblem(400, "invalid_cursor");
    }
}
