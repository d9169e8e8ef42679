using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;
using NUnit.Framework;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>The database refuses, hangs, or has no connection left: 503 with Retry-After in time, and everything works again afterwards.</summary>
[NonParallelizable]
public sealed class OutageTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    [Test]
    public async Task An_unreachable_database_is_503_with_Retry_After_and_works_again_without_a_restart([Values] bool hangs)
    {
        await using var database = await TestDatabase.CreateAsync(TestDatabase.PostgreSql);
        var server = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        await using var relay = new Relay(server.Host!, server.Port);
        (server.Host, server.Port) = ("127.0.0.1", relay.Port);
        await using var service = await TestService.StartOnAsync(TestDatabase.PostgreSql, 20, 20, $"Storage:ConnectionString={server}", "Storage:DeadlineSeconds=2");
        var organization = await service.OrganizationAsync(standard: 40, premium: 0);
        await Task.WhenAll(Enumerable.Range(0, 12).Select(i => organization.PushAsync($"before{i}")));
        var meter = organization.Owner.With((await organization.Owner.Post("/tokens", new { door = "application", name = "meter" })).Expect(201).Text("token"));
        var usage = new { memberId = (await organization.AllowedAsync("before0")).Text("memberId"), model = "m1" };
        (await meter.Post("/usage/authorizations", usage)).Expect(200); // the token is known for a moment longer

        if (hangs) relay.Hang();
        else relay.Refuse();
        var clock = Stopwatch.StartNew();
        var metered = meter.Post("/usage/authorizations", usage);
        var answers = await Task.WhenAll(
            organization.Scim.Post("/Users", organization.User("during")), organization.Scim.Get("/Users"), organization.Owner.Get("/seats"), organization.SignInAsync("during2"));
        foreach (var answer in answers)
        {
            Assert.That(answer.Status, Is.EqualTo(503), answer.ToString());
            Assert.That(answer.Header("Retry-After"), Is.Not.Null, answer.ToString());
        }
        Assert.That((await metered).Expect(200).Text("reason"), Is.EqualTo("store_unavailable"), "USE-13: closed, whatever is left of caps and credits");
        Assert.That(clock.Elapsed, Is.LessThan(Deadline));
        Assert.That((await service.Anonymous.Get("/health/ready")).Status, Is.EqualTo(503));

        relay.Serve();
        await Task.WhenAll(Enumerable.Range(0, 12).Select(async i => (await organization.Scim.Post("/Users", organization.User($"after{i}"))).Expect(201)));
        (await service.Anonymous.Get("/health/ready")).Expect(200);
        await organization.ExpectBooksAgreeAsync();
    }

    [Test]
    public async Task Connections_cut_while_idle_are_not_seen_by_anybody()
    {
        await using var service = await TestService.StartOnAsync(TestDatabase.PostgreSql);
        var organization = await service.OrganizationAsync(standard: 100, premium: 0);
        for (var round = 0; round < 3; round++)
        {
            var name = $"r{round}";
            await Task.WhenAll(Enumerable.Range(0, 32).Select(i => organization.Owner.Get("/members?limit=10"))); // warms the pool
            await using (var connection = new NpgsqlConnection(service.Database.ConnectionString + ";Pooling=false"))
            {
                await connection.OpenAsync();
                await using var cut = new NpgsqlCommand(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()", connection);
                await cut.ExecuteNonQueryAsync();
            }
            await Task.WhenAll(Enumerable.Range(0, 24).Select(async i =>
            {
                (await organization.Owner.Get("/seats")).Expect(200);
                (await organization.Scim.Post("/Users", organization.User($"{name}-{i}"))).Expect(201);
            }));
        }
        await organization.ExpectBooksAgreeAsync();
    }

    [Test]
    public async Task A_server_with_too_few_connections_is_503_at_worst_and_recovers()
    {
        await using var database = await TestDatabase.CreateAsync(TestDatabase.PostgreSql, empty: true);
        var given = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        var role = "few_" + given.Database;
        await ExecuteAsync(database, $"CREATE ROLE {role} LOGIN PASSWORD 'few' CONNECTION LIMIT 4; ALTER DATABASE {given.Database} OWNER TO {role}; GRANT ALL ON SCHEMA public TO {role}");
        try
        {
            (given.Username, given.Password) = (role, "few");
            await using var service = await TestService.StartOnAsync(TestDatabase.PostgreSql, 5, 5, $"Storage:ConnectionString={given}");
            var organization = await service.OrganizationAsync(standard: 200, premium: 0);
            var answers = await Task.WhenAll(Enumerable.Range(0, 80).Select(i => i % 2 == 0
                ? organization.Owner.Get("/members") : organization.Scim.Post("/Users", organization.User($"u{i}"))));
            Assert.That(answers.Select(answer => answer.Status).Distinct(), Is.SubsetOf((int[])[200, 201, 503]));
            Assert.That(answers.Where(answer => answer.Status == 503).All(answer => answer.Header("Retry-After") is not null), Is.True);
            await ExecuteAsync(database, $"ALTER ROLE {role} CONNECTION LIMIT 200");
            await Task.WhenAll(Enumerable.Range(0, 40).Select(async i => (await organization.Scim.Post("/Users", organization.User($"later{i}"))).Expect(201)));
            await organization.ExpectBooksAgreeAsync();
        }
        finally
        {
            await ExecuteAsync(database, $"DROP OWNED BY {role} CASCADE; ALTER DATABASE {given.Database} OWNER TO CURRENT_USER; DROP ROLE {role}");
        }
    }

    private static async Task ExecuteAsync(TestDatabase database, string sql)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Stands between service and server, and can refuse, or take everything and answer nothing.</summary>
    private sealed class Relay : IAsyncDisposable
    {
        private readonly string host;
        private readonly int target;
        private readonly List<TcpClient> open = [];
        private readonly CancellationTokenSource stop = new();
        private TcpListener listener;
        private volatile bool hangs;

        public Relay(string host, int target)
        {
            this.host = host;
            this.target = target;
            listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            Port = ((IPEndPoint)listener.LocalEndpoint).Port;
            _ = AcceptAsync(listener);
        }

        public int Port { get; }

        public void Hang() => hangs = true;

        public void Refuse()
        {
            listener.Stop();
            Cut();
        }

        public void Serve()
        {
            if (hangs) Cut();
            hangs = false;
            if (listener.Server.IsBound) return;
            listener = new TcpListener(IPAddress.Loopback, Port);
            listener.Start();
            _ = AcceptAsync(listener);
        }

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            listener.Dispose();
            Cut();
            stop.Dispose();
        }

        private void Cut()
        {
            lock (open)
            {
                foreach (var client in open) client.Dispose();
                open.Clear();
            }
        }

        private async Task AcceptAsync(TcpListener on)
        {
            try
            {
                while (true)
                {
                    var client = await on.AcceptTcpClientAsync(stop.Token);
                    var server = new TcpClient();
                    await server.ConnectAsync(host, target, stop.Token);
                    lock (open) open.AddRange([client, server]);
                    _ = PumpAsync(client, server);
                    _ = PumpAsync(server, client);
                }
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException or InvalidOperationException)
            {
                // stopped
            }
        }

        private async Task PumpAsync(TcpClient from, TcpClient to)
        {
            try
            {
                var buffer = new byte[16 * 1024];
                var (reader, writer) = (from.GetStream(), to.GetStream());
                while (await reader.ReadAsync(buffer, stop.Token) is var count and > 0)
                    if (!hangs) await writer.WriteAsync(buffer.AsMemory(0, count), stop.Token);
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
            {
                // cut
            }
            finally
            {
                from.Dispose();
                to.Dispose();
            }
        }
    }
}
