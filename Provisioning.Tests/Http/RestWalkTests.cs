using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;

namespace Provisioning.Tests.Http;

/// <summary>A walk over every REST route: what is asked twice under one Idempotency-Key is done once, and what has a version is changed under If-Match only.</summary>
public sealed class RestWalkTests
{
    /// <summary>POST routes that keep no receipt for a key, and why they need none.</summary>
    private static readonly Dictionary<string, string> WithoutKey = new()
    {
        ["POST /v1/organizations/{org}/connections/{id}/test"] = "changes nothing",
        ["POST /v1/organizations/{org}/provisioning/what-if"] = "changes nothing",
        ["POST /v1/organizations/{org}/sign-in-decisions"] = "a decision of the moment: a person who asks twice is one member with one seat (JIT-9)",
        ["POST /v1/invitations/accept"] = "the invitation's own token is the key (INV-4)",
        ["POST /v1/organizations/{org}/ownership-transfer"] = "who has handed the ownership over is no primary owner any more (403)",
        ["POST /v1/payments"] = "the payment's own reference is the key, and the signature covers the body",
    };

    /// <summary>Changes without If-Match, and why.</summary>
    private static readonly Dictionary<string, string> WithoutVersion = new()
    {
        ["DELETE /v1/organizations/{org}/tokens/{id}"] = "a token is made and revoked, never changed",
        ["DELETE /v1/organizations/{org}/scim-tokens/{id}"] = "a token is made and revoked, never changed",
        ["DELETE /v1/organizations/{org}/sessions/{id}"] = "a session begins and ends, and is never changed",
        ["DELETE /v1/organizations/{org}/webhooks/{id}"] = "nothing of it is lost that somebody else changed",
        ["DELETE /v1/organizations/{org}/domains/{id}"] = "a claim goes one way: pending, verified, removed",
        ["DELETE /v1/organizations/{org}/invitations/{id}"] = "an invitation goes one way: pending, ended",
        ["PUT /v1/organizations/{org}/seats"] = "the operator's word about what was bought; seats are never taken away by it",
        ["PUT /v1/organizations/{org}/domains"] = "the operator vouches for the whole set",
        ["PUT /v1/organizations/{org}/price-multiplier"] = "the operator's word about what was agreed elsewhere",
        ["PUT /v1/organizations/{org}/members/{id}/extra-usage"] = "a switch: the last word counts",
        ["PUT /v1/organizations/{org}/usage/included-limits"] = "the operator's word about the whole set",
        ["PUT /v1/organizations/{org}/owner"] = "the operator appoints, whoever owns it now (ROLE-3)",
    };

    /// <summary>Whether a repeated POST is answered from its receipt.</summary>
    public static bool TakesKey(string route) => !WithoutKey.ContainsKey(route);

    private RestWorld world = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => world = await RestWorld.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await world.DisposeAsync();

    private static IEnumerable<string> Keyed => Named("POST").Where(name => !WithoutKey.ContainsKey(name));

    private static IEnumerable<string> Unkeyed => WithoutKey.Keys;

    private static IEnumerable<string> Versioned => Named("PUT", "PATCH", "DELETE").Where(name => !WithoutVersion.ContainsKey(name));

    private static IEnumerable<string> Unversioned => WithoutVersion.Keys;

    [Test]
    public void Every_REST_route_is_walked()
    {
        var routes = world.Service.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.RoutePattern.RawText!.TrimStart('/').StartsWith("v1/", StringComparison.Ordinal))
            .SelectMany(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods
                .Select(method => $"{method} /{endpoint.RoutePattern.RawText!.Trim('/')}"));
        Assert.That(RestCall.All.Select(call => call.Name), Is.EquivalentTo(routes));
    }

    [TestCaseSource(nameof(Keyed))]
    public async Task I_13_a_key_used_again_answers_the_same_and_changes_nothing(string route)
    {
        var call = await ReadyAsync(route);
        var key = ("Idempotency-Key", Guid.NewGuid().ToString());
        var first = await call.SendAsync(key);
        Assert.That(first.Status, Is.InRange(200, 299), first.ToString());
        var state = await RestWorld.StateAsync(call.In!);
        var second = (await call.SendAsync(key)).Expect(first.Status);
        Assert.That(Lasting(second, call.Changing), Is.EqualTo(Lasting(first, call.Changing)));
        Assert.That(await RestWorld.StateAsync(call.In!), Is.EqualTo(state), "the repetition changed something");
        (await call.SendAsync(call.Other, key)).ExpectProblem(422, "idempotency_key_reused");
        Assert.That(await RestWorld.StateAsync(call.In!), Is.EqualTo(state), "the key used for another request changed something");
        (await call.SendAsync(("Idempotency-Key", new string('k', 256)))).ExpectProblem(400, "invalid_request");
    }

    [TestCaseSource(nameof(Unkeyed))]
    public async Task What_takes_no_key_changes_nothing_when_asked_again(string route)
    {
        var call = await ReadyAsync(route);
        (await call.SendAsync()).Expect(200);
        var state = await RestWorld.StateAsync(call.In!);
        (await call.SendAsync()).Expect(200, 403);
        Assert.That(await RestWorld.StateAsync(call.In!), Is.EqualTo(state));
    }

    [TestCaseSource(nameof(Versioned))]
    public async Task What_has_a_version_is_changed_under_If_Match_only(string route)
    {
        var call = await ReadyAsync(route);
        var state = await RestWorld.StateAsync(call.In!);
        (await call.SendAsync()).ExpectProblem(428, "precondition_required");
        (await call.SendAsync(("If-Match", "\"999999\""))).ExpectProblem(412, "version_conflict");
        Assert.That(await RestWorld.StateAsync(call.In!), Is.EqualTo(state), "a refused change changed something");
        var done = await call.SendAsync(("If-Match", "*"));
        Assert.That(done.Status, Is.InRange(200, 299), done.ToString());
        Assert.That(await RestWorld.StateAsync(call.In!), Is.Not.EqualTo(state));
    }

    [TestCaseSource(nameof(Unversioned))]
    public async Task What_has_no_version_asks_for_none(string route)
    {
        var call = await ReadyAsync(route);
        var done = await call.SendAsync();
        Assert.That(done.Status, Is.InRange(200, 299), done.ToString());
    }

    private static IEnumerable<string> Named(params string[] methods) => RestCall.All.Where(call => methods.Contains(call.Method)).Select(call => call.Name);

    private Task<ReadyCall> ReadyAsync(string route) => RestCall.All.Single(call => call.Name == route).ReadyAsync(world);

    private static string Lasting(Answer answer, IReadOnlyList<string> changing)
    {
        if (answer.Body.Length == 0) return "";
        var json = (JsonObject)answer.Json.DeepClone();
        foreach (var name in changing) json.Remove(name);
        return json.ToJsonString();
    }
}
