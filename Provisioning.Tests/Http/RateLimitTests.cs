using NUnit.Framework;

namespace Provisioning.Tests.Http;

/// <summary>Rate limits per token: refused in the door's own format, with the time to wait, and only who asks too often.</summary>
public sealed class RateLimitTests
{
    private TestService service = null!;
    private TestOrganization organization = null!;

    /// <summary>One request a second and nothing saved up: the second request of a token is too many, however slow the machine.</summary>
    [OneTimeSetUp]
    public async Task StartAsync()
    {
        service = await TestService.StartAsync(2, 1, "Limits:ScimRate=1", "Limits:AdminRate=1", "Limits:ApplicationRate=1", "Limits:BurstSeconds=1");
        organization = await service.OrganizationAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await service.DisposeAsync();

    [Test]
    public async Task SCIM_is_refused_as_SCIM_with_Retry_After_and_another_token_is_not()
    {
        var second = organization.Scim.With((await organization.Operator.Post("/scim-tokens", new { name = "second" })).Expect(201).Text("token"));
        var refused = (await UntilRefusedAsync(() => organization.Scim.Get("/Users"))).ExpectScimError(429);
        ExpectWait(refused);
        Assert.That(refused.Text("detail"), Does.Contain("Limits:ScimRate"));
        (await second.Get("/Users")).Expect(200);
        await UntilAnsweredAsync(() => organization.Scim.Get("/Users"));
    }

    [Test]
    public async Task Administration_is_refused_as_a_problem_and_nothing_is_done()
    {
        var refused = (await UntilRefusedAsync(() => organization.Owner.Post("/tokens", new { door = "gateway", name = "many" }))).ExpectProblem(429, "rate_limited");
        ExpectWait(refused);
        (await organization.Admin.Get("/seats")).Expect(200);
        var made = (await organization.Operator.Get("/audit?action=token.issued&limit=500")).Expect(200).Items("records").Count;
        var kept = (await organization.Operator.Get("/tokens?limit=500")).Expect(200).Items("tokens").Count;
        Assert.That(kept, Is.EqualTo(made));
    }

    [Test]
    public async Task Applications_and_gateways_have_buckets_of_their_own()
    {
        var application = organization.Owner.With((await organization.Operator.Post("/tokens", new { door = "application", name = "app" })).Expect(201).Text("token"));
        (await UntilRefusedAsync(() => application.Get("/sessions/none"))).ExpectProblem(429, "rate_limited");
        (await organization.SignInAsync("ada")).Expect(200);
        (await UntilRefusedAsync(() => organization.SignInAsync("ada"))).ExpectProblem(429, "rate_limited");
    }

    [Test]
    public async Task The_operator_is_not_limited()
    {
        foreach (var _ in Enumerable.Range(0, 20)) (await organization.Operator.Get("/seats")).Expect(200);
    }

    [Test]
    public async Task The_defaults_leave_an_identity_provider_its_bursts()
    {
        await using var usual = await TestService.StartAsync(2, 1, "Limits:ScimRate=", "Limits:AdminRate=", "Limits:ApplicationRate=");
        var own = await usual.OrganizationAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 300).Select(_ => own.Scim.Get("/ServiceProviderConfig")));
        Assert.That(answers.Select(answer => answer.Status), Is.All.EqualTo(200));
    }

    private static void ExpectWait(Answer refused) => Assert.That(int.Parse(refused.Header("Retry-After")!, System.Globalization.CultureInfo.InvariantCulture), Is.InRange(1, 2));

    /// <summary>Asks at once, again and again: some of the twenty fall into one second.</summary>
    private static async Task<Answer> UntilRefusedAsync(Func<Task<Answer>> ask)
    {
        for (var round = 0; round < 50; round++)
            if ((await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ask()))).FirstOrDefault(answer => answer.Status == 429) is { } refused) return refused;
        throw new AssertionException("A thousand requests were let through.");
    }

    private static async Task UntilAnsweredAsync(Func<Task<Answer>> ask)
    {
        for (var round = 0; round < 100; round++)
        {
            if ((await ask()).Status == 200) return;
            await Task.Delay(200);
        }
        Assert.Fail("The bucket never filled again.");
    }
}
