using System.Globalization;
using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Provisioning.Tests.Http;

/// <summary>Tests of rows of the SCIM checklist over HTTP, all of a fixture in one organisation with seats for everybody.</summary>
public abstract class ScimRowTests(string engine)
{
    protected const string Enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

    private static int made;

    private protected TestService Service { get; private set; } = null!;

    private protected TestOrganization Org { get; private set; } = null!;

    private protected Door Scim => Org.Scim;

    [OneTimeSetUp]
    public async Task TakeOrganizationAsync()
    {
        Service = await SharedService.GetAsync(engine);
        Org = await Service.OrganizationAsync(standard: 1000, premium: 1000);
    }

    /// <summary>A name nobody has yet.</summary>
    protected static string Unique(string name) => string.Create(CultureInfo.InvariantCulture, $"{name}-{Interlocked.Increment(ref made)}");

    /// <summary>Creates a usual user under a new name, changed as the test wants.</summary>
    private protected async Task<Answer> CreateAsync(Action<JsonObject>? change = null)
    {
        var user = Org.User(Unique("u"));
        change?.Invoke(user);
        return (await Scim.Post("/Users", user)).Expect(201);
    }

    private protected Task<Answer> GroupAsync(params string[] members) => Scim.Post("/Groups", new JsonObject
    {
        ["displayName"] = Unique("group"), ["members"] = new JsonArray([.. members.Select(member => new JsonObject { ["value"] = member })]),
    });

    private protected Task<Answer> PatchAsync(string path, params JsonObject[] operations) => Scim.Patch(path, TestOrganization.Patch(operations));

    protected static JsonObject Op(string op, string? path, JsonNode? value = null) => TestOrganization.Operation(op, path, value);

    private protected async Task<int> TotalAsync(string path) => (await Scim.Get(path + (path.Contains('?', StringComparison.Ordinal) ? "&" : "?") + "count=0")).Expect(200).Number("totalResults");

    protected static void Same(JsonNode? actual, string expected) =>
        Assert.That(JsonNode.DeepEquals(actual, JsonNode.Parse(expected)), Is.True, $"was {actual?.ToJsonString()}\nnot {expected}");
}
