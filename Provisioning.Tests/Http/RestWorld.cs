using System.Text.Json.Nodes;
using Provisioning.Tests.Sso;

namespace Provisioning.Tests.Http;

/// <summary>One service with an organisation that has a contract, people, an identity provider and a name server: what a walk over all REST routes needs.</summary>
internal sealed class RestWorld : IAsyncDisposable
{
    public const string PaymentSecret = "a-secret-of-the-payment-service";

    private int made;

    private RestWorld(NameServer dns, TestService service, TestOrganization organization, OidcOrganization sso)
    {
        Dns = dns;
        Service = service;
        Organization = organization;
        Sso = sso;
    }

    public NameServer Dns { get; }

    public TestService Service { get; }

    public TestOrganization Organization { get; }

    /// <summary>Another organisation, whose people sign in at a provider.</summary>
    public OidcOrganization Sso { get; }

    public Door Owner => Organization.Owner;

    public Door Operator => Organization.Operator;

    /// <summary>The primary owner in person.</summary>
    public Door Primary { get; private set; } = null!;

    public Door Application { get; private set; } = null!;

    public static async Task<RestWorld> StartAsync()
    {
        var dns = new NameServer();
        var service = await TestService.StartAsync(2, 1, "Dns:Server=" + dns.Address, "Billing:PaymentSecret=" + PaymentSecret);
        var world = new RestWorld(dns, service, await service.OrganizationAsync(standard: 0, premium: 0), await OidcOrganization.MakeAsync(service, standard: 100));
        await SignAsync(world.Organization);
        world.Application = world.Owner.With((await world.Owner.Post("/tokens", new { door = "application", name = "walk" })).Expect(201).Text("token"));
        var primary = await world.MemberAsync();
        (await world.Operator.Put("/owner", new { memberId = primary })).Expect(200);
        world.Primary = await world.PersonAsync(world.Organization, primary);
        return world;
    }

    public string Next(string prefix) => FormattableString.Invariant($"{prefix}-{Interlocked.Increment(ref made)}");

    public static async Task SignAsync(TestOrganization of) => (await of.Operator.Post("/contract", ContractBody())).Expect(201);

    public static object ContractBody() => new
    {
        currency = "USD", minimumSeats = 0, singleTier = "standard",
        tiers = new object[] { new { tier = "standard", price = "40.00", quantity = 200 }, new { tier = "premium", price = "100.00", quantity = 200 } },
    };

    /// <summary>A new member with a seat.</summary>
    public async Task<string> MemberAsync() => (await Organization.AllowedAsync(Next("person"))).Text("memberId");

    public async Task<Door> PersonAsync(TestOrganization of, string member) =>
        of.Owner.With((await of.Operator.Post("/tokens", new { door = "admin", memberId = member, name = Next("personal") })).Expect(201).Text("token"));

    public async Task<string> InvitationAsync() => (await Owner.Post("/invitations", new { email = Organization.Mail(Next("invited")) })).Expect(201).Id;

    public async Task<Answer> QuoteAsync() => (await Owner.Post("/seat-quotes", new { kind = "add", tier = "standard", quantity = 2 })).Expect(201);

    /// <summary>An invoice that is issued and not paid.</summary>
    public async Task<string> InvoiceAsync()
    {
        var quote = await QuoteAsync();
        return (await Owner.Post($"/seat-quotes/{quote.Id}/confirm", Expected(quote), ("Idempotency-Key", quote.Id))).Expect(200).Text("invoice", "id");
    }

    public static object Expected(Answer quote) => new { expectedTotal = new { amount = quote.Text("total", "amount"), currency = "USD" } };

    public async Task<string> ConnectionAsync() =>
        (await Owner.Post("/connections", new { name = Next("gateway"), kind = "gateway", trustEmail = true })).Expect(201).Id;

    /// <summary>One that proves itself by a key.</summary>
    public async Task<string> KeyConnectionAsync() => (await Owner.Post("/connections", new
    {
        name = Next("keyed"), kind = "oidc", enabled = false,
        oidc = new { issuer = "https://idp.example", clientId = "provisioning", tokenEndpointAuthMethod = "private_key_jwt" },
    })).Expect(201).Id;

    public async Task<string> WebhookAsync() => (await Owner.Post("/webhooks", new { url = "https://hooks.example/" + Next("x") })).Expect(201).Id;

    public async Task<string> TokenAsync(string door) => (await Owner.Post("/tokens", new { door, name = Next(door) })).Expect(201).Id;

    /// <summary>A claimed domain whose record is published.</summary>
    public async Task<string> DomainAsync()
    {
        var name = Next("claimed") + ".example";
        var claimed = (await Owner.Post("/domains", new { name })).Expect(201);
        Dns.Publish(name, [claimed.Text("record", "value")]);
        return claimed.Id;
    }

    /// <summary>An organisation of its own, with a preview that nothing has outdated.</summary>
    public async Task<(TestOrganization Organization, string Preview)> PreviewAsync()
    {
        var own = await Service.OrganizationAsync(mode: "jit");
        await own.PushAsync("ada");
        return (own, (await own.Owner.Post("/provisioning/preview", new { mode = "scim" })).Expect(201).Text("previewId"));
    }

    /// <summary>An organisation of its own whose mapped group was emptied: the suspensions wait (rule SCIM-14).</summary>
    public async Task<(TestOrganization Organization, string Effect)> ParkedAsync()
    {
        var own = await Service.MappedAsync(MappingSteps.Mapping([("Everybody", "user")]), standard: 20, premium: 20);
        var people = await Task.WhenAll(Enumerable.Range(0, 13).Select(_ => own.PushAsync(Next("mapped"))));
        var group = await own.PushGroupAsync("Everybody", people);
        (await own.Scim.Patch("/Groups/" + group, TestOrganization.Patch(TestOrganization.Operation("remove", "members", null)))).Expect(200, 204);
        return (own, TestOrganization.Text((await own.Owner.Get("/parked-effects")).Expect(200).Items("effects")[0], "id")!);
    }

    /// <summary>The code that a finished sign-in brings back.</summary>
    public async Task<string> CodeAsync()
    {
        using var browser = Sso.Browser();
        return (await Sso.SignInAsync(browser, Sso.Person(Next("sso")))).Expect(303).Query("code")!;
    }

    public async Task<Answer> SessionAsync() => (await Sso.Application.Post("/sign-ins/exchange", new { code = await CodeAsync() })).Expect(200);

    /// <summary>
    /// What was done in an organisation by others than jobs, and what came of it: unequal after any change (I-11). Read by the operator, who
    /// is never refused.
    /// </summary>
    public static async Task<string> StateAsync(TestOrganization of)
    {
        var state = new List<string>();
        foreach (var record in (await of.Operator.Get("/audit?limit=500")).Expect(200).Items("records"))
            if (TestOrganization.Text(record["actor"], "kind") != "job") state.Add(TestOrganization.Text(record, "id")!);
        foreach (var path in (string[])["/seats", "/members?limit=500", "/invitations?limit=500", "/domains", "/provisioning", "/reservations", ""])
            state.Add((await of.Operator.Get(path)).Expect(200).Body);
        return string.Join('\n', state);
    }

    public async ValueTask DisposeAsync()
    {
        await Sso.DisposeAsync();
        await Service.DisposeAsync();
        await Dns.DisposeAsync();
    }
}
