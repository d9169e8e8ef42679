using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Invitations;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Core;

/// <summary>The life of an invitation and of the seat it holds, by the clock (INV-1 to INV-5, INV-9, SEAT-2, TIME-4).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class InvitationTests(string engine) : InvitationCore(engine)
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

    [Test]
    public async Task INV_1_the_highest_tier_with_a_free_seat_is_held_from_creation_and_SEAT_2_accepting_counts_it_once()
    {
        var org = await OrganizationAsync();
        var first = Ok(await Stack.InviteAsync(org, Mail(org, "ada")));
        var second = Ok(await Stack.InviteAsync(org, Mail(org, "bob")));
        Assert.That((first.Tier, second.Tier), Is.EqualTo((CoreStack.Premium, CoreStack.Standard)));
        Assert.That((await Stack.PoolAsync(org, CoreStack.Premium)).Use, Is.EqualTo(new TierUse(CoreStack.Premium, 20, 1, 0, 1, 0)));
        var accepted = Ok(await Stack.AcceptAsync(first));
        Assert.That((accepted.Member.Member.State, accepted.Member.Member.Source, Sits(accepted.Member.Seat)), Is.EqualTo((MemberState.Active, MemberSource.Invite, "assigned:premium")));
        Assert.That((await Stack.PoolAsync(org, CoreStack.Premium)).Use, Is.EqualTo(new TierUse(CoreStack.Premium, 20, 1, 1, 0, 0)));
        Assert.That(await Stack.AuditAsync(org), Is.SupersetOf(new[] { "invitation.created", "invitation.accepted", "member.created", "seat.assigned" }));
    }

    [Test]
    public async Task INV_1_the_domain_is_checked_and_an_unknown_tier_refused()
    {
        var org = await OrganizationAsync();
        Assert.That(Refused<Unprocessable, Invitation>(await Stack.InviteAsync(org, "ada@elsewhere.example")).Code, Is.EqualTo("domain_not_verified"));
        Assert.That(Refused<Unprocessable, Invitation>(await Stack.InviteAsync(org, Mail(org, "ada"), tier: "gold")).Code, Is.EqualTo("unknown_tier"));
        await ExpectHeldAsync(org, 0, 0);
    }

    [Test]
    public async Task INV_2_exactly_21_days_after_creation_it_is_over_whether_or_not_a_sweeper_ran([Values] bool swept)
    {
        var org = await OrganizationAsync();
        var early = Ok(await Stack.InviteAsync(org, Mail(org, "ada")));
        var late = Ok(await Stack.InviteAsync(org, Mail(org, "bob")));
        Assert.That(early.ExpiresAt - early.CreatedAt, Is.EqualTo(TimeSpan.FromDays(21)));
        Stack.Time.Advance(early.ExpiresAt - Moment - Stack.Time.GetUtcNow());
        Ok(await Stack.AcceptAsync(early));
        Stack.Time.Advance(late.ExpiresAt - Stack.Time.GetUtcNow());
        if (swept) await Stack.SweepAsync(org);
        Assert.That(Refused<Gone, AcceptedInvitation>(await Stack.AcceptAsync(late)).Code, Is.EqualTo("invitation_expired"));
        Assert.That(Refused<Gone, OpenedInvitation>(await Stack.Acceptance.OpenAsync(await Stack.InvitationTokens.TokenAsync(late, default), default)).Code, Is.EqualTo("invitation_expired"));
        var expired = await Stack.Desk.ListAsync(org, InvitationState.Expired, Stack.Time.GetUtcNow(), null, 10, default);
        Assert.That(expired.Items.Select(item => item.Id), Is.EqualTo((InvitationId[])[late.Id]));
    }

    [Test]
    public async Task TIME_4_an_expired_invitation_holds_no_seat_before_the_sweep_and_E11_its_seat_goes_to_the_next()
    {
        var org = await OrganizationAsync(standard: 1, premium: 0, mode: ProvisioningMode.Jit);
        Ok(await Stack.InviteAsync(org, Mail(org, "ada")));
        Assert.That((await Stack.SignInAsync(org, "bob", Mail(org, "bob"))).Reason, Is.EqualTo("seat_unavailable"));
        Stack.Time.Advance(Invitation.Lifetime);
        Assert.That((await Stack.SignInAsync(org, "bob", Mail(org, "bob"))).Allowed, Is.True);
        await Stack.SweepAsync(org);
        Assert.That(await Stack.AuditAsync(org), Has.One.EqualTo("invitation.expired"));
        await ExpectHeldAsync(org, 0, 0);
    }

    [Test]
    public async Task INV_3_no_free_seat_of_the_tier_is_refused_and_nothing_is_made()
    {
        var org = await OrganizationAsync(standard: 2, premium: 1);
        Ok(await Stack.InviteAsync(org, Mail(org, "ada")));
        var refused = Refused<SeatDenied, Invitation>(await Stack.InviteAsync(org, Mail(org, "bob"), tier: CoreStack.Premium));
        Assert.That(refused.Tier, Is.EqualTo(CoreStack.Premium));
        await ExpectHeldAsync(org, premium: 1, standard: 0);
        Ok(await Stack.InviteAsync(org, Mail(org, "bob"), tier: CoreStack.Standard));
    }

    [Test]
    public async Task INV_4_accepting_twice_answers_the_same()
    {
        var org = await OrganizationAsync();
        var invited = Ok(await Stack.InviteAsync(org, Mail(org, "ada"), Role.Admin));
        var first = Ok(await Stack.AcceptAsync(invited));
        var second = Ok(await Stack.AcceptAsync(invited));
        Assert.That((second.Member.Member.Id, second.Member.Member.Role), Is.EqualTo((first.Member.Member.Id, Role.Admin)));
        Assert.That((await Stack.AuditAsync(org)).Count(action => action == "member.created"), Is.EqualTo(1));
    }

    [Test]
    public async Task INV_4_many_accepting_at_once_make_one_member_and_one_seat()
    {
        var org = await OrganizationAsync(standard: 3, premium: 3);
        var invited = Ok(await Stack.InviteAsync(org, Mail(org, "ada")));
        await using var other = Stack.Another();
        var accepted = await Task.WhenAll(Enumerable.Range(0, 12).Select(at => Task.Run(() => (at % 2 == 0 ? Stack : other).AcceptAsync(invited))));
        Assert.That(accepted.Select(one => Ok(one).Member.Member.Id).Distinct().Count(), Is.EqualTo(1));
        Assert.That((await Stack.PoolAsync(org, CoreStack.Premium)).Use, Is.EqualTo(new TierUse(CoreStack.Premium, 20, 3, 1, 0, 0)));
    }

    [Test]
    public async Task Accept_against_revoke_ends_in_one_of_both([Range(1, 6)] int round)
    {
        var org = await OrganizationAsync(standard: 0, premium: 1);
        var invited = Ok(await Stack.InviteAsync(org, Mail(org, "ada")));
        await using var other = Stack.Another();
        var accept = Task.Run(() => Stack.AcceptAsync(invited));
        var revoke = Task.Run(() => other.RevokeAsync(org, invited.Id));
        var (accepted, revoked) = (await accept, await revoke);
        Assert.That(accepted.IsOk, Is.Not.EqualTo(revoked.IsOk), $"round {round}: {accepted.Error} {revoked.Error}");
        Assert.That((await Stack.PoolAsync(org, CoreStack.Premium)).Use, Is.EqualTo(new TierUse(CoreStack.Premium, 20, 1, accepted.IsOk ? 1 : 0, 0, 0)));
    }

    [Test]
    public async Task Accept_against_expiry_ends_in_one_of_both_and_the_seat_is_counted_once([Range(1, 4)] int round)
    {
        var org = await OrganizationAsync(standard: 0, premium: 1);
        var invited = Ok(await Stack.InviteAsync(org, Mail(org, "ada")));
        Stack.Time.Advance(invited.ExpiresAt - TimeSpan.FromTicks(200) - Stack.Time.GetUtcNow()); // each look moves the clock
        await using var other = Stack.Another();
        var accept = Task.Run(() => Stack.AcceptAsync(invited));
        var sweep = Task.Run(() => other.SweepAsync(org));
        await other.DrainAsync(org);
        var accepted = await accept;
        await sweep;
        if (!accepted.IsOk) Assert.That(Refused<Gone, AcceptedInvitation>(accepted).Code, Is.EqualTo("invitation_expired"), $"round {round}");
        Stack.Time.Advance(Moment);
        await Stack.SweepAsync(org);
        Assert.That((await Stack.PoolAsync(org, CoreStack.Premium)).Use, Is.EqualTo(new TierUse(CoreStack.Premium, 20, 1, accepted.IsOk ? 1 : 0, 0, 0)));
    }

    [Test]
    public async Task INV_5_resend_makes_a_new_one_supersedes_the_old_and_keeps_its_seat()
    {
        var org = await OrganizationAsync(standard: 0, premium: 1, mode: ProvisioningMode.Jit);
        var old = Ok(await Stack.InviteAsync(org, Mail(org, "ada")));
        Stack.Time.Advance(TimeSpan.FromDays(20));
        var again = Ok(await Stack.ResendAsync(org, old.Id));
        Assert.That((again.Id == old.Id, again.Tier, again.ExpiresAt - again.CreatedAt), Is.EqualTo((false, CoreStack.Premium, Invitation.Lifetime)));
        Assert.That(Refused<Gone, AcceptedInvitation>(await Stack.AcceptAsync(old)).Code, Is.EqualTo("invitation_revoked"));
        await ExpectHeldAsync(org, premium: 1, standard: 0);
        Stack.Time.Advance(TimeSpan.FromDays(20));
        Assert.That((await Stack.SignInAsync(org, "bob", Mail(org, "bob"))).Reason, Is.EqualTo("seat_unavailable"), "the hold has the new term");
        Assert.That(Sits(Ok(await Stack.AcceptAsync(again)).Member.Seat), Is.EqualTo("assigned:premium"));
    }

    [Test]
    public async Task INV_5_a_new_invitation_after_expiry_has_a_new_hold_and_resending_an_expired_one_does_the_same()
    {
        var org = await OrganizationAsync(standard: 0, premium: 1);
        var old = Ok(await Stack.InviteAsync(org, Mail(org, "ada")));
        Assert.That(Refused<Conflict, Invitation>(await Stack.InviteAsync(org, Mail(org, "ADA"))).Code, Is.EqualTo("invitation_exists"));
        Stack.Time.Advance(Invitation.Lifetime);
        var second = Ok(await Stack.InviteAsync(org, Mail(org, "ada")));
        Stack.Time.Advance(Invitation.Lifetime);
        var third = Ok(await Stack.ResendAsync(org, second.Id));
        Assert.That((old.Id == second.Id, second.Id == third.Id), Is.EqualTo((false, false)));
        Assert.That((await Stack.AuditAsync(org)).Count(action => action == "invitation.expired"), Is.EqualTo(2));
        await ExpectHeldAsync(org, premium: 1, standard: 0);
        Ok(await Stack.AcceptAsync(third));
    }

    [Test]
    public async Task SEAT_11_revoking_frees_the_seat_for_whoever_waits()
    {
        var org = await OrganizationAsync(standard: 0, premium: 1, mode: ProvisioningMode.ScimAndJit);
        var invited = Ok(await Stack.InviteAsync(org, Mail(org, "ada")));
        var waiting = Ok(await Stack.PushAsync(org, Mail(org, "bob"))).Member!;
        Assert.That(waiting.Seat.Status, Is.EqualTo(SeatStatus.Waiting));
        Ok(await Stack.RevokeAsync(org, invited.Id));
        Ok(await Stack.RevokeAsync(org, invited.Id));
        Assert.That(Sits((await Stack.FindAsync(org, waiting.Member.Id)).Seat), Is.EqualTo("assigned:premium"));
        Assert.That(Refused<Gone, AcceptedInvitation>(await Stack.AcceptAsync(invited)).Code, Is.EqualTo("invitation_revoked"));
    }

    [Test]
    public async Task INV_9_the_token_is_in_no_row_event_or_kept_reply()
    {
        var org = await OrganizationAsync();
        var invited = Ok(await Stack.InviteAsync(org, Mail(org, "ada")));
        var token = await Stack.InvitationTokens.TokenAsync(invited, default);
        Assert.That(token, Does.Match("^prv_invitation_[A-Za-z0-9_-]{43}$"));
        foreach (var column in (string[])["outbox WHERE data", "receipts WHERE reply", "audit_details WHERE after_state"])
            Assert.That(await Books.CountAsync(Stack, $"SELECT COUNT(*) FROM {column} LIKE '%{token[15..]}%'"), Is.Zero, column);
        Assert.That(Refused<NotFound, AcceptedInvitation>(await Stack.Acceptance.AcceptAsync(token + "x", "c", default)).Detail, Does.Not.Contain(token));
        Ok(await Stack.Acceptance.AcceptAsync(token, "c", default));
    }

    [Test]
    public async Task I_6_many_inviting_one_address_at_once_make_one_invitation_and_one_hold()
    {
        var org = await OrganizationAsync(standard: 4, premium: 4);
        await using var other = Stack.Another();
        var invited = await Task.WhenAll(Enumerable.Range(0, 8).Select(at => Task.Run(() => (at % 2 == 0 ? Stack : other).InviteAsync(org, Mail(org, "ada")))));
        Assert.That(invited.Count(one => one.IsOk), Is.EqualTo(1));
        Assert.That(invited.Where(one => !one.IsOk).Select(one => ((Conflict)one.Error!).Code).Distinct(), Is.EqualTo((string[])["invitation_exists"]));
        await ExpectHeldAsync(org, premium: 1, standard: 0);
    }
}
