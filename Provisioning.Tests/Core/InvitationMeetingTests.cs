using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Invitations;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Core;

/// <summary>Invitations against the other ways in, and the one of the primary owner (INV-6 to INV-8, JIT-6, I-3).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class InvitationMeetingTests(string engine) : InvitationCore(engine)
{
    [TestCase(ProvisioningMode.InviteOnly)]
    [TestCase(ProvisioningMode.Jit)]
    [TestCase(ProvisioningMode.Scim)]
    public async Task INV_7_a_sign_in_that_meets_an_invitation_accepts_it_and_keeps_role_and_tier(ProvisioningMode mode)
    {
        var org = await OrganizationAsync(standard: 1, premium: 1, mode: mode);
        var invited = Ok(await Stack.InviteAsync(org, Mail(org, "ada"), Role.Admin, CoreStack.Standard));
        var answer = await Stack.SignInAsync(org, "ada", Mail(org, "Ada"));
        Assert.That((answer.Allowed, answer.Role, answer.Tier), Is.EqualTo((true, Role.Admin, CoreStack.Standard)), answer.Reason);
        Assert.That((await Stack.Desk.FindAsync(org, invited.Id, default))!.State, Is.EqualTo(InvitationState.Accepted));
        Assert.That(Ok(await Stack.AcceptAsync(invited)).Member.Member.Id, Is.EqualTo(answer.Member), "the link leads to the same member");
        await ExpectHeldAsync(org, 0, 0);
        if (mode != ProvisioningMode.Jit) Assert.That((await Stack.SignInAsync(org, "bob", Mail(org, "bob"))).Allowed, Is.False, "who is not invited");
    }

    [Test]
    public async Task INV_7_an_unverified_address_meets_no_invitation()
    {
        var org = await OrganizationAsync();
        Ok(await Stack.InviteAsync(org, Mail(org, "ada"), Role.Owner));
        Assert.That((await Stack.SignInAsync(org, "mallory", Mail(org, "ada"), verified: false)).Reason, Is.EqualTo("not_invited"));
    }

    [Test]
    public async Task INV_7_a_push_supersedes_the_invitation_and_its_hold_becomes_the_seat()
    {
        var org = await OrganizationAsync(standard: 0, premium: 1, mode: ProvisioningMode.Scim);
        var invited = Ok(await Stack.InviteAsync(org, Mail(org, "ada"), Role.Admin));
        var pushed = Ok(await Stack.PushAsync(org, Mail(org, "ada"))).Member!;
        Assert.That((Sits(pushed.Seat), pushed.Member.Role), Is.EqualTo(("assigned:premium", Role.User)));
        Assert.That((await Stack.Desk.FindAsync(org, invited.Id, default))!.State, Is.EqualTo(InvitationState.Superseded));
        Assert.That(Refused<Gone, AcceptedInvitation>(await Stack.AcceptAsync(invited)).Code, Is.EqualTo("invitation_revoked"));
        Assert.That((await Stack.PoolAsync(org, CoreStack.Premium)).Use, Is.EqualTo(new TierUse(CoreStack.Premium, 20, 1, 1, 0, 0)));
    }

    [Test]
    public async Task INV_7_one_seat_left_and_an_invitation_meets_a_first_sign_in_of_the_same_address([Range(1, 6)] int round)
    {
        var org = await OrganizationAsync(standard: 0, premium: 1, mode: ProvisioningMode.Jit);
        await using var other = Stack.Another();
        var invite = Task.Run(() => Stack.InviteAsync(org, Mail(org, "ada")));
        var signIn = Task.Run(() => other.SignInAsync(org, "ada", Mail(org, "ada")));
        var (invited, answer) = (await invite, await signIn);
        // Whoever comes first: the person is in, or the invitation holds the seat and the next sign-in takes it up.
        if (!answer.Allowed) answer = await Stack.SignInAsync(org, "ada", Mail(org, "ada"));
        Assert.That(answer.Allowed, Is.True, $"round {round}: {answer.Reason} {invited.Error}");
        Assert.That((await Stack.PoolAsync(org, CoreStack.Premium)).Use, Is.EqualTo(new TierUse(CoreStack.Premium, 20, 1, 1, 0, 0)));
    }

    [Test]
    public async Task INV_8_an_invitation_brings_nobody_back_whom_the_directory_sent_away([Values("delete", "deactivate")] string how)
    {
        var org = await OrganizationAsync(mode: ProvisioningMode.ScimAndJit);
        var entry = Ok(await Stack.PushAsync(org, Mail(org, "ada"))).Entry.Id;
        var invited = Ok(await Stack.InviteAsync(org, Mail(org, "bob")));
        var bob = Ok(await Stack.PushAsync(org, CoreStack.Content("robert", email: Mail(org, "rob")))).Entry.Id;
        if (how == "delete") Ok(await Stack.DeleteAsync(org, entry));
        else Ok(await Stack.ActiveAsync(org, entry, false));
        var code = Refused<Conflict, Invitation>(await Stack.InviteAsync(org, Mail(org, "ada"))).Code;
        Assert.That(code, Is.EqualTo("managed_by_directory"));
        // Sent away while invited: checked again at accept.
        Ok(await Stack.PatchAsync(org, bob, ("emails", new System.Text.Json.Nodes.JsonArray(new System.Text.Json.Nodes.JsonObject { ["value"] = Mail(org, "bob"), ["primary"] = true }))));
        Ok(await Stack.DeleteAsync(org, bob));
        Assert.That(Refused<Conflict, AcceptedInvitation>(await Stack.AcceptAsync(invited)).Code, Is.EqualTo("managed_by_directory"));
        Assert.That((await Stack.SignInAsync(org, "bob", Mail(org, "bob"))).Reason, Is.EqualTo("deprovisioned"));
    }

    [Test]
    public async Task JIT_6_who_was_removed_by_an_admin_comes_back_when_invited()
    {
        var org = await OrganizationAsync(mode: ProvisioningMode.InviteOnly);
        var first = Ok(await Stack.InviteAsync(org, Mail(org, "ada")));
        var answer = await Stack.SignInAsync(org, "ada", Mail(org, "ada"));
        Ok(await Stack.RemoveAsync(org, answer.Member!.Value));
        Assert.That((await Stack.SignInAsync(org, "ada", Mail(org, "ada"))).Reason, Is.EqualTo("not_invited"));
        var again = Ok(await Stack.InviteAsync(org, Mail(org, "ada"), Role.Admin));
        var back = await Stack.SignInAsync(org, "ada", Mail(org, "ada"));
        Assert.That((back.Allowed, back.Member, back.Role, back.Tier), Is.EqualTo((true, answer.Member, Role.Admin, CoreStack.Premium)), back.Reason);
        Assert.That((first.Id == again.Id, (await Stack.Desk.FindAsync(org, again.Id, default))!.State), Is.EqualTo((false, InvitationState.Accepted)));
        await ExpectHeldAsync(org, 0, 0);
    }

    [Test]
    public async Task INV_6_the_first_primary_owner_needs_no_verified_domain_and_no_free_seat()
    {
        var org = await OrganizationAsync(standard: 0, premium: 0);
        var email = Address("boss@anywhere.example");
        var first = Ok(await Stack.Desk.ReplaceOwnerInvitationAsync(org, CoreStack.Actor, email, WriteStamp.Of(Stack.Time), default));
        var again = Ok(await Stack.Desk.ReplaceOwnerInvitationAsync(org, CoreStack.Actor, email, WriteStamp.Of(Stack.Time), default));
        Assert.That(Refused<Gone, AcceptedInvitation>(await Stack.AcceptAsync(first)).Code, Is.EqualTo("invitation_revoked"));
        Assert.That(Refused<Forbidden, Invitation>(await Stack.ResendAsync(org, again.Id)).Detail, Does.Contain("operator"));
        var owner = Ok(await Stack.AcceptAsync(again)).Member;
        Assert.That((owner.Member.Role, owner.Seat.Status), Is.EqualTo((Role.PrimaryOwner, SeatStatus.Waiting)));
        Assert.That(Refused<Conflict, Invitation>(await Stack.Desk.ReplaceOwnerInvitationAsync(
            org, CoreStack.Actor, email, WriteStamp.Of(Stack.Time), default)).Code, Is.EqualTo("member_exists"));
    }

    [Test]
    public async Task INV_7_the_directory_gives_an_invited_primary_owner_the_seat_and_not_the_ownership()
    {
        var org = await OrganizationAsync(standard: 0, premium: 1, mode: ProvisioningMode.Scim);
        var email = Address(Mail(org, "boss"));
        var invited = Ok(await Stack.Desk.ReplaceOwnerInvitationAsync(org, CoreStack.Actor, email, WriteStamp.Of(Stack.Time), default));
        var pushed = Ok(await Stack.PushAsync(org, Mail(org, "boss"))).Member!;
        Assert.That((pushed.Member.Role, Sits(pushed.Seat)), Is.EqualTo((Role.User, "assigned:premium")));
        await ExpectHeldAsync(org, 0, 0);
        var accepted = Ok(await Stack.AcceptAsync(invited)).Member;
        Assert.That((accepted.Member.Id, accepted.Member.Role, Sits(accepted.Seat)), Is.EqualTo((pushed.Member.Id, Role.PrimaryOwner, "assigned:premium")));
    }

    [Test]
    public async Task I_3_two_accepted_primary_owners_at_once_are_one()
    {
        var org = await OrganizationAsync(standard: 3, premium: 3);
        var email = Address(Mail(org, "boss"));
        var invited = Ok(await Stack.Desk.ReplaceOwnerInvitationAsync(org, CoreStack.Actor, email, WriteStamp.Of(Stack.Time), default));
        var heir = await Stack.MemberAsync(org, Mail(org, "heir"), Role.Owner);
        await using var other = Stack.Another();
        var accept = Task.Run(() => Stack.AcceptAsync(invited));
        var appoint = Task.Run(() => other.Ownership.AppointAsync(org, CoreStack.Actor, heir.Member.Id, scope => other.Desk.WithdrawOwnerInvitationsAsync(scope, org), default));
        Ok(await appoint);
        var accepted = await accept;
        if (!accepted.IsOk) Assert.That(Refused<Gone, AcceptedInvitation>(accepted).Code, Is.EqualTo("invitation_revoked"));
        Assert.That((await Stack.FindAsync(org, heir.Member.Id)).Member.Role, Is.EqualTo(Role.PrimaryOwner), "the appointment came after, or instead");
    }
}
