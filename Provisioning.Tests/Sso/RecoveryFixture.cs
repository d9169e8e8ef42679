using System.Data.Common;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;
using Provisioning.Api.Hosting;
using Provisioning.Tests.Engines;
using Provisioning.Tests.Http;
using Provisioning.Tests.Notifications;

namespace Provisioning.Tests.Sso;

/// <summary>A service that mails, with a clock that can be put forward, and in each test an organisation whose owners may lose their sign-in.</summary>
public abstract class RecoveryFixture(string engine)
{
    private protected ShiftedTime Time { get; } = new();

    private protected MailServer Mailbox { get; private set; } = null!;

    private protected TestService Service { get; private set; } = null!;

    private protected TestOrganization Organization { get; private set; } = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        Mailbox = MailServer.Start();
        Service = await TestService.StartWithAsync(engine, builder => builder.Services.AddSingleton<TimeProvider>(Time),
            settings: [.. Mailbox.Settings(), "Delivery:RetrySeconds=1", "Sso:RecoveriesPerHour=0"]);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (Service is not null) await Service.DisposeAsync();
        if (Mailbox is not null) await Mailbox.DisposeAsync();
    }

    [SetUp]
    public async Task MakeAsync()
    {
        Organization = await Service.OrganizationAsync(standard: 0, premium: 0, mode: "scim");
        await PersonAsync("anchor", "owner"); // the last one who can administer could not be taken away
    }

    private protected async Task<string> PersonAsync(string name, string role)
    {
        var member = await PushedAsync(name, role);
        if (role != "user") await Organization.AllowedAsync(name); // by which the address is known to be theirs
        return member;
    }

    /// <summary>Linked, but without a sign-in that was allowed: there is no seat.</summary>
    private protected async Task<string> PushedAsync(string name, string role)
    {
        await Organization.PushAsync(name);
        var member = await Organization.MemberIdOfAsync(Organization.Mail(name));
        await Organization.DeniedAsync("seat_unavailable", name);
        if (role != "user") (await Organization.PatchMemberAsync(member, new { role })).Expect(200);
        return member;
    }

    private protected async Task AllowAsync() =>
        (await Organization.Owner.Put("/sign-in-settings", new { returnTo = Array.Empty<string>(), recoveryLinks = true }, ("If-Match", "*"))).Expect(200);

    private protected Task<Shown> AskAsync(TestBrowser browser, string address) => browser.SubmitAsync($"/sso/{Organization.Slug}/recovery", ("email", address));

    private protected async Task<Uri> IssueAsync(string member) => new((await Organization.Operator.Post($"/members/{member}/recovery-links", null)).Expect(201).Text("link"));

    private protected async Task<TestBrowser> EnterAsync(string member)
    {
        var browser = new TestBrowser(Service.Address);
        await EnterAsync(browser, await IssueAsync(member));
        return browser;
    }

    private protected static async Task EnterAsync(TestBrowser browser, Uri link) =>
        (await browser.PressAsync("/sso/recovery", ("token", (await browser.GoAsync(link)).Expect(200).Hidden("token")))).Expect(303);

    private protected static FormUrlEncodedContent Form(params (string Name, string Value)[] fields) => new(fields.ToDictionary(field => field.Name, field => field.Value));

    /// <summary>The mail with the link: owners get others too.</summary>
    private protected async Task<Mail> LinkMailAsync(string name)
    {
        for (var left = 300; ; left--)
        {
            if (Mailbox.To(Organization.Mail(name)).FirstOrDefault(item => item.Subject.Contains("your link to the administration", StringComparison.Ordinal)) is { } found) return found;
            if (left == 0) throw new AssertionException("No link came.");
            await Task.Delay(100);
        }
    }

    private protected static Uri Link(Mail got) => new(got.Plain.Split('\n').Single(line => line.Contains("/sso/recovery?token=", StringComparison.Ordinal)).Trim());

    private protected async Task<int> LinksAsync() => (await ColumnsAsync(string.Create(CultureInfo.InvariantCulture,
        $"SELECT l.id FROM recovery_links l JOIN organizations o ON o.id = l.organization_id WHERE o.slug = '{Organization.Slug}'"))).Count;

    /// <summary>The real clock, put forward: what jobs wait for goes on meanwhile.</summary>
    private protected sealed class ShiftedTime : TimeProvider
    {
        private long ticks;

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Interlocked.Read(ref ticks));

        public void Advance(TimeSpan by) => Interlocked.Add(ref ticks, by.Ticks);
    }

    private protected Task<List<byte[]>> ColumnsAsync(string sql) => ReadAsync(sql, reader => (byte[])reader.GetValue(0));

    private protected Task<List<string>> TextsAsync(string sql) => ReadAsync(sql, reader => reader.IsDBNull(0) ? "" : reader.GetString(0));

    private protected async Task<List<T>> ReadAsync<T>(string sql, Func<DbDataReader, T> read)
    {
        await using var connection = Service.Database.Connection();
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync()) rows.Add(read(reader));
        return rows;
    }
}
