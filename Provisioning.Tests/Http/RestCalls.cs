using System.Text;
using System.Text.Json.Nodes;
using Provisioning.Api.Admin;

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

    private static readonly string[] SecretOnce = ["token", "secret", "secretShown"];

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

    private static IEnumerable<RestCall> Operators() =>
    [
        new("GET", "/v1/organizations", world => Task.FromResult(new ReadyCall(world.Service.Operator, "?include=usage"))),
        new("POST", "/v1/organizations", world =>
        {
            object Body() => new
            {
                slug = world.Next("walk"), name = "Walk", mode = "jit", tiers = new[] { new { tier = "standard", rank = 10, purchased = 3 } },
                domains = new[] { world.Next("walk") + ".example" }, owner = new { email = "first@walk.example" },
            };
            return Task.FromResult(new ReadyCall(world.Service.Operator, "", Body(), Body(), world.Organization));
        }),
        Of("PATCH", "", world => new ReadyCall(world.Owner, "", new { name = world.Next("Renamed") }, In: world.Organization)),
        Of("POST", "/suspend", async world =>
        {
            var own = await world.Service.OrganizationAsync();
            return new ReadyCall(own.Operator, "/suspend", new { suspended = true }, new { suspended = false }, own);
        }),
        Of("PUT", "/seats", async world =>
        {
            var own = await world.Service.OrganizationAsync(standard: 2, premium: 1);
            return new ReadyCall(own.Operator, "/seats", new { tiers = new[] { new { tier = "standard", rank = 10, purchased = 9 } } }, In: own);
        }),
        Of("PUT", "/domains", async world =>
        {
            var own = await world.Service.OrganizationAsync();
            return new ReadyCall(own.Operator, "/domains", new { domains = new[] { own.Domain, world.Next("more") + ".example" } }, In: own);
        }),
        Of("PUT", "/owner", async world =>
        {
            var own = await world.Service.OrganizationAsync();
            return new ReadyCall(own.Operator, "/owner", new { memberId = (await own.AllowedAsync("owner")).Text("memberId") }, In: own);
        }),
        Of("POST", "/contract", async world =>
        {
            var own = await world.Service.OrganizationAsync(standard: 0, premium: 0);
            return new ReadyCall(own.Operator, "/contract", ContractOf(200), ContractOf(201), own);
        }),
        Of("PATCH", "/contract", async world =>
        {
            var own = await SignedAsync(world);
            return new ReadyCall(own.Operator, "/contract", new { autoRenew = false }, In: own);
        }),
        Of("PUT", "/contract/prices", async world =>
        {
            var own = await SignedAsync(world);
            return new ReadyCall(own.Operator, "/contract/prices", new { tiers = new[] { new { tier = "standard", price = "42.00" } } }, In: own);
        }),
        Of("POST", "/contract/convert", async world =>
        {
            var own = await SignedAsync(world);
            return new ReadyCall(own.Operator, "/contract/convert", null, new { }, own) { Headers = [("If-Match", "*")] };
        }),
        Of("POST", "/invoices/{id}/payments", async world => new ReadyCall(
            world.Operator, $"/invoices/{await world.InvoiceAsync()}/payments", new { reference = "transfer 1" }, new { reference = "transfer 2" }, world.Organization)),
        Of("POST", "/invoices/{id}/credit-notes", async world => new ReadyCall(
            world.Operator, $"/invoices/{await world.InvoiceAsync()}/credit-notes", new { reason = "goodwill", amount = "1.00" }, new { reason = "goodwill", amount = "2.00" },
            world.Organization)),
        new("POST", "/v1/payments", async world =>
        {
            var invoice = await world.InvoiceAsync();
            var total = (await world.Owner.Get("/invoices/" + invoice)).Expect(200).At("total")!.DeepClone();
            var body = new JsonObject { ["invoice"] = invoice, ["result"] = "succeeded", ["reference"] = "ch_1", ["total"] = total }.ToJsonString();
            return new ReadyCall(world.Service.Anonymous, "/v1/payments", body, In: world.Organization)
            {
                Headers = [(PaymentEndpoints.SignatureHeader, PaymentEndpoints.Sign(RestWorld.PaymentSecret, Encoding.UTF8.GetBytes(body), TimeProvider.System.GetUtcNow()))],
            };
        }),
    ];

    private static object ContractOf(int quantity) => new
    {
        currency = "USD", minimumSeats = 0, singleTier = "standard",
        tiers = new object[] { new { tier = "standard", price = "40.00", quantity }, new { tier = "premium", price = "100.00", quantity } },
    };

    private static async Task<TestOrganization> SignedAsync(RestWorld world)
    {
        var own = await world.Service.OrganizationAsync(standard: 0, premium: 0);
        await RestWorld.SignAsync(own);
        return own;
    }

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

    private static IEnumerable<RestCall> Access() =>
    [
        Of("POST", "/tokens", world => new ReadyCall(
            world.Owner, "/tokens", new { door = "admin", role = "admin", name = "ci", expiresAt = "2030-01-01T00:00:00Z" }, new { door = "gateway", name = "ci" }, world.Organization)
        {
            Changing = SecretOnce,
        }),
        Of("POST", "/members/{id}/recovery-links", async world =>
        {
            var id = await world.MemberAsync();
            (await world.Organization.PatchMemberAsync(id, new { role = "owner" })).Expect(200);
            return new ReadyCall(world.Operator, $"/members/{id}/recovery-links", null, new { }, world.Organization) { Changing = ["link", "secretShown"] };
        }),
        Of("POST", "/members/{id}/link-confirmation", async world =>
        {
            var own = await world.Service.OrganizationAsync();
            var id = (await own.AllowedAsync("linked")).Text("memberId");
            return new ReadyCall(own.Owner, $"/members/{id}/link-confirmation", new { confirmEmail = own.Mail("linked") }, new { confirmEmail = own.Mail("other") }, own);
        }),
        Of("DELETE", "/tokens/{id}", async world => new ReadyCall(world.Owner, "/tokens/" + await world.TokenAsync("gateway"), In: world.Organization)),
        Of("POST", "/scim-tokens", async world =>
        {
            var own = await world.Service.OrganizationAsync();
            return new ReadyCall(own.Owner, "/scim-tokens", new { name = "rotated" }, new { name = "another" }, own) { Changing = SecretOnce };
        }),
        Of("DELETE", "/scim-tokens/{id}", async world =>
        {
            var own = await world.Service.OrganizationAsync();
            return new ReadyCall(own.Owner, "/scim-tokens/" + TestOrganization.Text((await own.Owner.Get("/scim-tokens")).Expect(200).Items("tokens")[0], "id"), In: own);
        }),
        Of("POST", "/connections", world => new ReadyCall(
            world.Owner, "/connections", new { name = world.Next("gateway"), kind = "gateway", trustEmail = true }, new { name = world.Next("gateway"), kind = "gateway" },
            world.Organization)),
        Of("PUT", "/connections/{id}", async world => new ReadyCall(
            world.Owner, "/connections/" + await world.ConnectionAsync(), new { name = world.Next("renamed"), trustEmail = false }, In: world.Organization)),
        Of("DELETE", "/connections/{id}", async world => new ReadyCall(world.Owner, "/connections/" + await world.ConnectionAsync(), In: world.Organization)),
        Of("POST", "/connections/{id}/test", world => new ReadyCall(
            world.Sso.Organization.Owner, $"/connections/{world.Sso.Connection}/test", In: world.Sso.Organization)),
        Of("PUT", "/connections/{id}/key", async world => new ReadyCall(
            world.Owner, $"/connections/{await world.KeyConnectionAsync()}/key", new { next = "publish" }, In: world.Organization)),
        Of("PUT", "/sign-in-settings", world => new ReadyCall(
            world.Owner, "/sign-in-settings", new { returnTo = new[] { $"https://{world.Next("app")}.example/signed-in" } }, In: world.Organization)),
        Of("POST", "/domains", world => new ReadyCall(
            world.Owner, "/domains", new { name = world.Next("claim") + ".example" }, new { name = world.Next("claim") + ".example" }, world.Organization)),
        Of("POST", "/domains/{id}/verify", async world =>
            new ReadyCall(world.Owner, $"/domains/{await world.DomainAsync()}/verify", null, new { }, world.Organization)),
        Of("DELETE", "/domains/{id}", async world => new ReadyCall(world.Owner, "/domains/" + await world.DomainAsync(), In: world.Organization)),
        Of("POST", "/webhooks", async world =>
        {
            var own = await world.Service.OrganizationAsync();
            return new ReadyCall(own.Owner, "/webhooks", new { url = "https://hooks.example/in", types = new[] { "seat.*" } }, new { url = "https://hooks.example/other" }, own)
            {
                Changing = SecretOnce,
            };
        }),
        Of("DELETE", "/webhooks/{id}", async world => new ReadyCall(world.Owner, "/webhooks/" + await world.WebhookAsync(), In: world.Organization)),
        Of("POST", "/webhooks/{id}/rotate", async world =>
            new ReadyCall(world.Owner, $"/webhooks/{await world.WebhookAsync()}/rotate", null, new { }, world.Organization) { Changing = SecretOnce }),
        Of("POST", "/webhooks/{id}/resend", async world =>
            new ReadyCall(world.Owner, $"/webhooks/{await world.WebhookAsync()}/resend", null, new { }, world.Organization)),
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
