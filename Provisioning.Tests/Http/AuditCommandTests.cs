using NUnit.Framework;
using Provisioning.Tests.Core;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>The command that verifies audit trails beside or without the service (domain.md section 11).</summary>
public sealed class AuditCommandTests
{
    [Test]
    public async Task Verify_audit_says_intact_with_a_link_and_names_the_place_of_what_was_changed()
    {
        await using var service = await ServiceProcess.StartAsync(TestDatabase.Sqlite, 2, 1);
        var organization = await service.DemoAsync();
        await organization.PushAsync("ada");
        for (var left = 200; (await organization.Owner.Get("/audit/verification")).Expect(200).Number("unsealed") > 0; left--)
        {
            if (left == 0) Assert.Fail("Nothing seals.");
            await Task.Delay(100);
        }
        var (code, output) = await service.CommandAsync("verify-audit", "acme");
        Assert.That(code, Is.Zero, output);
        Assert.That(output, Does.Match(@"acme: intact, \d+ records, 0 erased, \d+ not sealed yet; \d+:[0-9a-f]{64}"));
        var link = output.Trim().Split("; ")[^1].Trim();
        Assert.That((await service.CommandAsync("verify-audit", "acme", link)).ExitCode, Is.Zero);

        await using (var connection = service.Database.Connection())
        {
            await connection.OpenAsync();
            await JournalRows.ExecuteAsync(connection, null, "UPDATE audit_records SET actor_id = 'somebody else' WHERE sequence = 3");
        }
        (code, output) = await service.CommandAsync("verify-audit");
        Assert.That(code, Is.EqualTo(1), output);
        Assert.That(output, Does.Contain("acme: NOT INTACT at record 3 (changed)"));
        Assert.That((await service.CommandAsync("verify-audit", "nobody")).ExitCode, Is.EqualTo(1));
        Assert.That((await service.CommandAsync("verify-audit", "acme", "12")).ExitCode, Is.EqualTo(1));
    }
}
