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
}
