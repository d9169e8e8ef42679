using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Invitations;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.SignIn;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Core;

/// <summary>How somebody who administers is linked to an account: by a confirmation, and by nobody else's word (JIT-1, INV-4, ROLE-3).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class AdministratorLinkTests(string engine) : CoreTests(engine)
{
    private async Task<(Organization Org, string Email)> MakeAsync(ProvisioningMode mode = ProvisioningMode.ScimAndJit)
    {
        var org = await Stack.OrganizationAsync(mode, (Standard, 10, 9));
        return (org, $"boss@{org.Slug}.example");
    }

    [Test]
    public async Task JIT_1_a_sign_in_that_began_before_the_connection_was_switched_off_is_refused()
    {
        var (org, email) = await MakeAsync();
        Assert.That((await Stack.SignInAsync(org, "sub", email)).Allowed, Is.True);
        var before = await Stack.GatewayAsync(org);
        Ok(await Stack.Connections.ChangeAsync(org, CoreStack.Actor, before.Id, new IfMatch((IReadOnlyList<long>?)null),
            new NewConnection(before.Name, before.Kind, true, null) { Enabled = false }, default));
        foreach (var (subject, address) in ((string, string)[])[("sub", email), ("new", $"new@{org.Slug}.example")])
        {
            var answer = Ok(await Stack.SignIn.DecideAsync(org, CoreStack.Actor, new SignInRequest(before, subject, address, true, null, [], null), default));
            Assert.That((answer.Allowed, answer.Reason), Is.EqualTo((false, "connection_disabled")));
        }
    }

    [Test]
    public async Task JIT_1_an_externalId_that_is_pushed_hands_an_owner_who_came_another_way_to_nobody([Values(MemberSource.Jit, MemberSource.Invite)] MemberSource source)
    {
        var (org, email) = await MakeAsync();
        var owner = await Stack.MemberAsync(org, email, Role.PrimaryOwner, source);
        Ok(await Stack.PushAsync(org, CoreStack.Content(email, "attacker", email: $"attacker@{org.Slug}.example")));
        var answer = await Stack.SignInAsync(org, "attacker-sub", $"attacker@{org.Slug}.example", externalId: "attacker");
        Assert.That((answer.Allowed, answer.Reason), Is.EqualTo((false, "identity_conflict")));
        Assert.That((await Stack.FindAsync(org, owner.Member.Id)).Member.MatchEmail, Is.EqualTo(email), "the directory does not move the owner's address");
    }

    [Test]
    public async Task JIT_1_who_was_pushed_and_administers_is_linked_by_externalId_once()
    {
        var (org, email) = await MakeAsync();
        var pushed = Ok(await Stack.PushAsync(org, CoreStack.Content(email, "x-boss")));
        Ok(await Stack.AdminAsync(org, pushed.Member!.Member.Id, new MemberCommand.Role(Role.Owner)));
        Assert.That((await Stack.SignInAsync(org, "sub", null, externalId: "x-boss")).Reason, Is.EqualTo("linked"));
        Ok(await Stack.PatchAsync(org, pushed.Entry.Id, ("externalId", "attacker")));
        Assert.That((await Stack.SignInAsync(org, "attacker-sub", null, externalId: "attacker")).Reason, Is.EqualTo("identity_conflict"));
    }

    [Test]
    public async Task INV_4_who_accepts_by_link_to_administer_is_linked_at_the_next_sign_in_and_only_one_is([Values(Role.Owner, Role.Admin)] Role role)
    {
        var (org, email) = await MakeAsync();
        var member = Ok(await Stack.AcceptAsync(Ok(await Stack.InviteAsync(org, email, role)))).Member.Member.Id;
        Assert.That((await Stack.SignInAsync(org, "unverified", email, verified: false)).Allowed, Is.False);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(at => Stack.SignInAsync(org, "sub-" + at, email)));
        Assert.That(answers.Count(answer => answer.Reason == "linked"), Is.EqualTo(1));
        Assert.That(answers.Count(answer => answer.Reason == "identity_conflict"), Is.EqualTo(7));
        Assert.That(answers.Single(answer => answer.Allowed).Member, Is.EqualTo((MemberId?)member));
        Assert.That(await Stack.AuditAsync(org, member.ToString()), Does.Contain("identity.link_confirmed").And.Contain("identity.linked"));
    }

    [Test]
    public async Task INV_4_the_confirmation_of_an_accepted_link_runs_out_and_an_owner_renews_it()
    {
        var (org, email) = await MakeAsync();
        var member = Ok(await Stack.AcceptAsync(Ok(await Stack.InviteAsync(org, email, Role.Admin)))).Member.Member.Id;
        Stack.Time.Advance(LinkConfirmation.Life);
        Assert.That((await Stack.SignInAsync(org, "sub", email)).Reason, Is.EqualTo("identity_conflict"));
        Ok(await GrantAsync(org, new Authority(Role.Owner), member, email));
        Assert.That((await Stack.SignInAsync(org, "sub", email)).Reason, Is.EqualTo("linked"));
    }

    [Test]
    public async Task ROLE_3_only_the_primary_owner_or_the_operator_confirms_a_link_of_the_primary_owner()
    {
        var (org, email) = await MakeAsync();
        var primary = (await Stack.MemberAsync(org, email, Role.PrimaryOwner)).Member.Id;
        var admin = (await Stack.MemberAsync(org, $"admin@{org.Slug}.example", Role.Admin)).Member.Id;
        Refused<Forbidden, DateTimeOffset>(await GrantAsync(org, new Authority(Role.Owner), primary, email));
        Refused<Forbidden, DateTimeOffset>(await GrantAsync(org, new Authority(Role.Admin), admin, $"admin@{org.Slug}.example"));
        Refused<InvalidValue, DateTimeOffset>(await GrantAsync(org, new Authority(Role.Owner), admin, email));
        Refused<NotFound, DateTimeOffset>(await GrantAsync((await MakeAsync()).Org, new Authority(Role.Owner), admin, $"admin@{org.Slug}.example"));
        var gateway = (await Stack.GatewayAsync(org)).Id;
        Refused<InvalidValue, DateTimeOffset>(await GrantAsync(org, Authority.Operator, primary, email)); // names no connection
        Refused<InvalidValue, DateTimeOffset>(await GrantAsync(org, Authority.Operator, primary, email, (await Stack.GatewayAsync((await MakeAsync()).Org)).Id));
        Ok(await GrantAsync(org, Authority.Operator, primary, email, gateway));
        Ok(await GrantAsync(org, new Authority(Role.PrimaryOwner, primary), primary, email, gateway));
        Ok(await GrantAsync(org, new Authority(Role.Owner), admin, $"admin@{org.Slug}.example"));
        Ok(await Stack.AdminAsync(org, admin, new MemberCommand.Suspend()));
        Refused<InvalidValue, DateTimeOffset>(await GrantAsync(org, new Authority(Role.Owner), admin, $"admin@{org.Slug}.example"));
    }

    [TestCase("changed")]
    [TestCase("changed back")]
    [TestCase("another")]
    public async Task JIT_1_an_owner_who_says_which_provider_is_believed_does_not_become_the_primary_owner_by_a_confirmation(string how)
    {
        var (org, email) = await MakeAsync();
        var primary = (await Stack.MemberAsync(org, email, Role.PrimaryOwner)).Member.Id;
        var gateway = await Stack.GatewayAsync(org);
        Ok(await GrantAsync(org, new Authority(Role.PrimaryOwner, primary), primary, email, gateway.Id));
        if (how == "another")
            Ok(await Stack.Connections.ConnectAsync(org, CoreStack.Actor, new NewConnection("evil", ConnectionKind.Gateway, true, null), null, default));
        else
            for (var times = how == "changed" ? 1 : 2; times > 0; times--) await TouchAsync(org, gateway.Id, trustEmail: times == 1);
        var through = (await Stack.Connections.FindAsync(org, how == "another" ? "evil" : "gateway", default))!;
        Assert.That(await ReasonAsync(org, through, "evil-sub", email), Is.EqualTo("identity_conflict"));
        if (how != "another") // what the connection said while it was as confirmed, but only now decided
            Assert.That(await ReasonAsync(org, gateway, "evil-sub", email), Is.EqualTo("identity_conflict"));
        Ok(await GrantAsync(org, Authority.Operator, primary, email, through.Id));
        if (how != "another") Assert.That(await ReasonAsync(org, gateway, "evil-sub", email), Is.EqualTo("identity_conflict"), "checked with settings that nobody confirmed");
        Assert.That(await ReasonAsync(org, through, "sub", email), Is.EqualTo("linked"));
    }

    [Test]
    public async Task INV_4_a_primary_owner_who_accepts_is_linked_through_a_connection_that_was_there_and_no_other()
    {
        var (org, email) = await MakeAsync(ProvisioningMode.InviteOnly);
        var invitation = Ok(await Stack.Desk.InviteAsync(
            org, CoreStack.Actor, Authority.Operator, new NewInvitation(Address(email), Role.PrimaryOwner, null), WriteStamp.Of(Stack.Time), default));
        Ok(await Stack.AcceptAsync(invitation));
        Ok(await Stack.Connections.ConnectAsync(org, CoreStack.Actor, new NewConnection("evil", ConnectionKind.Gateway, true, null), null, default));
        Assert.That(await ReasonAsync(org, (await Stack.Connections.FindAsync(org, "evil", default))!, "evil-sub", email), Is.EqualTo("identity_conflict"));
        Assert.That(await ReasonAsync(org, await Stack.GatewayAsync(org), "sub", email), Is.EqualTo("linked"));
    }

    [Test]
    public async Task JIT_1_what_an_owner_was_confirmed_for_everywhere_does_not_hold_once_he_is_the_primary_owner()
    {
        var (org, email) = await MakeAsync();
        var heir = (await Stack.MemberAsync(org, email, Role.Owner)).Member.Id;
        Ok(await GrantAsync(org, new Authority(Role.Owner), heir, email));
        Ok(await Stack.Ownership.AppointAsync(org, CoreStack.Actor, heir, _ => Task.CompletedTask, default));
        Assert.That((await Stack.SignInAsync(org, "sub", email)).Reason, Is.EqualTo("identity_conflict"));
    }

    private static EmailAddress Address(string email) => EmailAddress.TryParse(email, out var address) ? address : throw new ArgumentException(email);

    private async Task TouchAsync(Organization org, ConnectionId id, bool trustEmail) =>
        Ok(await Stack.Connections.ChangeAsync(org, CoreStack.Actor, id, new IfMatch((IReadOnlyList<long>?)null),
            new NewConnection("gateway", ConnectionKind.Gateway, trustEmail, null), default));

    private async Task<string> ReasonAsync(Organization org, Connection connection, string subject, string email) =>
        Ok(await Stack.SignIn.DecideAsync(org, CoreStack.Actor, new SignInRequest(connection, subject, email, true, null, [], null), default)).Reason;

    private Task<Outcome<DateTimeOffset>> GrantAsync(Organization org, Authority authority, MemberId member, string email, ConnectionId? connection = null) =>
        Stack.Confirmations.GrantAsync(org, CoreStack.Actor, authority, member, email, connection, null, default);
}
