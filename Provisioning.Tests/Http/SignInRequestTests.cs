using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>What a gateway sends to the hook, and who may.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class SignInRequestTests(string engine)
{
    private TestService service = null!;

    [OneTimeSetUp]
    public async Task TakeServiceAsync() => service = await SharedService.GetAsync(engine);

    [TestCase("""{"subject":"a"}""")]
    [TestCase("""{"connection":"demo"}""")]
    [TestCase("""{"connection":"demo","subject":""}""")]
    [TestCase("""{"connection":"demo","subject":7}""")]
    [TestCase("""{"connection":"demo","subject":"a","groups":"eng"}""")]
    [TestCase("""{"connection":"demo","subject":"a","emailVerified":"perhaps"}""")]
    [TestCase("""{"connection":"no such connection","subject":"a","email":"a@b.example"}""")]
    [TestCase("""[]""")]
    [TestCase("""{""")]
    public async Task A_request_that_lacks_what_is_needed_is_an_invalid_request(string body)
    {
        var organization = await service.OrganizationAsync();
        (await organization.Gateway.Post("/sign-in-decisions", body)).ExpectProblem(400, "invalid_request");
    }

    [Test]
    public async Task A_connection_is_named_by_its_id_too()
    {
        var organization = await service.OrganizationAsync();
        var connections = (await organization.Owner.Get("/connections")).Expect(200).Items("connections");
        var id = TestOrganization.Text(connections.Single(), "id");
        await organization.AllowedAsync("ada", change: body => body["connection"] = id);
    }

    [Test]
    public async Task ROLE_5_only_a_gateway_token_decides_sign_ins()
    {
        var organization = await service.OrganizationAsync();
        var body = new { connection = TestOrganization.Connection, subject = "a", email = organization.Mail("a") };
        (await organization.Admin.Post("/sign-in-decisions", body)).ExpectProblem(403, "forbidden_role");
        (await organization.Gateway.With(organization.Scim.Token).Post("/sign-in-decisions", body)).ExpectProblem(403, "forbidden_role");
        (await organization.Gateway.With(null).Post("/sign-in-decisions", body)).ExpectProblem(401, "unauthenticated");
        Assert.That(await organization.MembersAsync(), Is.Empty);
    }
}
