using NUnit.Framework;

namespace Provisioning.Tests.Http;

/// <summary>What is refused of contracts, quotes and renewals before anything else is looked at.</summary>
public sealed class PurchaseInputTests
{
    private TestOrganization org = null!;

    [SetUp]
    public async Task OrganizationAsync() => org = await (await SharedService.GetAsync()).OrganizationAsync(standard: 0, premium: 0);

    [TestCase("POST", "/seat-quotes", "")]
    [TestCase("POST", "/seat-quotes", "[]")]
    [TestCase("POST", "/seat-quotes", """{"changes":[]}""")]
    [TestCase("POST", "/seat-quotes", """{"changes":[7]}""")]
    [TestCase("POST", "/seat-quotes", """{"changes":[{"kind":"steal","tier":"standard","quantity":1}]}""")]
    [TestCase("POST", "/seat-quotes", """{"changes":[{"kind":"add","tier":"standard","quantity":0}]}""")]
    [TestCase("POST", "/seat-quotes", """{"changes":[{"kind":"add","tier":"standard","quantity":-3}]}""")]
    [TestCase("POST", "/seat-quotes", """{"changes":[{"kind":"add","tier":"standard","quantity":1.5}]}""")]
    [TestCase("POST", "/seat-quotes", """{"changes":[{"kind":"add","tier":"standard","quantity":100001}]}""")]
    [TestCase("POST", "/seat-quotes", """{"changes":[{"kind":"add","tier":"standard","quantity":1,"price":"1.00"}]}""")]
    [TestCase("POST", "/seat-quotes", """{"kind":"add","tier":"standard","quantity":1,"changes":[]}""")]
    [TestCase("POST", "/seat-quotes", """{"changes":[{"kind":"upgrade","tier":"standard","quantity":1}]}""")]
    [TestCase("POST", "/seat-quotes", """{"changes":[{"kind":"upgrade","from":"standard","to":"premium","quantity":1,"members":[5]}]}""")]
    [TestCase("PUT", "/contract/renewal", """{"quantities":{"standard":-1}}""")]
    [TestCase("PUT", "/contract/renewal", """{"quantities":{"standard":"many"}}""")]
    [TestCase("PUT", "/contract/renewal", """{"quantities":[]}""")]
    [TestCase("PUT", "/contract/prices", """{"tiers":[{"tier":"standard","price":40}]}""")]
    [TestCase("PUT", "/contract/prices", """{"tiers":[{"tier":"standard","price":"40.001"}]}""")]
    [TestCase("PATCH", "/contract", """{}""")]
    [TestCase("PATCH", "/contract", """{"autoRenew":true,"cancelled":true}""")]
    public async Task A_bad_body_is_an_invalid_request(string method, string path, string body)
    {
        await SignAsync(1);
        (await org.Operator.Send(method, path, body, ("If-Match", "*"))).ExpectProblem(400, "invalid_request");
    }

    [TestCase("""{"currency":"USD"}""")]
    [TestCase("""{"currency":"XXX","tiers":[{"tier":"standard","price":"1.00","quantity":30}]}""")]
    [TestCase("""{"currency":"JPY","tiers":[{"tier":"standard","price":"1.00","quantity":30}]}""")]
    [TestCase("""{"currency":"USD","tiers":[{"tier":"standard","price":"-1.00","quantity":30}]}""")]
    [TestCase("""{"currency":"USD","tiers":[{"tier":"standard","price":"99999999999.00","quantity":30}]}""")]
    [TestCase("""{"currency":"USD","tiers":[{"tier":"Standard!","price":"1.00","quantity":30,"rank":1}]}""")]
    [TestCase("""{"currency":"USD","tiers":[{"tier":"standard","price":"1.00","quantity":30},{"tier":"standard","price":"1.00","quantity":30}]}""")]
    [TestCase("""{"currency":"USD","tiers":[{"tier":"standard","price":"1.00","quantity":30}],"start":"1 March"}""")]
    [TestCase("""{"currency":"USD","tiers":[{"tier":"standard","price":"1.00","quantity":30}],"start":"2025-03-01"}""")]
    [TestCase("""{"currency":"USD","tiers":[{"tier":"standard","price":"1.00","quantity":30}],"singleTier":"gold"}""")]
    [TestCase("""{"currency":"USD","tiers":[{"tier":"standard","price":"1.00","quantity":30},{"tier":"gold","price":"1.00","quantity":1,"rank":20}]}""")]
    public async Task A_bad_contract_is_an_invalid_request(string body) => (await org.Operator.Post("/contract", body)).ExpectProblem(400, "invalid_request");

    private async Task SignAsync(int standard) => (await org.Operator.Post("/contract", Contract(standard))).Expect(201);

    private static object Contract(int standard, string collection = "invoiced") => new
    {
        currency = "USD", minimumSeats = 0, collection, compliance = true,
        tiers = new object[] { new { tier = "standard", price = "40.00", quantity = standard }, new { tier = "premium", price = "100.00", quantity = 0 } },
    };
}
