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
}
