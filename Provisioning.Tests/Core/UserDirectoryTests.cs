using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Organizations;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Core;

/// <summary>Entries and the members that follow them: SCIM-0 to SCIM-3, SCIM-5, SCIM-8 to SCIM-11, SCIM-16.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class UserDirectoryTests(string engine) : CoreTests(engine)
{
    [Test]
    public async Task SCIM_0_an_admins_suspension_stands_whatever_the_directory_sends()
    {
        var org = await Stack.ScimAsync();
        var view = Ok(await Stack.PushAsync(org, "a"));
        var id = view.Member!.Member.Id;
        Ok(await Stack.AdminAsync(org, id, new MemberCommand.Suspend()));
        Ok(await Stack.ActiveAsync(org, view.Entry.Id, false));
        var again = Ok(await Stack.ActiveAsync(org, view.Entry.Id, true));
        Assert.That((again.Entry.Active, again.Member!.Member.State, again.Member.Member.SuspendedBy),
            Is.EqualTo((true, MemberState.Suspended, SuspensionCause.Admin)), "active reports what was sent");
        Ok(await Stack.AdminAsync(org, id, new MemberCommand.Restore()));
        Assert.That(await SitsAsync(org, id), Is.EqualTo("assigned:premium"));
    }

    [Test]
    public async Task SCIM_0_an_admin_lifts_his_own_suspension_only()
    {
        var org = await Stack.ScimAsync();
        var view = Ok(await Stack.PushAsync(org, "a"));
        var id = view.Member!.Member.Id;
        Ok(await Stack.ActiveAsync(org, view.Entry.Id, false));
        Assert.That(Refused<Conflict, SeatedMember>(await Stack.AdminAsync(org, id, new MemberCommand.Restore())).Code, Is.EqualTo("managed_by_directory"));
        Ok(await Stack.AdminAsync(org, id, new MemberCommand.Suspend()));
        var restored = Ok(await Stack.AdminAsync(org, id, new MemberCommand.Restore()));
        Assert.That((restored.Member.State, restored.Member.SuspendedBy), Is.EqualTo((MemberState.Suspended, SuspensionCause.Directory)));
        Ok(await Stack.ActiveAsync(org, view.Entry.Id, true));
        Assert.That(await SitsAsync(org, id), Is.EqualTo("assigned:premium"));
    }

    [Test]
    public async Task SCIM_1_in_staged_modes_entries_are_stored_and_linked_and_members_stay([Values(ProvisioningMode.InviteOnly, ProvisioningMode.Jit)] ProvisioningMode mode)
    {
        var org = await Stack.OrganizationAsync(mode, (Standard, 10, 5));
        var member = await Stack.MemberAsync(org, $"ann@{org.Slug}.example");
        var nobody = Ok(await Stack.PushAsync(org, "nobody"));
        Assert.That(nobody.Member, Is.Null);
        var linked = Ok(await Stack.PushAsync(org, CoreStack.Content("ann-upn", email: $"ann@{org.Slug}.example")));
        Assert.That(linked.Member!.Member.Id, Is.EqualTo(member.Member.Id));
        Ok(await Stack.ActiveAsync(org, linked.Entry.Id, false));
        Assert.That((await Stack.FindAsync(org, member.Member.Id)).Member, Is.EqualTo(member.Member), "neither name nor state follows");
        Ok(await Stack.DeleteAsync(org, linked.Entry.Id));
        Assert.That(await SitsAsync(org, member.Member.Id), Is.EqualTo("assigned:standard"));
        Assert.That((await Stack.PoolAsync(org, Standard)).Assigned, Is.EqualTo(1));
    }

    [Test]
    public async Task SCIM_1_after_a_switch_of_mode_the_next_push_brings_the_staged_person_in()
    {
        var org = await Stack.OrganizationAsync(ProvisioningMode.InviteOnly, (Standard, 10, 5));
        var staged = Ok(await Stack.PushAsync(org, "a"));
        org = await Stack.ChangeAsync(org, before => before with { Mode = ProvisioningMode.Scim });
        var view = Ok(await Stack.PatchAsync(org, staged.Entry.Id, ("title", "x")));
        Assert.That(Sits(view.Member!.Seat), Is.EqualTo("assigned:standard"));
    }

    [Test]
    public async Task SCIM_2_a_pushed_person_is_an_active_user_with_a_seat_and_need_not_sign_in()
    {
        var org = await Stack.ScimAsync();
        var member = Ok(await Stack.PushAsync(org, CoreStack.Content("ann", email: "Ann@Somewhere.example"))).Member!;
        Assert.That((member.Member.Role, member.Member.State, member.Member.MatchEmail, Sits(member.Seat)),
            Is.EqualTo((Role.User, MemberState.Active, "ann@somewhere.example", "assigned:premium")));
        var inactive = Ok(await Stack.PushAsync(org, CoreStack.Content("off", active: false))).Member!;
        Assert.That((inactive.Member.State, inactive.Member.SuspendedBy, Sits(inactive.Seat)),
            Is.EqualTo((MemberState.Suspended, SuspensionCause.Directory, "none")));
    }

    [Test]
    public async Task SCIM_3_only_the_userName_of_an_active_entry_conflicts()
    {
        var org = await Stack.ScimAsync();
        var first = Ok(await Stack.PushAsync(org, CoreStack.Content("Ann", "x1", email: "a@b.example")));
        Refused<NotUnique, EntryView>(await Stack.PushAsync(org, "aNN"));
        Ok(await Stack.PushAsync(org, CoreStack.Content("other", "x1", email: "a@b.example")));
        Refused<NotUnique, EntryView>(await Stack.PatchAsync(org, first.Entry.Id, ("userName", "OTHER")));
        Ok(await Stack.PatchAsync(org, first.Entry.Id, ("userName", "ANN")));
    }

    [Test]
    public async Task SCIM_3_an_active_post_restores_the_inactive_entry_of_that_name_and_an_inactive_one_conflicts()
    {
        var org = await Stack.ScimAsync();
        var first = Ok(await Stack.PushAsync(org, CoreStack.Content("ann", displayName: "old")));
        Ok(await Stack.ActiveAsync(org, first.Entry.Id, false));
        Refused<NotUnique, EntryView>(await Stack.PushAsync(org, CoreStack.Content("ann", active: false)));
        var restored = Ok(await Stack.PushAsync(org, CoreStack.Content("Ann", displayName: "new")));
        Assert.That((restored.Entry.Id, restored.Entry.UserName, restored.Member!.Member.Id, Sits(restored.Member.Seat), (string?)restored.Entry.Attributes["displayName"]),
            Is.EqualTo((first.Entry.Id, "Ann", first.Member!.Member.Id, "assigned:premium", "new")));
    }

    [Test]
    public async Task SCIM_3_a_member_without_entry_is_adopted_by_userName_then_by_address()
    {
        var org = await Stack.ScimAsync();
        var byName = await Stack.MemberAsync(org, $"ann@{org.Slug}.example", Role.Owner);
        var byMail = await Stack.MemberAsync(org, $"bob@{org.Slug}.example");
        Assert.That(Ok(await Stack.PushAsync(org, $"ANN@{org.Slug}.example")).Member!.Member.Id, Is.EqualTo(byName.Member.Id));
        var adopted = Ok(await Stack.PushAsync(org, CoreStack.Content("bob", email: $"Bob@{org.Slug.ToUpperInvariant()}.example")));
        Assert.That(adopted.Member!.Member.Id, Is.EqualTo(byMail.Member.Id));
        Assert.That(await Stack.AuditAsync(org, byMail.Member.Id.ToString()), Does.Contain("member.linked"));
        Assert.That((await Stack.PoolAsync(org, Premium)).Assigned, Is.EqualTo(2), "no second seat");
    }

    [Test]
    public async Task SCIM_3_an_address_adopts_nobody_when_it_is_an_admins_outside_the_domains_or_shared_by_two()
    {
        var org = await Stack.ScimAsync();
        var admin = await Stack.MemberAsync(org, $"admin@{org.Slug}.example", Role.Admin);
        var outside = await Stack.MemberAsync(org, "guest@elsewhere.example");
        await Stack.MemberAsync(org, $"shared@{org.Slug}.example");
        var two = await Stack.MemberAsync(org, $"x@{org.Slug}.example");
        await Stack.UnitAsync<int>(async scope =>
        {
            await Stack.Members.UpdateAsync(scope.Session, two.Member with { MatchEmail = $"shared@{org.Slug}.example" });
            return 1;
        });
        foreach (var (name, email) in new[] { ("p1", admin.Member.MatchEmail), ("p2", outside.Member.MatchEmail), ("p3", $"shared@{org.Slug}.example") })
            Assert.That(Ok(await Stack.PushAsync(org, CoreStack.Content(name, email: email))).Member!.Member.UserName, Is.EqualTo(name), "a new member");
    }

    [Test]
    public async Task SCIM_5_with_reject_nothing_changes_but_the_refusals_journal()
    {
        var org = await Stack.ChangeAsync(await Stack.ScimAsync(standard: 1, premium: 0), before => before with { OnNoSeatScim = NoSeatPolicy.Reject });
        var seated = Ok(await Stack.PushAsync(org, "seated"));
        Refused<SeatDenied, EntryView>(await Stack.PushAsync(org, "refused"));
        Assert.That((await Stack.Users.ListAsync(org, new ResourceQuery(null, 1, 10, 10, ""), false, default)).Value.Total, Is.EqualTo(1));
        Assert.That(await Stack.AuditAsync(org), Does.Contain("seat.refused"));
        Ok(await Stack.ActiveAsync(org, seated.Entry.Id, false));
        Ok(await Stack.PushAsync(org, "other"));
        Refused<SeatDenied, EntryView>(await Stack.ActiveAsync(org, seated.Entry.Id, true));
        var still = (await Stack.ViewAsync(org, seated.Entry.Id))!;
        Assert.That((still.Entry.Active, still.Entry.Version, still.Member!.Member.State), Is.EqualTo((false, 2L, MemberState.Suspended)), "SCIM-9");
    }

    [Test]
    public async Task SCIM_8_active_false_suspends_frees_the_seat_and_keeps_groups_and_repeating_is_harmless()
    {
        var org = await Stack.ScimAsync();
        var view = Ok(await Stack.PushAsync(org, "a"));
        var group = Ok(await Stack.Groups.CreateAsync(org, CoreStack.Actor, new GroupContent("g", null, new() { ["displayName"] = "g" }),
            [new MemberRef(view.Entry.Id.ToString(), null, null, null)], default));
        var off = Ok(await Stack.ActiveAsync(org, view.Entry.Id, false));
        Assert.That((off.Member!.Member.State, Sits(off.Member.Seat), off.Groups.Count), Is.EqualTo((MemberState.Suspended, "none", 1)));
        var again = Ok(await Stack.ActiveAsync(org, view.Entry.Id, false));
        Assert.That((again.Entry.Version, again.Entry.LastModified), Is.EqualTo((off.Entry.Version, off.Entry.LastModified)));
        Assert.That((await Stack.Groups.FindAsync(org, group.Id, default))!.Version, Is.EqualTo(1), "SCIM-16");
        Ok(await Stack.DeleteAsync(org, view.Entry.Id));
        Assert.That((await Stack.Groups.FindAsync(org, group.Id, default))!.Version, Is.EqualTo(2), "its own row went");
    }

    [Test]
    public async Task SCIM_10_a_deleted_person_who_is_pushed_again_is_the_same_member_under_a_new_id()
    {
        var org = await Stack.ScimAsync();
        var first = Ok(await Stack.PushAsync(org, CoreStack.Content("ann", "x1", displayName: "old")));
        Ok(await Stack.DeleteAsync(org, first.Entry.Id));
        Assert.That(await Stack.ViewAsync(org, first.Entry.Id), Is.Null);
        Refused<NotFound, Done>(await Stack.DeleteAsync(org, first.Entry.Id));
        var second = Ok(await Stack.PushAsync(org, CoreStack.Content("anna", "x1")));
        Assert.That((second.Member!.Member.Id, second.Member.Member.State, second.Member.Member.Role, second.Entry.Version),
            Is.EqualTo((first.Member!.Member.Id, MemberState.Active, Role.User, 1L)));
        Assert.That(second.Entry.Id, Is.Not.EqualTo(first.Entry.Id));
        Assert.That(second.Entry.Attributes["displayName"], Is.Null, "nothing of the old representation returns");
        Assert.That(second.Entry.Created, Is.EqualTo(second.Entry.LastModified));
        for (var i = 0; i < 3; i++)
        {
            Ok(await Stack.DeleteAsync(org, second.Entry.Id));
            second = Ok(await Stack.PushAsync(org, "anna"));
            Assert.That(second.Member!.Member.Id, Is.EqualTo(first.Member.Member.Id), "by userName, however often");
        }
    }

    [Test]
    public async Task SCIM_10_an_address_alone_or_an_externalId_of_two_makes_a_new_member()
    {
        var org = await Stack.ScimAsync();
        var email = $"ann@{org.Slug}.example";
        var old = Ok(await Stack.PushAsync(org, CoreStack.Content("ann", email: email)));
        Ok(await Stack.DeleteAsync(org, old.Entry.Id));
        Assert.That(Ok(await Stack.PushAsync(org, CoreStack.Content("other", email: email))).Member!.Member.Id, Is.Not.EqualTo(old.Member!.Member.Id));

        var one = Ok(await Stack.PushAsync(org, CoreStack.Content("one", "same")));
        var two = Ok(await Stack.PushAsync(org, CoreStack.Content("two", "same")));
        Ok(await Stack.DeleteAsync(org, one.Entry.Id));
        Ok(await Stack.DeleteAsync(org, two.Entry.Id));
        Assert.That(Ok(await Stack.PushAsync(org, CoreStack.Content("three", "same"))).Member!.Member.Id,
            Is.Not.EqualTo(one.Member!.Member.Id).And.Not.EqualTo(two.Member!.Member.Id));
    }

    [Test]
    public async Task SCIM_10_a_new_userName_with_the_externalId_of_an_inactive_entry_is_the_same_member()
    {
        var org = await Stack.ScimAsync();
        var old = Ok(await Stack.PushAsync(org, CoreStack.Content("ann", "x1")));
        Ok(await Stack.ActiveAsync(org, old.Entry.Id, false));
        var renewed = Ok(await Stack.PushAsync(org, CoreStack.Content("ann.new", "x1")));
        Assert.That((renewed.Member!.Member.Id, renewed.Member.Member.UserName, Sits(renewed.Member.Seat)),
            Is.EqualTo((old.Member!.Member.Id, "ann.new", "assigned:premium")));
        var left = (await Stack.ViewAsync(org, old.Entry.Id))!;
        Assert.That((left.Member, left.Entry.Active), Is.EqualTo(((SeatedMember?)null, false)), "the old entry leads to nobody");
    }

    [Test]
    public async Task SCIM_11_entries_only_and_oldest_first()
    {
        var org = await Stack.ScimAsync();
        await Stack.MemberAsync(org, $"owner@{org.Slug}.example", Role.PrimaryOwner);
        var names = new[] { "c", "a", "b" };
        foreach (var name in names) Ok(await Stack.PushAsync(org, name));
        var page = (await Stack.Users.ListAsync(org, new ResourceQuery(null, 1, 10, 10, ""), false, default)).Value;
        Assert.That(page.Items.Select(view => view.Entry.UserName), Is.EqualTo(names));
    }

    [Test]
    public async Task SCIM_16_seat_and_member_changes_do_not_move_the_version_of_the_user()
    {
        var org = await Stack.ScimAsync(standard: 0, premium: 1);
        var a = Ok(await Stack.PushAsync(org, "a"));
        var b = Ok(await Stack.PushAsync(org, "b"));
        Ok(await Stack.AdminAsync(org, a.Member!.Member.Id, new MemberCommand.Suspend()));
        foreach (var view in new[] { a, b })
        {
            var now = (await Stack.ViewAsync(org, view.Entry.Id))!;
            Assert.That((now.Entry.Version, now.Entry.LastModified), Is.EqualTo((view.Entry.Version, view.Entry.LastModified)));
            Assert.That(Sits(now.Member!.Seat), Is.Not.EqualTo(Sits(view.Member!.Seat)));
        }
    }
}
