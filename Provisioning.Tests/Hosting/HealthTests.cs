using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;
using Provisioning.Api;
using Provisioning.Api.Hosting;

namespace Provisioning.Tests.Hosting;

public sealed class HealthTests
{
    [Test]
    public async Task A_process_that_answers_is_live_and_one_with_its_store_is_ready()
    {
        await using var host = await StartAsync(static _ => Task.FromResult(true));
        Assert.That(await AskAsync(host, "live"), Is.EqualTo((200, """{"status":"live"}""")));
        Assert.That(await AskAsync(host, "ready"), Is.EqualTo((200, """{"status":"ready"}""")));
    }

    [Test]
    public async Task Without_its_store_it_is_live_but_not_ready()
    {
        await using var host = await StartAsync(static _ => Task.FromResult(false));
        Assert.That(await AskAsync(host, "live"), Is.EqualTo((200, """{"status":"live"}""")));
        Assert.That(await AskAsync(host, "ready"), Is.EqualTo((503, """{"status":"store_unavailable"}""")));
    }

    [Test]
    public async Task A_store_that_fails_is_not_ready()
    {
        await using var host = await StartAsync(static _ => throw new InvalidOperationException("broken"));
        Assert.That(await AskAsync(host, "ready"), Is.EqualTo((503, """{"status":"store_unavailable"}""")));
    }

    [Test]
    [CancelAfter(10_000)]
    public async Task A_store_that_hangs_is_not_ready_after_two_seconds(CancellationToken cancellation)
    {
        var never = new TaskCompletionSource<bool>();
        await using var host = await StartAsync(_ => never.Task);
        Assert.That(await AskAsync(host, "ready"), Is.EqualTo((503, """{"status":"store_unavailable"}""")));
        Assert.That(cancellation.IsCancellationRequested, Is.False);
    }

    [Test]
    public async Task It_is_not_ready_as_soon_as_stopping_starts()
    {
        await using var host = await StartAsync(static _ => Task.FromResult(true));
        host.App.Lifetime.StopApplication();
        Assert.That(await AskAsync(host, "ready"), Is.EqualTo((503, """{"status":"stopping"}""")));
        Assert.That(await AskAsync(host, "live"), Is.EqualTo((200, """{"status":"live"}""")));
    }

    [Test]
    public async Task The_health_command_asks_a_running_service_and_says_no_when_there_is_none()
    {
        var host = await StartAsync(static _ => Task.FromResult(true));
        var address = host.App.Urls.First();
        Assert.That(await Program.Main(["health", address]), Is.Zero);
        await host.DisposeAsync();
        Assert.That(await Program.Main(["health", address]), Is.EqualTo(1));
    }

    [TestCase(null, ExpectedResult = "http://127.0.0.1:5080/health/live")]
    [TestCase("http://0.0.0.0:5080", ExpectedResult = "http://127.0.0.1:5080/health/live")]
    [TestCase("http://+:80;https://+:443", ExpectedResult = "http://127.0.0.1/health/live")]
    [TestCase("http://[::]:8080", ExpectedResult = "http://127.0.0.1:8080/health/live")]
    [TestCase("https://seats.example:8443", ExpectedResult = "https://seats.example:8443/health/live")]
    public string The_health_command_asks_where_the_service_listens(string? urls) => HealthProbe.Address(urls).ToString();

    private static Task<RunningHost> StartAsync(StoreProbe probe) =>
        RunningHost.StartAsync(configure: builder => builder.Services.AddSingleton(probe));

    private static async Task<(int Status, string Body)> AskAsync(RunningHost host, string what)
    {
        using var answer = await host.Client.GetAsync(new Uri("/health/" + what, UriKind.Relative));
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
