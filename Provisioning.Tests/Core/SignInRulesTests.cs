using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Organizations;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Core;

/// <summary>Sign-in decisions that need members no door makes yet: owners, admins, ended terms (JIT-1, JIT-4, JIT-6, JIT-9).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class SignInRulesTests(string engine) : CoreTests(engine)
{
    [Test]
    public async Task JIT_1_an_address_never_takes_over_an_owner_or_admin([Values(Role.PrimaryOwner, Role.Owner, Role.Admin)] Role role)
    {
        var (org, email) = await JitAsync();
        var member = await Stack.MemberAsync(org, email, role);
        Assert.That((await Stack.SignInAsync(org, "sub", email)).Reason, Is.EqualTo("identity_conflict"));
        await LinkAsync(org, member.Member, "sub");
        var linked = await Stack.SignInAsync(org, "sub", email);
        Assert.That((linked.Allowed, linked.Reason, linked.Role), Is.EqualTo((true, "existing", role)), "once the link is confirmed");
    }

    [Test]
    public async Task JIT_1_an_address_needs_verification_a_verified_domain_and_exactly_one_member()
    {
        var (org, email) = await JitAsync();
        await Stack.MemberAsync(org, email);
        Assert.That((await Stack.SignInAsync(org, "s1", email, verified: false)).Reason, Is.EqualTo("email_not_verified"));
        await Stack.MemberAsync(org, "guest@elsewhere.example");
        Assert.That((await Stack.SignInAsync(org, "s2", "guest@elsewhere.example")).Reason, Is.EqualTo("domain_not_verified"));
        Assert.That((await Stack.SignInAsync(org, "s3", email.ToUpperInvariant())).Reason, Is.EqualTo("linked"));
        Assert.That((await Stack.SignInAsync(org, "s4", email)).Reason, Is.EqualTo("identity_conflict"), "the member has another subject there");
        var twin = await Stack.MemberAsync(org, "twin");
        Ok(await Stack.UnitAsync<int>(async scope =>
        {
            await Stack.Members.UpdateAsync(scope.Session, twin.Member with { MatchEmail = email });
            return 1;
        }));
        Assert.That((await Stack.SignInAsync(org, "s5", email)).Reason, Is.EqualTo("ambiguous_email"));
    }

    [Test]
    public async Task JIT_1_subjects_are_compared_exactly()
    {
        var (org, email) = await JitAsync();
        Assert.That((await Stack.SignInAsync(org, "Sub", email)).Reason, Is.EqualTo("created"));
        Assert.That((await Stack.SignInAsync(org, "Sub", null)).Reason, Is.EqualTo("existing"));
        Assert.That((await Stack.SignInAsync(org, "sub", null)).Allowed, Is.False);
        Assert.That((await Stack.SignInAsync(org, "Sub ", null)).Allowed, Is.False);
    }

    [Test]
    public async Task JIT_4_owners_and_admins_without_a_seat_get_in_without_product_access([Values(Role.PrimaryOwner, Role.Owner, Role.Admin)] Role role)
    {
        var (org, email) = await JitAsync(seats: 0);
        var member = await IdentifiedAsync(org, email, role);
        var answer = await Stack.SignInAsync(org, "sub", email);
        Assert.That((answer.Allowed, answer.ProductAccess, answer.Tier, answer.Role), Is.EqualTo((true, false, (string?)null, role)));
        Ok(await Stack.AdminAsync(org, member, new MemberCommand.Unassign()));
        answer = await Stack.SignInAsync(org, "sub", email);
        Assert.That((answer.Allowed, answer.ProductAccess), Is.EqualTo((true, false)));
    }

    [Test]
    public async Task JIT_4_waiting_people_get_one_attempt_at_each_sign_in_and_unassigned_ones_none()
    {
        var (org, email) = await JitAsync(seats: 0);
        var member = await IdentifiedAsync(org, email, Role.User);
        var since = (await Stack.FindAsync(org, member)).Seat.WaitingSince;
        var denied = await Stack.SignInAsync(org, "sub", email);
        Assert.That((denied.Allowed, denied.Reason, denied.Tiers.Count), Is.EqualTo((false, "seat_unavailable", 1)));
        Assert.That((await Stack.FindAsync(org, member)).Seat.WaitingSince, Is.EqualTo(since), "the place in the list is kept");
        Ok(await Stack.BuyAsync(org, (Standard, 10, 1)));
        Assert.That((await Stack.SignInAsync(org, "sub", email)).ProductAccess, Is.True);
        Ok(await Stack.AdminAsync(org, member, new MemberCommand.Unassign()));
        Assert.That((await Stack.SignInAsync(org, "sub", email)).Reason, Is.EqualTo("seat_unassigned"));
    }

    [Test]
    public async Task JIT_4_after_the_term_only_administrators_get_in_and_no_seat_is_taken()
    {
        var (org, email) = await JitAsync();
        var owner = $"owner@{org.Slug}.example";
        await IdentifiedAsync(org, email, Role.User);
        await IdentifiedAsync(org, owner, Role.Owner, "owner");
        org = await Stack.ChangeAsync(org, before => before with { AccessUntil = Instants.Now(Stack.Time) });
        Assert.That((await Stack.SignInAsync(org, "sub", email)).Reason, Is.EqualTo("term_inactive"));
        var answer = await Stack.SignInAsync(org, "owner", owner);
        Assert.That((answer.Allowed, answer.ProductAccess), Is.EqualTo((true, false)));
        Assert.That((await Stack.SignInAsync(org, "new", $"new@{org.Slug}.example")).Reason, Is.EqualTo("term_inactive"));
        Assert.That((await Stack.PoolAsync(org, Standard)).Assigned, Is.EqualTo(2));
    }

    [Test]
    public async Task JIT_6_in_mode_jit_a_removed_person_is_added_again_as_user_and_without_a_seat_not_at_all()
    {
        var (org, email) = await JitAsync(seats: 1);
        var id = (await Stack.SignInAsync(org, "sub", email)).Member!.Value;
        Ok(await Stack.RemoveAsync(org, id));
        var back = await Stack.SignInAsync(org, "sub", email);
        Assert.That((back.Reason, back.Member), Is.EqualTo(("restored", (MemberId?)id)));
        Ok(await Stack.RemoveAsync(org, id));
        Assert.That((await Stack.SignInAsync(org, "other", $"other@{org.Slug}.example")).Reason, Is.EqualTo("created"));
        Assert.That((await Stack.SignInAsync(org, "sub", email)).Reason, Is.EqualTo("seat_unavailable"));
        Assert.That((await Stack.FindAsync(org, id)).Member.State, Is.EqualTo(MemberState.Removed));
        var requests = await Stack.Database.ReadAsync(session => Stack.Requests.ListAsync(session, org.Id, null, 10), default);
        Assert.That(requests.Items.Select(request => request.Email), Is.EqualTo(new[] { email }));
    }

    [Test]
    public async Task JIT_6_a_removed_person_whose_name_another_member_has_now_is_a_conflict_and_not_an_outage()
    {
        var (org, email) = await JitAsync();
        var id = (await Stack.SignInAsync(org, "sub", email)).Member!.Value;
        Ok(await Stack.RemoveAsync(org, id));
        await Stack.MemberAsync(org, email);
        Assert.That((await Stack.SignInAsync(org, "sub", email)).Reason, Is.EqualTo("identity_conflict"));
    }

    [Test]
    public async Task JIT_9_many_first_sign_ins_of_one_person_make_one_member_and_one_seat()
    {
        var (org, email) = await JitAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Stack.SignInAsync(org, "sub", email)));
        Assert.That(answers.Select(answer => answer.Allowed), Is.All.True);
        Assert.That(answers.Select(answer => answer.Member).Distinct().Count(), Is.EqualTo(1));
        Assert.That((await Stack.PoolAsync(org, Standard)).Assigned, Is.EqualTo(1));
    }

    [Test]
    public async Task JIT_9_the_same_across_two_processes()
    {
        var (org, email) = await JitAsync();
        await using var other = Stack.Another();
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => (i % 2 == 0 ? Stack : other).SignInAsync(org, "sub", email)));
        Assert.That(answers.Select(answer => (answer.Allowed, answer.Member)).Distinct().Count(), Is.EqualTo(1));
        Assert.That((await Stack.PoolAsync(org, Standard)).Assigned, Is.EqualTo(1));
    }

    [Test]
    public async Task JIT_10_the_address_of_a_member_without_entry_follows_the_identity_provider()
    {
        var (org, email) = await JitAsync();
        var id = (await Stack.SignInAsync(org, "sub", email)).Member!.Value;
        await Stack.SignInAsync(org, "sub", "ann@elsewhere.example");
        Assert.That((await Stack.FindAsync(org, id)).Member.MatchEmail, Is.EqualTo(email), "DOM-1");
        await Stack.SignInAsync(org, "sub", $"new@{org.Slug}.example");
        Assert.That((await Stack.FindAsync(org, id)).Member.MatchEmail, Is.EqualTo($"new@{org.Slug}.example"));
    }

    private async Task<(Organization Org, string Email)> JitAsync(int seats = 5)
    {
        var org = await Stack.OrganizationAsync(ProvisioningMode.Jit, (Standard, 10, seats));
        return (org, $"ann@{org.Slug}.example");
    }

    private async Task<MemberId> IdentifiedAsync(Organization org, string email, Role role, string subject = "sub")
    {
        var member = await Stack.MemberAsync(org, email, role);
        await LinkAsync(org, member.Member, subject);
        return member.Member.Id;
    }

    private async Task LinkAsync(Organization org, Member member, string subject)
    {
        Ok(await Stack.Confirmations.GrantAsync(
            org, CoreStack.Actor, Authority.Operator, member.Id, member.MatchEmail!, (await Stack.GatewayAsync(org)).Id, null, default));
        Assert.That((await Stack.SignInAsync(org, subject, member.MatchEmail)).Member, Is.EqualTo(member.Id));
    }
}
