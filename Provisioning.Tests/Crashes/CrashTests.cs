using NUnit.Framework;
using Provisioning.Tests.Engines;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Crashes;

/// <summary>The process dies in the middle of a stream of acknowledged writes: after a restart every acknowledged change is there and none is half done.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class CrashTests(string engine)
{
    private const int Standard = 60;
    private const int Premium = 20;

    [Test]
    public async Task D2_after_two_kills_every_acknowledged_change_is_there_and_none_is_half_done()
    {
        await using var service = await ServiceProcess.StartAsync(engine, Standard, Premium);
        var ledger = new Ledger();
        for (var round = 0; round < 3; round++)
        {
            var organization = await service.DemoAsync();
            var group = ledger.Group ??= await organization.PushGroupAsync("Everybody");
            if (ledger.Meter is null) await AcknowledgedWrites.PrepareSpendingAsync(organization, service.Operator("acme").At("/v1"), ledger);
            var (stream, writers) = AcknowledgedWrites.Write(organization, group, ledger, round);
            using (stream)
            {
                await AcknowledgedWrites.UntilAsync(() => ledger.Acknowledged >= (round + 1) * 120, service);
                await service.KillAsync();
                await stream.CancelAsync();
                await writers;
            }
            await service.RestartAsync();
            await AcknowledgedWrites.VerifyAsync(await service.DemoAsync(), ledger, service);
        }
        Assert.That(ledger.ServerErrors, Is.Empty, service.Output);
        Assert.That(ledger.Settled, Is.Not.Empty, "usage was settled between the kills");
    }

    [Test]
    public async Task A_graceful_stop_answers_what_is_in_flight_and_loses_nothing_acknowledged()
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("SIGTERM is a signal of Unix.");
        await using var service = await ServiceProcess.StartAsync(engine, Standard, Premium);
        var ledger = new Ledger();
        var organization = await service.DemoAsync();
        ledger.Group = await organization.PushGroupAsync("Everybody");
        var (stream, writers) = AcknowledgedWrites.Write(organization, ledger.Group, ledger, round: 0);
        using (stream)
        {
            await AcknowledgedWrites.UntilAsync(() => ledger.Acknowledged >= 100, service);
            var code = await service.StopAsync();
            await stream.CancelAsync();
            await writers;
            Assert.That(code, Is.Zero, service.Output);
        }
        // A request that reached the service is answered; only connections refused after the stop are not.
        Assert.That(ledger.ServerErrors, Is.Empty, service.Output);
        await service.RestartAsync();
        await AcknowledgedWrites.VerifyAsync(await service.DemoAsync(), ledger, service);
    }
}
