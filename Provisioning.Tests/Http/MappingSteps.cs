using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Provisioning.Tests.Http;

/// <summary>What owners and identity providers do about group mapping, in few words.</summary>
internal static class MappingSteps
{
    /// <summary>The body of PUT /provisioning: role groups and tier groups as (group, role or tier).</summary>
    public static JsonObject Mapping((string Group, string Role)[] roles, (string Group, string Tier)[]? tiers = null) => new()
    {
        ["mappingEnabled"] = true,
        ["mappings"] = new JsonObject
        {
            ["roles"] = new JsonArray([.. roles.Select(item => new JsonObject { ["group"] = item.Group, ["role"] = item.Role })]),
            ["tiers"] = new JsonArray([.. (tiers ?? []).Select(item => new JsonObject { ["group"] = item.Group, ["tier"] = item.Tier })]),
        },
    };

    public static JsonObject With(this JsonObject body, string name, JsonNode? value)
    {
        body[name] = value;
        return body;
    }

    public static Task<Answer> SetAsync(this TestOrganization organization, JsonObject body) =>
        organization.Owner.Put("/provisioning", body, ("If-Match", "*"));

    /// <summary>An organisation that follows the directory and the mapping, before anything is pushed.</summary>
    public static async Task<TestOrganization> MappedAsync(
        this TestService service, JsonObject mapping, int standard = 5, int premium = 5, string mode = "scim")
    {
        var organization = await service.OrganizationAsync(standard, premium, mode);
        (await organization.SetAsync(mapping)).Expect(200);
        return organization;
    }

    public static async Task JoinAsync(this TestOrganization organization, string group, params string[] users) =>
        (await organization.Scim.Patch("/Groups/" + group, TestOrganization.Patch(TestOrganization.Operation(
            "add", "members", new JsonArray([.. users.Select(user => new JsonObject { ["value"] = user })]))))).Expect(200, 204);

    public static async Task LeaveAsync(this TestOrganization organization, string group, string user) =>
        (await organization.Scim.Patch("/Groups/" + group, TestOrganization.Patch(TestOrganization.Operation(
            "remove", $"members[value eq \"{user}\"]", null)))).Expect(200, 204);

    /// <summary>state role seatStatus tier&gt;desired, as far as there is something to say: "active user assigned:standard>premium".</summary>
    public static async Task<string> StandsAsync(this TestOrganization organization, string name)
    {
        var member = await organization.MemberOfAsync(organization.Mail(name));
        string? Text(string property) => TestOrganization.Text(member, property);
        return Text("state") + (Text("suspendedBy") is { } cause ? "(" + cause + ")" : "") + " " + Text("role") + " " + Text("seatStatus")
            + (Text("tier") is { } tier ? ":" + tier : "") + (Text("desiredTier") is { } desired ? ">" + desired : "");
    }

    public static async Task ExpectAsync(this TestOrganization organization, string name, string stands) =>
        Assert.That(await organization.StandsAsync(name), Is.EqualTo(stands), name);

    /// <summary>Waits for the job to finish with what is not done at once.</summary>
    public static async Task<Answer> FinishedAsync(this TestOrganization organization, Answer run)
    {
        for (var round = 0; run.Text("state") == "running"; round++)
        {
            Assert.That(round, Is.LessThan(300), "the run does not end");
            await Task.Delay(100);
            run = (await organization.Owner.Get("/directory/runs/" + run.Text("runId"))).Expect(200);
        }
        return run;
    }

    public static async Task<Answer> SyncAsync(this TestOrganization organization, string scope = "both") =>
        await organization.FinishedAsync((await organization.Owner.Post("/directory/sync", new { scope })).Expect(200));
}
