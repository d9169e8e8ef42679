namespace Provisioning.Tests.Http;

/// <summary>Calls of the routes about prices, usage, caps and credits.</summary>
internal static class SpendCalls
{
    public static IEnumerable<RestCall> All() =>
    [
        new("GET", "/v1/prices", world => Task.FromResult(new ReadyCall(world.Service.Operator.At("/v1"), "/prices"))),
        new("GET", "/v1/prices.csv", world => Task.FromResult(new ReadyCall(world.Service.Operator.At("/v1"), "/prices.csv"))),
        new("POST", "/v1/prices", world => Task.FromResult(new ReadyCall(
            world.Service.Operator.At("/v1"), "/prices", Prices(world.Next("model")), Prices(world.Next("model")), world.Organization))),
        RestCall.Read("/prices", async world =>
        {
            var model = world.Next("model");
            (await world.Service.Operator.At("/v1").Post("/prices", Prices(model))).Expect(200);
            return "/prices?model=" + model;
        }),
        RestCall.Read("/price-multiplier"),
        RestCall.Of("PUT", "/price-multiplier", world => new ReadyCall(world.Operator, "/price-multiplier", new { multiplier = "0.9" }, In: world.Organization)),
        RestCall.Read("/usage/summary"), RestCall.Read("/usage/summary.csv"),
        RestCall.Read("/invoices/{id}/lines", async world => $"/invoices/{await world.InvoiceAsync()}/lines"),
        RestCall.Read("/credits"), RestCall.Read("/credits/lots"), RestCall.Read("/credits/journals"),
        RestCall.Of("POST", "/credits/purchases", async world =>
        {
            var own = await PrepaidAsync(world.Service);
            return new ReadyCall(own.Owner, "/credits/purchases", Purchase("100.00"), Purchase("200.00"), own);
        }),
        RestCall.Of("POST", "/credits/adjustments", async world =>
        {
            var own = await PrepaidAsync(world.Service);
            object Body(string amount) => new { kind = "give", amount = new { amount, currency = "USD" }, reason = "welcome" };
            return new ReadyCall(own.Operator, "/credits/adjustments", Body("5.00"), Body("6.00"), own);
        }),
    ];

    /// <summary>An organisation that pays for usage with credits in USD.</summary>
    public static async Task<TestOrganization> PrepaidAsync(TestService service, string planModel = "usage_multi_tier")
    {
        var own = await service.OrganizationAsync(standard: 0, premium: 0);
        (await own.Operator.Post("/contract", new
        {
            currency = "USD", minimumSeats = 0, funding = "prepaid", planModel, singleTier = "standard",
            tiers = new object[] { new { tier = "standard", price = "40.00", quantity = 5 }, new { tier = "premium", price = "100.00", quantity = 5 } },
        })).Expect(201);
        return own;
    }

    public static object Prices(string model) => new
    {
        prices = new[] { new { model, currency = "USD", input = "3.00", output = "15.00", cacheWrite = "3.75", cacheRead = "0.30", defaultEstimate = "0.05", validFrom = "2026-01-01T00:00:00Z" } },
    };

    public static object Purchase(string amount) => new { amount = new { amount, currency = "USD" } };
}
