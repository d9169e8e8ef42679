using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Provisioning.Tests.Http;

/// <summary>Rows of the checklist that no recorded conversation walks through.</summary>
public sealed class ScimRowsTests
{
    private TestService service = null!;

    [OneTimeSetUp]
    public async Task TakeServiceAsync() => service = await SharedService.GetAsync();

    [Test]
    public async Task H4_HEAD_answers_what_GET_would_without_the_body()
    {
        var organization = await service.OrganizationAsync();
        var id = await organization.PushAsync("ada");
        foreach (var path in (string[])["/Users", "/Users/" + id, "/Groups", "/Schemas", "/ServiceProviderConfig", "/Users/unknown"])
        {
            var get = await organization.Scim.Get(path);
            var head = await organization.Scim.Send("HEAD", path, null);
            using (Assert.EnterMultipleScope())
            {
                Assert.That((head.Status, head.ContentType, head.Header("ETag")), Is.EqualTo((get.Status, get.ContentType, get.Header("ETag"))), path);
                Assert.That(head.Body, Is.Empty, path);
            }
        }
        var tag = (await organization.Scim.Get("/Users/" + id)).Header("ETag")!;
        (await organization.Scim.Send("HEAD", "/Users/" + id, null, ("If-None-Match", tag))).Expect(304);
    }

    [Test]
    public async Task A_base_URL_that_ends_with_a_slash_leads_to_the_same_resources()
    {
        var organization = await service.OrganizationAsync();
        var id = (await organization.Scim.At("/scim/v2/").Post("/Users", organization.User("ada"))).Expect(201).Id;
        foreach (var root in (string[])["/scim/v2/", "/scim/", "/scim//v2", "/scim/v2"])
        {
            Assert.That((await organization.Scim.At(root).Get("/Users?count=1")).Expect(200).Number("totalResults"), Is.EqualTo(1), root);
            Assert.That((await organization.Scim.At(root).Get("/Users/" + id)).Expect(200).Text("meta", "location"), Does.EndWith("/scim/v2/Users/" + id), root);
        }
        (await organization.Scim.With(null).At("/scim/v2/").Get("/Users")).ExpectScimError(401);
    }

    [Test]
    public async Task F16_addresses_filter_as_they_are_shown()
    {
        var organization = await service.OrganizationAsync();
        var id = await organization.PushAsync("ada");
        await organization.PushAsync("bob");
        var group = await organization.PushGroupAsync("Engineers", id);
        var user = (await organization.Scim.Get("/Users/" + id)).Expect(200);
        await Finds("/Users", $"meta.location eq \"{user.Text("meta", "location")}\"", id);
        await Finds("/Users", $"groups.$ref eq \"{user.Text("groups", 0, "$ref")}\"", id);
        await Finds("/Groups", $"meta.location eq \"{(await organization.Scim.Get("/Groups/" + group)).Text("meta", "location")}\"", group);

        async Task Finds(string path, string filter, string found) =>
            Assert.That((await organization.Scim.Get($"{path}?filter={Uri.EscapeDataString(filter)}")).Expect(200).Items("Resources").Select(item => TestOrganization.Text(item, "id")),
                Is.EqualTo((string[])[found]), filter);
    }

    [Test]
    public async Task U10_a_replaced_member_list_shows_its_members_as_sent_last()
    {
        var organization = await service.OrganizationAsync();
        var (ada, bob) = (await organization.PushAsync("ada"), await organization.PushAsync("bob"));
        var group = await organization.PushGroupAsync("Engineers", ada, bob);
        var read = (await organization.Scim.Get("/Groups/" + group)).Expect(200);
        Assert.That((await organization.Scim.Put("/Groups/" + group, read.Json)).Expect(200).Header("ETag"), Is.EqualTo(read.Header("ETag")), "what was read is no change");

        var named = (await organization.Scim.Put("/Groups/" + group, Engineers(Member(ada, "Ada"), Member(bob, null)))).Expect(200);
        Assert.That((Display(named, ada), Display(named, bob), named.Header("ETag")), Is.EqualTo(("Ada", (string?)null, "W/\"2\"")));
        var again = (await organization.Scim.Put("/Groups/" + group, Engineers(Member(ada, "Ada"), Member(bob, null)))).Expect(200);
        Assert.That(again.Header("ETag"), Is.EqualTo("W/\"2\""));

        var renamed = (await organization.Scim.Patch("/Groups/" + group, TestOrganization.Patch(
            TestOrganization.Operation("replace", "members", new JsonArray(Member(ada, "Lovelace"), Member(bob, "Bob")))))).Expect(200);
        Assert.That((Display(renamed, ada), Display(renamed, bob), renamed.Header("ETag")), Is.EqualTo(("Lovelace", "Bob", "W/\"3\"")));

        static JsonObject Member(string id, string? display) => new() { ["value"] = id, ["display"] = display };
        static JsonObject Engineers(params JsonObject[] members) => new() { ["displayName"] = "Engineers", ["members"] = new JsonArray([.. members]) };
        static string? Display(Answer answer, string id) =>
            TestOrganization.Text(answer.Items("members").Single(member => TestOrganization.Text(member, "value") == id), "display");
    }

    [Test]
    public async Task U10_a_member_that_names_an_operation_of_no_bulk_request_is_an_error()
    {
        var organization = await service.OrganizationAsync();
        var body = new JsonObject { ["displayName"] = "Engineers", ["members"] = new JsonArray(new JsonObject { ["value"] = "bulkId:qwerty" }) };
        (await organization.Scim.Post("/Groups", body)).ExpectScimError(400, "invalidValue");
        Assert.That((await organization.Scim.Get("/Groups")).Number("totalResults"), Is.Zero);
    }

    [Test]
    public async Task SCIM_7_SCIM_8_a_person_outside_the_verified_domains_is_refused_but_can_still_be_deactivated()
    {
        var organization = await service.OrganizationAsync();
        var guest = organization.User("guest");
        guest["emails"] = new JsonArray(new JsonObject { ["value"] = "guest@elsewhere.example", ["primary"] = true });
        var id = (await organization.Scim.Post("/Users", guest)).Expect(201).Id;
        (await organization.Owner.Put("/provisioning", new { mode = "scim_and_jit", onNoSeat = new { scim = "waiting" }, requireVerifiedDomain = new { scim = true } },
            ("If-Match", "*"))).Expect(200);

        (await organization.SetActiveAsync(id, false)).Expect(200);
        await organization.ExpectAssignedAsync(premium: 0, standard: 0);
        (await organization.SetActiveAsync(id, true)).ExpectScimError(400, "invalidValue");
        (await organization.Scim.Post("/Users", guest)).ExpectScimError(400, "invalidValue");
    }
}
