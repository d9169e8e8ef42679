using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;
using Provisioning.Api;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.SignIn;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>The real service, in process, on a port of its own and a database file in a folder of its own.</summary>
public sealed class TestService : IAsyncDisposable
{
    public const string OperatorToken = "operator-token-of-the-tests";
    public const string DemoScimToken = "demo-scim-token-of-the-tests";
    public const string DemoOwnerToken = "demo-owner-token-of-the-tests";
    public const string DemoGatewayToken = "demo-gateway-token-of-the-tests";

    private static int organizations;

    private readonly WebApplication app;
    private readonly TestDatabase database;
    private readonly bool ownsDatabase;
    private readonly string[] settings;
    private readonly HttpClient http;

    private TestService(WebApplication app, TestDatabase database, bool ownsDatabase, string[] settings, Uri address)
    {
        this.app = app;
        this.database = database;
        this.ownsDatabase = ownsDatabase;
        this.settings = settings;
        http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(60) };
        Address = address;
        Operator = new Door(http, OperatorToken, "/v1/organizations");
        Anonymous = new Door(http, null, "");
    }

    public Uri Address { get; }

    public IServiceProvider Services => app.Services;

    public TestDatabase Database => database;

    /// <summary>Operator REST, rooted at <c>/v1/organizations</c>.</summary>
    public Door Operator { get; }

    public Door Anonymous { get; }

    /// <summary>Starts a service on the embedded engine with these demo seats; more settings as <c>Key=value</c>.</summary>
    public static Task<TestService> StartAsync(int standard = 2, int premium = 1, params string[] settings) =>
        StartOnAsync(TestDatabase.Sqlite, standard, premium, settings);

    /// <summary>Starts a service on an engine.</summary>
    public static Task<TestService> StartOnAsync(string engine, int standard = 2, int premium = 1, params string[] settings) =>
        StartWithAsync(engine, null, standard, premium, settings);

    /// <summary>Starts a service whose parts the test changes, for example its clock.</summary>
    public static async Task<TestService> StartWithAsync(
        string engine, Action<WebApplicationBuilder>? configure, int standard = 2, int premium = 1, params string[] settings)
    {
        var database = await TestDatabase.CreateAsync(engine);
        try
        {
            return await StartAsync(database, true, configure, standard, premium, settings);
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    /// <summary>Another node on the same database, in this process too: it shares nothing else with the first. To be disposed of first.</summary>
    public Task<TestService> AnotherAsync(Action<WebApplicationBuilder>? configure = null) => StartAsync(database, false, configure, 2, 1, settings);

    private static async Task<TestService> StartAsync(
        TestDatabase database, bool ownsDatabase, Action<WebApplicationBuilder>? configure, int standard, int premium, string[] settings)
    {
        var app = Program.Build([.. Settings(database, "http://127.0.0.1:0", standard, premium, settings)], configure);
        try
        {
            await app.StartAsync();
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
        return new TestService(app, database, ownsDatabase, settings, new Uri(app.Urls.First()));
    }

    /// <summary>The command line of a test's service; the same for the one in process and the one in a process of its own.</summary>
    public static IEnumerable<string> Settings(TestDatabase database, string url, int standard, int premium, IEnumerable<string> more) =>
    [
        "--environment=Development",
        $"--contentRoot={AppContext.BaseDirectory}",
        $"--urls={url}",
        $"--Storage:Engine={database.Engine}",
        $"--Storage:ConnectionString={database.ConnectionString}",
        $"--Demo:ScimToken={DemoScimToken}",
        $"--Demo:OwnerToken={DemoOwnerToken}",
        $"--Demo:GatewayToken={DemoGatewayToken}",
        FormattableString.Invariant($"--Demo:Seats:standard={standard}"),
        FormattableString.Invariant($"--Demo:Seats:premium={premium}"),
        $"--Operator:Token={OperatorToken}",
        "--Limits:ScimRate=0", "--Limits:AdminRate=0", "--Limits:ApplicationRate=0", // tests ask as fast as they can
        "--Logging:LogLevel:Default=Warning",
        "--Sso:StartsPerMinute=0", "--Sso:RequestsPerMinute=0", // all tests come from one address
        .. more.Select(setting => "--" + setting),
    ];

    /// <summary>A session of a member, begun as at the end of a sign-in.</summary>
    public async Task<string> SessionAsync(TestOrganization of, string member)
    {
        var organization = await Services.GetRequiredService<IDatabase>().ReadAsync(
            session => Services.GetRequiredService<IOrganizationStore>().FindAsync(session, of.Slug), default);
        var connection = (await Services.GetRequiredService<ConnectionDirectory>().ListAsync(organization!, null, 1, default)).Items[0].Connection;
        var assertion = new LoginAssertion(connection, "sub", null, null, null, [], null, null, null, null);
        Assert.That(Ids.TryParse<MemberId>(member, out var id), Is.True);
        var actor = new Actor(ActorKind.Connection, connection.Id.ToString(), Channel.Jit, "test");
        var started = await Services.GetRequiredService<SessionDirectory>().StartAsync(organization!, actor, assertion, id, TimeSpan.FromHours(1), false, default);
        return started.Value.Session.Id.ToString();
    }

    /// <summary>The demo organisation with an admin token made on the way.</summary>
    public Task<TestOrganization> DemoAsync() =>
        TestOrganization.OfDemoAsync(http, DemoScimToken, DemoOwnerToken, DemoGatewayToken);

    /// <summary>A new organisation with tokens and a gateway connection; a name of its own, so that tests share a service and nothing else.</summary>
    public Task<TestOrganization> OrganizationAsync(int standard = 2, int premium = 1, string mode = "scim_and_jit", bool trustEmail = true,
        string onNoSeat = "waiting") =>
        OrganizationAsync([("standard", 10, standard), ("premium", 20, premium)], mode, trustEmail, onNoSeat);

    public async Task<TestOrganization> OrganizationAsync((string Tier, int Rank, int Purchased)[] tiers, string mode = "scim_and_jit",
        bool trustEmail = true, string onNoSeat = "waiting")
    {
        var slug = FormattableString.Invariant($"org-{Interlocked.Increment(ref organizations)}");
        return await TestOrganization.CreateAsync(http, slug, tiers, mode, trustEmail, onNoSeat);
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
        if (!ownsDatabase) return;
        try
        {
            await database.DisposeAsync();
        }
        catch (IOException left)
        {
            await TestContext.Out.WriteLineAsync($"The database of a test stays behind: {left.Message}");
        }
    }
}
