using NUnit.Framework;

namespace Provisioning.Tests.Http;

/// <summary>Bad input to the provisioning routes: a precise error, and nothing is changed (design D10).</summary>
public sealed class ProvisioningInputTests
{
    private TestOrganization organization = null!;

    [OneTimeSetUp]
    public async Task PrepareAsync() => organization = await (await SharedService.GetAsync()).OrganizationAsync();

    [TestCase("PUT", "/provisioning", "[]", 400, "invalid_request")]
    [TestCase("PUT", "/provisioning", """{"mode":"sometimes"}""", 400, "invalid_request")]
    [TestCase("PUT", "/provisioning", """{"mappingEnabled":"yes"}""", 400, "invalid_request")]
    [TestCase("PUT", "/provisioning", """{"unmappedTier":"none"}""", 400, "invalid_request")]
    [TestCase("PUT", "/provisioning", """{"mappedTierExhausted":7}""", 400, "invalid_request")]
    [TestCase("PUT", "/provisioning", """{"mappings":[]}""", 400, "invalid_request")]
    [TestCase("PUT", "/provisioning", """{"mappings":{"roles":[7]}}""", 400, "invalid_request")]
    [TestCase("PUT", "/provisioning", """{"mappings":{"roles":[{"group":"A"}]}}""", 400, "invalid_request")]
    [TestCase("PUT", "/provisioning", """{"mappings":{"tiers":[{"tier":"premium"}]}}""", 400, "invalid_request")]
    [TestCase("PUT", "/provisioning", """{"mappings":{"people":[]}}""", 400, "invalid_request")]
    [TestCase("PUT", "/provisioning", """{"mappings":{"roles":[{"group":"a\u0000b","role":"user"}]}}""", 400, "invalid_request")]
    [TestCase("PUT", "/provisioning", """{"surprise":1}""", 400, "invalid_request")]
    [TestCase("POST", "/provisioning/preview", """{"mode":7}""", 400, "invalid_request")]
    [TestCase("POST", "/provisioning/preview", """{"mappingEnabled":true,"mappings":{"tiers":[{"group":"A","tier":"gold"}]}}""", 422, "unknown_tier")]
    [TestCase("POST", "/provisioning/apply", """{}""", 400, "invalid_request")]
    [TestCase("POST", "/provisioning/apply", """{"previewId":"prv_x"}""", 404, "not_found")]
    [TestCase("POST", "/provisioning/what-if", """{"people":7}""", 400, "invalid_request")]
    [TestCase("POST", "/provisioning/what-if", """{"people":[{"groups":["A"]}]}""", 400, "invalid_request")]
    [TestCase("POST", "/provisioning/what-if", """{"people":[{"userName":"a"},{"userName":"A"}]}""", 400, "invalid_request")]
    [TestCase("POST", "/provisioning/what-if", """{"people":[{"userName":"a"}],"change":{"mode":"x"}}""", 400, "invalid_request")]
    [TestCase("POST", "/directory/sync", """{"scope":"everything"}""", 400, "invalid_request")]
    [TestCase("GET", "/directory/runs/nonsense", null, 404, "not_found")]
    [TestCase("GET", "/parked-effects?state=lost", null, 400, "invalid_request")]
    [TestCase("GET", "/parked-effects?cursor=forged", null, 400, "invalid_cursor")]
    [TestCase("GET", "/parked-effects/nonsense", null, 404, "not_found")]
    [TestCase("POST", "/parked-effects/nonsense/apply", null, 404, "not_found")]
    [TestCase("PUT", "/reservations", """{}""", 400, "invalid_request")]
    [TestCase("PUT", "/reservations", """{"reservations":[{"group":"A","tier":"premium","quantity":0}]}""", 400, "invalid_request")]
    [TestCase("PUT", "/reservations", """{"reservations":[{"group":"A","tier":"gold","quantity":1}]}""", 422, "unknown_tier")]
    public async Task A_refused_request_names_its_problem_and_changes_nothing(string method, string path, string? body, int status, string code)
    {
        var before = (await organization.Owner.Get("/provisioning")).Expect(200).Body;
        (await organization.Owner.Send(method, path, body, ("If-Match", "*"))).ExpectProblem(status, code);
        Assert.That((await organization.Owner.Get("/provisioning")).Expect(200).Body, Is.EqualTo(before));
    }

    [TestCase("POST", "/provisioning/preview", """{"mode":"jit"}""")]
    [TestCase("POST", "/provisioning/apply", """{"previewId":"prv_x"}""")]
    [TestCase("POST", "/provisioning/what-if", """{"people":[{"userName":"x"}]}""")]
    [TestCase("POST", "/directory/sync", null)]
    [TestCase("GET", "/parked-effects", null)]
    [TestCase("PUT", "/reservations", """{"reservations":[]}""")]
    public async Task ROLE_1_only_owners_decide_about_provisioning(string method, string path, string? body) =>
        (await organization.Admin.Send(method, path, body, ("If-Match", "*"))).ExpectProblem(403, "forbidden_role");
}
