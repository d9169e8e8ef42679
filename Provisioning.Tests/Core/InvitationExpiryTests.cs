using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Invitations;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Storage;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Core;

/// <summary>The rounds of the job that ends invitations (rules INV-2, TIME-3).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class InvitationExpiryTests(string engine) : InvitationCore(engine)
{
    private const int AtOnce = 2;

    [Test]
    public async Task TIME_3_one_broken_organisation_with_many_invitations_keeps_no_other_from_the_end_of_its_own()
    {
        var (broken, other) = (await OrganizationAsync(standard: 5, premium: 0), await OrganizationAsync());
        var stuck = new List<InvitationId>();
        for (var at = 0; at < (2 * AtOnce) + 1; at++) stuck.Add(Ok(await Stack.InviteAsync(broken, Mail(broken, "ada" + at))).Id);
        var last = Ok(await Stack.InviteAsync(other, Mail(other, "bob")));
        var rows = new JournalRows(Stack);
        await rows.ExecuteAsync("UPDATE seat_pools SET held = 0 WHERE organization_id = @p0", Ids.ToBytes(broken.Id));
        Stack.Time.Advance(last.ExpiresAt - Stack.Time.GetUtcNow());

        var failures = await RunAsync();
        Assert.That(failures, Has.Count.EqualTo(stuck.Count), "each of the broken one is tried once");
        Assert.That(await StateAsync(other, last.Id), Is.EqualTo(InvitationState.Expired), "it comes behind more than are looked up together");
        await ExpectHeldAsync(other, 0, 0);
        foreach (var id in stuck) Assert.That(await StateAsync(broken, id), Is.EqualTo(InvitationState.Pending));

        await rows.ExecuteAsync("UPDATE seat_pools SET held = 5 WHERE organization_id = @p0 AND tier = 'standard'", Ids.ToBytes(broken.Id));
        Assert.That(await RunAsync(), Is.Empty);
        foreach (var id in stuck) Assert.That(await StateAsync(broken, id), Is.EqualTo(InvitationState.Expired), "mended, they are next");
        await ExpectHeldAsync(broken, 0, 0);
        Assert.That((await Stack.AuditAsync(broken)).Count(action => action == "invitation.expired"), Is.EqualTo(stuck.Count));
    }

    [Test]
    public async Task TIME_3_a_round_on_two_nodes_ends_each_invitation_once_and_a_second_finds_nothing()
    {
        var org = await OrganizationAsync(standard: 5, premium: 0);
        for (var at = 0; at < 5; at++) Ok(await Stack.InviteAsync(org, Mail(org, "ada" + at)));
        Stack.Time.Advance(Invitation.Lifetime);
        await using var second = Stack.Another();
        // Each node holds a lease of its own, as if one had not noticed that it lost the job: the guarded rows are the second net.
        var failures = await Task.WhenAll(Task.Run(() => RunAsync(Stack, "one")), Task.Run(() => RunAsync(second, "two")));
        Assert.That(failures.SelectMany(failed => failed), Is.Empty);
        await ExpectHeldAsync(org, 0, 0);
        await RunAsync();
        Assert.That((await Stack.AuditAsync(org)).Count(action => action == "invitation.expired"), Is.EqualTo(5));
    }

    private Task<List<Exception>> RunAsync() => RunAsync(Stack, "");

    private static async Task<List<Exception>> RunAsync(CoreStack stack, string node)
    {
        var failures = new List<Exception>();
        var leases = new Leases(stack.Database, new LeaseStore(), stack.Time, TimeSpan.FromHours(1));
        var lease = (await leases.HoldAsync("invitation_expiry" + node, null, default))!;
        var round = new JobRound(() => Task.FromResult<JobTurn?>(new JobTurn(lease, CoreStack.Actor)), failures.Add, default);
        await new InvitationExpiry(stack.Database, stack.InvitationRows, stack.Desk, stack.Time).RunAsync(round, default, AtOnce);
        await leases.ReleaseAsync(lease, default);
        return failures;
    }

    private async Task<InvitationState> StateAsync(Organization organization, InvitationId id) =>
        (await Stack.Desk.FindAsync(organization, id, default))!.State;
}
