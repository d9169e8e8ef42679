using System.Text.Json.Nodes;

namespace Provisioning.Tests.Http;

/// <summary>A call that succeeds, ready to be sent.</summary>
/// <param name="Other">Another body that is good too.</param>
/// <param name="In">The organisation it changes something in.</param>
internal sealed record ReadyCall(Door Door, string Path, object? Body = null, object? Other = null, TestOrganization? In = null)
{
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>Fields that may differ when the call is repeated: secrets shown once, how far a run is.</summary>
    public IReadOnlyList<string> Changing { get; init; } = [];

    public Task<Answer> SendAsync(params (string, string)[] more) => SendAsync(Body, more);

    public Task<Answer> SendAsync(object? body, params (string, string)[] more) => Door.Send(Method, Path, body, [.. Headers, .. more]);

    internal string Method { get; init; } = "";
}

/// <summary>Every REST route with a call of it; a test demands that none is missing.</summary>
internal sealed partial record RestCall(string Method, string Pattern, Func<RestWorld, Task<ReadyCall>> Prepare)
{
    private const string Organization = "/v1/organizations/{org}";

    private static readonly string[] Progress = ["state", "seen", "changed"];

    public string Name => Method + " " + Pattern;

    public async Task<ReadyCall> ReadyAsync(RestWorld world) => await Prepare(world) with { Method = Method };

    public static readonly IReadOnlyList<RestCall> All =
    [
        .. Reads(), .. Operators(), .. People(), .. Access(), .. Directory(), .. Purchases(), .. SignIns(), .. SpendCalls.All(), .. Usage(),
    ];

    internal static RestCall Of(string method, string path, Func<RestWorld, Task<ReadyCall>> prepare) => new(method, Organization + path, prepare);

    internal static RestCall Of(string method, string path, Func<RestWorld, ReadyCall> prepare) => new(method, Organization + path, world => Task.FromResult(prepare(world)));

    internal static RestCall Read(string path, Func<RestWorld, Task<string>>? real = null, Func<RestWorld, Door>? door = null) =>
        Of("GET", path, async world => new ReadyCall((door ?? (at => at.Owner))(world), real is null ? path : await real(world)));

    private static IEnumerable<RestCall> Reads() =>
    [
        Read(""), Read("/members"), Read("/members.csv"), Read("/seats"), Read("/seats/waiting"), Read("/audit"), Read("/audit/export"),
        Read("/audit/verification"), Read("/webhooks"), Read("/notifications"), Read("/tokens"), Read("/scim-tokens"), Read("/connections"),
        Read("/sign-in-settings"), Read("/provisioning"), Read("/parked-effects"), Read("/reservations"), Read("/contract"), Read("/contract/terms"),
        Read("/invoices"), Read("/invitations"), Read("/domains"), Read("/me", door: world => world.Primary),
        Read("/members/{id}", async world => "/members/" + await world.MemberAsync()),
        Read("/members/{id}/entitlements", async world => $"/members/{await world.MemberAsync()}/entitlements", world => world.Application),
        Read("/members/{id}/sessions", async world => $"/members/{(await world.SessionAsync()).Text("memberId")}/sessions", world => world.Sso.Organization.Owner),
        Read("/sessions/{id}", async world => "/sessions/" + (await world.SessionAsync()).Text("sessionId"), world => world.Sso.Application),
        Read("/connections/{id}", async world => "/connections/" + await world.ConnectionAsync()),
        Read("/invitations/{id}", async world => "/invitations/" + await world.InvitationAsync()),
        Read("/webhooks/{id}/deliveries", async world => $"/webhooks/{await world.WebhookAsync()}/deliveries"),
        Read("/seat-quotes/{id}", async world => "/seat-quotes/" + (await world.QuoteAsync()).Id),
        Read("/invoices/{id}", async world => "/invoices/" + await world.InvoiceAsync()),
        Read("/invoices/{id}/html", async world => $"/invoices/{await world.InvoiceAsync()}/html"),
        Read("/invoices/{id}/lines.csv", async world => $"/invoices/{await world.InvoiceAsync()}/lines.csv"),
        Read("/invoices/{id}/pdf", async world => $"/invoices/{await world.InvoiceAsync()}/pdf"),
        Read("/directory/runs/{id}", async world => "/directory/runs/" + (await world.Owner.Post("/directory/sync", null)).Expect(200).Text("runId")),
        Of("GET", "/parked-effects/{id}", async world =>
        {
            var (own, effect) = await world.ParkedAsync();
            return new ReadyCall(own.Owner, "/parked-effects/" + effect);
        }),
    ];

