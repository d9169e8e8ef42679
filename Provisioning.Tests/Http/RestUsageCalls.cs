using Provisioning.Tests.Spend;

namespace Provisioning.Tests.Http;

/// <summary>Usage and caps.</summary>
internal sealed partial record RestCall
{
    private static IEnumerable<RestCall> Usage() =>
    [
        Read("/usage/events"), Read("/usage/settings"), Read("/usage/included-limits"), Read("/spend-caps"), Read("/spend-cap-requests"),
        Read("/spend-caps/effective", async world => "/spend-caps/effective?memberId=" + await world.MemberAsync()),
        Read("/spend-caps/organisation", async world => await SetAsync(world, "/spend-caps/organisation")),
        Read("/spend-caps/tier/{tier}", async world => await SetAsync(world, "/spend-caps/tier/premium")),
        Read("/spend-caps/individual/{id}", async world => await SetAsync(world, "/spend-caps/individual/" + await world.MemberAsync())),
        Read("/usage/authorizations/{id}", async world => "/usage/authorizations/" + await AuthorizedAsync(world), world => world.Application),
        Of("POST", "/usage/authorizations", async world =>
        {
            var member = await world.MemberAsync();
            await TestPrices.AddAsync(world.Service);
            object Body(int input) => new { memberId = member, estimate = new { model = UsageDesk.Model, input } };
            return new ReadyCall(world.Application, "/usage/authorizations", Body(1000), Body(2000), world.Organization);
        }),
        Of("POST", "/usage/authorizations/{id}/settle", async world => new ReadyCall(
            world.Application, $"/usage/authorizations/{await AuthorizedAsync(world)}/settle", new { input = 800 }, new { input = 900 }, world.Organization)),
        Of("POST", "/usage/authorizations/{id}/release", async world => new ReadyCall(
            world.Application, $"/usage/authorizations/{await AuthorizedAsync(world)}/release", null, new { }, world.Organization)),
        Of("POST", "/usage/events", async world =>
        {
            var member = await world.MemberAsync();
            object Body(string source) => new { events = new[] { new { source, eventId = "e-1", memberId = member, model = UsageDesk.Model, input = 10 } } };
            return new ReadyCall(world.Application, "/usage/events", Body(world.Next("walk")), Body(world.Next("walk")), world.Organization);
        }),
        Of("PUT", "/usage/settings", async world =>
        {
            var own = await SignedAsync(world);
            return new ReadyCall(own.Owner, "/usage/settings", new { extraUsage = true }, In: own);
        }),
        Of("PUT", "/members/{id}/extra-usage", async world =>
            new ReadyCall(world.Owner, $"/members/{await world.MemberAsync()}/extra-usage", new { enabled = false }, In: world.Organization)),
        Of("PUT", "/usage/included-limits", world => new ReadyCall(
            world.Operator, "/usage/included-limits", new { currency = "USD", limits = new[] { new { tier = "standard", amount = "20.00" } } }, In: world.Organization)),
        .. Caps("/spend-caps/organisation", _ => Task.FromResult("/spend-caps/organisation")),
        .. Caps("/spend-caps/tier/{tier}", _ => Task.FromResult("/spend-caps/tier/premium")),
        .. Caps("/spend-caps/individual/{id}", async world => "/spend-caps/individual/" + await world.MemberAsync()),
        Of("POST", "/spend-cap-requests", async world =>
        {
            var door = await world.PersonAsync(world.Organization, await world.MemberAsync());
            object Body(string amount) => new { limit = new { amount, currency = "USD" }, reason = "more" };
            return new ReadyCall(door, "/spend-cap-requests", Body("80.00"), Body("90.00"), world.Organization);
        }),
        Of("POST", "/spend-cap-requests/{id}/approve", async world =>
            new ReadyCall(world.Owner, $"/spend-cap-requests/{await RequestedAsync(world)}/approve", null, new { }, world.Organization)),
        Of("POST", "/spend-cap-requests/{id}/deny", async world =>
            new ReadyCall(world.Owner, $"/spend-cap-requests/{await RequestedAsync(world)}/deny", null, new { }, world.Organization)),
    ];

    /// <summary>The caps of an organisation of its own, so that the walk changes nobody else's.</summary>
    private static IEnumerable<RestCall> Caps(string pattern, Func<RestWorld, Task<string>> real) =>
    [
        Of("PUT", pattern, async world =>
        {
            var path = await SetAsync(world, await real(world));
            return new ReadyCall(world.Owner, path, Body(path, "5000.00"), In: world.Organization);
        }),
        Of("DELETE", pattern, async world => new ReadyCall(world.Owner, await SetAsync(world, await real(world)), In: world.Organization)),
    ];

    private static object Body(string path, string amount) => path.Contains("tier", StringComparison.Ordinal)
        ? new { limit = new { amount, currency = "USD" }, basis = "aggregate" } : new { limit = new { amount, currency = "USD" } };

    private static async Task<string> SetAsync(RestWorld world, string path)
    {
        (await world.Owner.Put(path, Body(path, "4000.00"), ("If-Match", "*"))).Expect(200);
        return path;
    }

    private static async Task<string> AuthorizedAsync(RestWorld world)
    {
        await TestPrices.AddAsync(world.Service);
        return (await world.Application.Post("/usage/authorizations", new { memberId = await world.MemberAsync(), model = UsageDesk.Model })).Expect(200).Id;
    }

    private static async Task<string> RequestedAsync(RestWorld world)
    {
        var door = await world.PersonAsync(world.Organization, await world.MemberAsync());
        return (await door.Post("/spend-cap-requests", new { limit = new { amount = "80.00", currency = "USD" } })).Expect(201).Id;
    }
}
