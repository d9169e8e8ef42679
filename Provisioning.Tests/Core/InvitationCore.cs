using NUnit.Framework;
using Provisioning.Core.Organizations;

namespace Provisioning.Tests.Core;

/// <summary>A fixture about invitations: organisations of two tiers, and what their invitations hold.</summary>
public abstract class InvitationCore(string engine) : CoreTests(engine)
{
    private protected Task<Organization> OrganizationAsync(int standard = 2, int premium = 1, ProvisioningMode mode = ProvisioningMode.InviteOnly) =>
        Stack.OrganizationAsync(mode, (CoreStack.Standard, 10, standard), (CoreStack.Premium, 20, premium));

    protected static EmailAddress Address(string text) => EmailAddress.TryParse(text, out var address) ? address : throw new ArgumentException(text);

    protected static string Mail(Organization organization, string name) => $"{name}@{organization.Slug}.example";

    protected async Task ExpectHeldAsync(Organization org, int premium, int standard) =>
        Assert.That(((await Stack.PoolAsync(org, CoreStack.Premium)).Held, (await Stack.PoolAsync(org, CoreStack.Standard)).Held), Is.EqualTo((premium, standard)), "held");
}
