using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;
using Provisioning.Api.Configuration;
using Provisioning.Api.Hosting;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Hosting;

/// <summary>Tokens of the demo organisation at a second start (design D9).</summary>
public sealed class DemoTokenTests
{
    [Test]
    public async Task A_revoked_token_does_not_come_back_with_the_next_start_and_the_start_says_why()
    {
        await using var service = await TestService.StartAsync();
        var demo = await service.DemoAsync();
        var scim = (await demo.Owner.Get("/tokens")).Items("tokens").First(token => TestOrganization.Text(token, "door") == "scim");
        (await demo.Owner.Delete("/tokens/" + TestOrganization.Text(scim, "id"))).Expect(204);

        var refused = await Assert.ThrowsAsync<SettingsException>(() => Restarted(service, demo => demo).PrepareAsync(default));
        Assert.That(refused!.Problems, Has.One.Contains("revoked").And.One.Contains("scim"));
        Assert.That(refused.Problems, Has.None.Contains(TestService.DemoScimToken));
        (await demo.Scim.Get("/Users")).ExpectScimError(401);
    }

    [Test]
    public async Task A_secret_that_opens_another_door_is_refused_and_every_token_stays_as_it_was()
    {
        await using var service = await TestService.StartAsync();
        var swapped = Restarted(service, demo => demo with { ScimToken = demo.OwnerToken, OwnerToken = demo.ScimToken });
        var refused = await Assert.ThrowsAsync<SettingsException>(() => swapped.PrepareAsync(default));
        Assert.That(refused!.Problems, Has.One.Contains("another door"));
        var demo = await service.DemoAsync();
        (await demo.Scim.Get("/Users")).Expect(200);
        (await demo.Owner.Get("/tokens")).Expect(200);
    }

    private static DemoOrganization Restarted(TestService service, Func<DemoSettings, DemoSettings> change)
    {
        var settings = service.Services.GetRequiredService<ServiceSettings>();
        return new DemoOrganization(
            settings with { Demo = change(settings.Demo) }, service.Services.GetRequiredService<IDatabase>(),
            service.Services.GetRequiredService<IOrganizationStore>(), service.Services.GetRequiredService<OrganizationSetup>(),
            service.Services.GetRequiredService<Credentials>(), TimeProvider.System);
    }
}
