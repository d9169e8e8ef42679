namespace Provisioning.Tests.Http;

/// <summary>Who and what may come in: tokens, connections, domains, and where events go.</summary>
internal sealed partial record RestCall
{
    private static readonly string[] SecretOnce = ["token", "secret", "secretShown"];

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
}
