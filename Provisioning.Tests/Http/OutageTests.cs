using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;
using NUnit.Framework;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>The database refuses or hangs: 503 with Retry-After in time, and everything works again afterwards.</summary>
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