    private static IEnumerable<RestCall> People() =>
    [
        Of("PATCH", "/members/{id}", async world => new ReadyCall(
            world.Owner, "/members/" + await world.MemberAsync(), new { seat = new { tier = "standard" } }, In: world.Organization)),
        Of("DELETE", "/members/{id}", async world => new ReadyCall(world.Owner, "/members/" + await world.MemberAsync(), In: world.Organization)),
        Of("POST", "/members/{id}/erase", async world =>
        {
            var id = await world.MemberAsync();
            (await world.Owner.Delete("/members/" + id, ("If-Match", "*"))).Expect(204);
            return new ReadyCall(world.Owner, $"/members/{id}/erase", null, new { }, world.Organization);
        }),
        Of("POST", "/seat-swaps", async world =>
        {
            var (one, two) = (await world.MemberAsync(), await world.MemberAsync());
            object Body(string? tier) => new { changes = new[] { new { memberId = one, tier = (string?)"standard" }, new { memberId = two, tier } } };
            return new ReadyCall(world.Owner, "/seat-swaps", Body(null), Body("standard"), world.Organization);
        }),
        Of("POST", "/seats/drain", world => new ReadyCall(world.Owner, "/seats/drain", null, new { }, world.Organization)),
        Of("POST", "/invitations", world => new ReadyCall(
            world.Owner, "/invitations", new { email = world.Organization.Mail(world.Next("new")), role = "admin", tier = "standard" },
            new { email = world.Organization.Mail(world.Next("new")) }, world.Organization)),
        Of("POST", "/invitations/bulk", world =>
        {
            object Body() => new { invitations = new[] { new { email = world.Organization.Mail(world.Next("many")) }, new { email = world.Organization.Mail(world.Next("many")) } } };
            return new ReadyCall(world.Owner, "/invitations/bulk", Body(), Body(), world.Organization);
        }),
        Of("POST", "/invitations/{id}/resend", async world =>
            new ReadyCall(world.Owner, $"/invitations/{await world.InvitationAsync()}/resend", null, new { }, world.Organization)),
        Of("DELETE", "/invitations/{id}", async world => new ReadyCall(world.Owner, "/invitations/" + await world.InvitationAsync(), In: world.Organization)),
        new("POST", "/v1/invitations/accept", async world =>
        {
            var link = (await world.Operator.Get("/invitations/" + await world.InvitationAsync())).Expect(200).Text("acceptUrl");
            return new ReadyCall(world.Service.Anonymous, "/v1/invitations/accept", new { token = link.Split("token=")[1] }, In: world.Organization);
        }),
        Of("POST", "/ownership-transfer", async world =>
        {
            var own = await world.Service.OrganizationAsync(standard: 3, premium: 3);
            var first = (await own.AllowedAsync("first")).Text("memberId");
            (await own.Operator.Put("/owner", new { memberId = first })).Expect(200);
            var door = await world.PersonAsync(own, first);
            var second = (await own.AllowedAsync("second")).Text("memberId");
            var third = (await own.AllowedAsync("third")).Text("memberId");
            (await own.Owner.Patch("/members/" + second, new { role = "owner" }, ("If-Match", "*"))).Expect(200);
            return new ReadyCall(door, "/ownership-transfer", new { memberId = second, confirmEmail = own.Mail("second") },
                new { memberId = third, confirmEmail = own.Mail("third") }, own);
        }),
    ];

