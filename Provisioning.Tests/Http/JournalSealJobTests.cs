using NUnit.Framework;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>The job that gives audit records and events their place, in a service of its own: an organisation in it is broken.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class JournalSealJobTests(string engine)
{
    [Test]
    public async Task TIME_3_an_organisation_that_cannot_be_sealed_keeps_no_other_from_its_place()
    {
        await using var service = await TestService.StartOnAsync(engine);
        var broken = await service.OrganizationAsync();
        await broken.PushAsync("ada");
        await SealedAsync(broken);
        await BreakAsync(service); // places that are taken: every further round fails at this organisation
        await broken.PushAsync("grace");
        var other = await service.OrganizationAsync(); // made later, so its turn is after the broken one's
        await other.PushAsync("linus");
        await SealedAsync(other);
        Assert.That((await broken.Owner.Get("/audit/verification")).Expect(200).Number("unsealed"), Is.Positive, "still broken");
    }

    private static async Task BreakAsync(TestService service)
    {
        await using var connection = service.Database.Connection();
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "UPDATE journal_heads SET audit_sequence = 0, event_sequence = 0";
        await command.ExecuteNonQueryAsync();
    }

    private static async Task SealedAsync(TestOrganization organization)
    {
        for (var left = 150; ; left--)
        {
            var report = (await organization.Owner.Get("/audit/verification")).Expect(200);
            if (report.Number("unsealed") == 0 && report.Number("records") > 0) return;
            if (left == 0) Assert.Fail($"Nothing seals.\n{report}");
            await Task.Delay(100);
        }
    }
}
