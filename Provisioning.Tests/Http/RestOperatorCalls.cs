using System.Text;
using System.Text.Json.Nodes;
using Provisioning.Api.Admin;

namespace Provisioning.Tests.Http;

/// <summary>What the operator does, and the payment provider.</summary>
internal sealed partial record RestCall
{
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
}