    private static IEnumerable<RestCall> Directory() =>
    [
        Of("PUT", "/provisioning", async world =>
        {
            var own = await world.Service.OrganizationAsync(mode: "jit");
            return new ReadyCall(own.Owner, "/provisioning", MappingSteps.Mapping([("Everybody", "user")], [("Power users", "premium")]).With("acknowledge", true)
                .With("unmappedTier", "lowest_available").With("mappedTierExhausted", "fallback_lower").With("onNoSeat", new JsonObject { ["scim"] = "reject" }), In: own);
        }),
        Of("POST", "/provisioning/preview", async world =>
        {
            var own = await world.Service.OrganizationAsync(mode: "jit");
            await own.PushAsync("ada");
            return new ReadyCall(own.Owner, "/provisioning/preview", new { mode = "scim" }, new { mode = "scim_and_jit" }, own);
        }),
        Of("POST", "/provisioning/apply", async world =>
        {
            var (own, preview) = await world.PreviewAsync();
            return new ReadyCall(own.Owner, "/provisioning/apply", new { previewId = preview }, new { previewId = preview, acknowledge = true }, own) { Changing = Progress };
        }),
        Of("POST", "/provisioning/what-if", world => new ReadyCall(
            world.Owner, "/provisioning/what-if",
            new { people = new[] { new { userName = world.Organization.Mail("supposed"), active = true, groups = new[] { "Engineering" } } }, complete = false, change = new { mode = "jit" } },
            In: world.Organization)),
        Of("POST", "/directory/sync", world => new ReadyCall(world.Owner, "/directory/sync", new { scope = "both" }, new { scope = "members" }, world.Organization) { Changing = Progress }),
        Of("POST", "/parked-effects/{id}/apply", async world =>
        {
            var (own, effect) = await world.ParkedAsync();
            return new ReadyCall(own.Owner, $"/parked-effects/{effect}/apply", null, new { }, own);
        }),
        Of("POST", "/parked-effects/{id}/discard", async world =>
        {
            var (own, effect) = await world.ParkedAsync();
            return new ReadyCall(own.Owner, $"/parked-effects/{effect}/discard", null, new { }, own);
        }),
        Of("PUT", "/reservations", async world =>
        {
            var own = await world.Service.OrganizationAsync(standard: 5, premium: 5);
            await own.PushGroupAsync("Engineering");
            return new ReadyCall(own.Owner, "/reservations", new { reservations = new[] { new { group = "Engineering", tier = "premium", quantity = 2 } } }, In: own);
        }),
    ];

    private static IEnumerable<RestCall> Purchases() =>
    [
        Of("PUT", "/contract/renewal", world => new ReadyCall(
            world.Owner, "/contract/renewal", new { quantities = new { standard = 100 + world.Organization.Slug.Length } }, In: world.Organization)),
        Of("POST", "/seat-quotes", world => new ReadyCall(
            world.Owner, "/seat-quotes",
            new { changes = new object[] { new { kind = "add", tier = "standard", quantity = 5 }, new { kind = "upgrade", from = "standard", to = "premium", quantity = 1 } } },
            new { kind = "add", tier = "standard", quantity = 6 }, world.Organization)),
        Of("POST", "/seat-quotes/{id}/confirm", async world =>
        {
            var quote = await world.QuoteAsync();
            return new ReadyCall(world.Owner, $"/seat-quotes/{quote.Id}/confirm", RestWorld.Expected(quote), new { expectedTotal = new { amount = "1.00", currency = "USD" } }, world.Organization);
        }),
        Of("POST", "/seat-quotes/{id}/cancel", async world =>
            new ReadyCall(world.Owner, $"/seat-quotes/{(await world.QuoteAsync()).Id}/cancel", null, new { }, world.Organization)),
    ];

    private static IEnumerable<RestCall> SignIns() =>
    [
        Of("POST", "/sign-in-decisions", world => new ReadyCall(
            world.Organization.Gateway, "/sign-in-decisions",
            new { connection = "demo", subject = world.Next("00u"), email = world.Organization.Mail(world.Next("sign-in")), emailVerified = true, name = "A B", groups = new[] { "eng" } },
            In: world.Organization)),
        Of("POST", "/sign-ins/exchange", async world => new ReadyCall(
            world.Sso.Application, "/sign-ins/exchange", new { code = await world.CodeAsync() }, new { code = "another" }, world.Sso.Organization)),
        Of("DELETE", "/sessions/{id}", async world => new ReadyCall(
            world.Sso.Application, "/sessions/" + (await world.SessionAsync()).Text("sessionId"), In: world.Sso.Organization)),
    ];
}
