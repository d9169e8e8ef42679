using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Organizations;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Core;

/// <summary>Owners and admins at the directory's hands (SCIM-11, ROLE-3), and people who are renamed, doubled and joined (SCIM-3, SCIM-15).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class ProtectedMemberTests(string engine) : CoreTests(engine)
{
    [Test]
    public async Task SCIM_11_the_primary_owners_entry_changes_as_asked_and_the_member_stays([Values("deactivate", "delete")] string how)
    {
        var org = await Stack.ScimAsync();
        var owner = await Stack.MemberAsync(org, "owner", Role.PrimaryOwner);
        await Stack.MemberAsync(org, "second", Role.Owner);
        var entry = Ok(await Stack.PushAsync(org, "owner")).Entry.Id;
        if (how == "delete") Ok(await Stack.DeleteAsync(org, entry));
        else Assert.That(Ok(await Stack.ActiveAsync(org, entry, false)).Entry.Active, Is.False);
        var member = await Stack.FindAsync(org, owner.Member.Id);
        Assert.That((member.Member.State, member.Member.Role, Sits(member.Seat)), Is.EqualTo((MemberState.Active, Role.PrimaryOwner, "assigned:premium")));
        Assert.That(await Stack.AuditAsync(org, owner.Member.Id.ToString()), Does.Contain("ignored_primary_owner"));
        if (how != "delete") return;
        Assert.That(await Stack.ViewAsync(org, entry), Is.Null);
        Assert.That(Ok(await Stack.PushAsync(org, "owner")).Member!.Member.Id, Is.EqualTo(owner.Member.Id), "pushed again, linked again");
    }

    [Test]
    public async Task SCIM_11_owners_and_admins_are_not_exempt_but_the_last_one_is()
    {
        var org = await Stack.ScimAsync();
        var one = await Stack.MemberAsync(org, "one", Role.Owner);
        var two = await Stack.MemberAsync(org, "two", Role.Admin);
        var entryOne = Ok(await Stack.PushAsync(org, "one")).Entry.Id;
        var entryTwo = Ok(await Stack.PushAsync(org, "two")).Entry.Id;
        Ok(await Stack.ActiveAsync(org, entryOne, false));
        Assert.That((await Stack.FindAsync(org, one.Member.Id)).Member.State, Is.EqualTo(MemberState.Suspended));
        Ok(await Stack.DeleteAsync(org, entryTwo));
        Assert.That((await Stack.FindAsync(org, two.Member.Id)).Member.State, Is.EqualTo(MemberState.Active), "the last who can administer");
        Ok(await Stack.ActiveAsync(org, entryOne, true));
        Assert.That((await Stack.FindAsync(org, one.Member.Id)).Member.Role, Is.EqualTo(Role.Owner), "a suspension takes no role");
    }

    [Test]
    public async Task ROLE_3_nobody_suspends_or_removes_the_primary_owner_or_the_last_administrator()
    {
        var org = await Stack.ScimAsync();
        var owner = await Stack.MemberAsync(org, "owner", Role.PrimaryOwner);
        var admin = await Stack.MemberAsync(org, "admin", Role.Admin);
        Refused<Conflict, SeatedMember>(await Stack.AdminAsync(org, owner.Member.Id, new MemberCommand.Suspend()));
        Refused<Conflict, Done>(await Stack.RemoveAsync(org, owner.Member.Id));
        Ok(await Stack.RemoveAsync(org, admin.Member.Id));
        var other = await Stack.ScimAsync();
        var last = await Stack.MemberAsync(other, "admin", Role.Admin);
        Refused<Conflict, SeatedMember>(await Stack.AdminAsync(other, last.Member.Id, new MemberCommand.Suspend()));
    }

    [Test]
    public async Task ROLE_2_only_owners_change_owners_and_admins_and_ROLE_5_another_organisations_member_is_not_found()
    {
        var org = await Stack.ScimAsync();
        var admin = await Stack.MemberAsync(org, "admin", Role.Admin);
        var any = new IfMatch((IReadOnlyList<long>?)null);
        Refused<Forbidden, SeatedMember>(await Stack.Administration.ChangeAsync(
            org, CoreStack.Actor, new Authority(Role.Admin), admin.Member.Id, any, new MemberCommand.Unassign(), default));
        Ok(await Stack.Administration.ChangeAsync(org, CoreStack.Actor, new Authority(Role.Owner), admin.Member.Id, any, new MemberCommand.Unassign(), default));
        Refused<NotFound, SeatedMember>(await Stack.AdminAsync(await Stack.ScimAsync(), admin.Member.Id, new MemberCommand.Suspend()));
        Refused<VersionConflict, SeatedMember>(await Stack.Administration.ChangeAsync(
            org, CoreStack.Actor, new Authority(Role.Owner), admin.Member.Id, new IfMatch([999]), new MemberCommand.Suspend(), default));
    }

    [Test]
    public async Task Who_was_removed_comes_back_as_user()
    {
        var org = await Stack.ScimAsync();
        await Stack.MemberAsync(org, "owner", Role.PrimaryOwner);
        var admin = await Stack.MemberAsync(org, "admin", Role.Admin);
        var entry = Ok(await Stack.PushAsync(org, "admin")).Entry.Id;
        Ok(await Stack.DeleteAsync(org, entry));
        var back = Ok(await Stack.PushAsync(org, "admin")).Member!;
        Assert.That((back.Member.Id, back.Member.Role), Is.EqualTo((admin.Member.Id, Role.User)));
    }

    [Test]
    public async Task SCIM_15_entras_soft_delete_renames_and_keeps_the_match_address_and_the_rename_back_restores()
    {
        var org = await Stack.ScimAsync();
        var name = $"ann@{org.Slug}.example";
        var view = Ok(await Stack.PushAsync(org, name));
        var soft = "0123456789abcdef0123456789abcdef" + name;
        var gone = Ok(await Stack.PatchAsync(org, view.Entry.Id, ("userName", soft), ("active", false)));
        Assert.That((gone.Member!.Member.State, gone.Member.Member.UserName, gone.Member.Member.MatchEmail), Is.EqualTo((MemberState.Suspended, soft, name)));
        var back = Ok(await Stack.PatchAsync(org, view.Entry.Id, ("userName", name), ("active", true)));
        Assert.That((back.Member!.Member.Id, back.Member.Member.UserName, Sits(back.Member.Seat)), Is.EqualTo((view.Member!.Member.Id, name, "assigned:premium")));
    }

    [Test]
    public async Task SCIM_3_renaming_back_joins_the_entry_to_the_member_who_came_meanwhile_under_the_old_name()
    {
        var org = await Stack.ScimAsync();
        var name = $"ann@{org.Slug}.example";
        var view = Ok(await Stack.PushAsync(org, name));
        Ok(await Stack.PatchAsync(org, view.Entry.Id, ("userName", "0123456789abcdef0123456789abcdef" + name), ("active", false)));
        var meanwhile = await Stack.MemberAsync(org, name, source: MemberSource.Jit);
        var joined = Ok(await Stack.PatchAsync(org, view.Entry.Id, ("userName", name), ("active", true)));
        Assert.That((joined.Entry.Id, joined.Member!.Member.Id, Sits(joined.Member.Seat)), Is.EqualTo((view.Entry.Id, meanwhile.Member.Id, "assigned:premium")));
        Assert.That((await Stack.FindAsync(org, view.Member!.Member.Id)).Member.State, Is.EqualTo(MemberState.Removed));
        Assert.That((await Stack.PoolAsync(org, Premium)).Assigned, Is.EqualTo(1));
    }

    [Test]
    public async Task SCIM_3_two_living_members_are_never_joined_by_a_rename()
    {
        var org = await Stack.ScimAsync();
        var ann = Ok(await Stack.PushAsync(org, "ann"));
        await Stack.MemberAsync(org, "bob", source: MemberSource.Jit);
        Refused<NotUnique, EntryView>(await Stack.PatchAsync(org, ann.Entry.Id, ("userName", "bob")));
    }

    [Test]
    public async Task SCIM_1_a_rename_while_staged_touches_no_member()
    {
        var org = await Stack.OrganizationAsync(ProvisioningMode.Jit, (Standard, 10, 5));
        var ann = await Stack.MemberAsync(org, "ann", seated: false);
        var bob = await Stack.MemberAsync(org, "bob");
        var entry = Ok(await Stack.PushAsync(org, "ann")).Entry.Id;
        Ok(await Stack.PatchAsync(org, entry, ("userName", "bob")));
        Assert.That((await Stack.FindAsync(org, ann.Member.Id)).Member, Is.EqualTo(ann.Member));
        Assert.That((await Stack.FindAsync(org, bob.Member.Id)).Member, Is.EqualTo(bob.Member));
    }

    [Test]
    public async Task I_2_a_name_still_held_by_a_member_with_another_entry_is_uniqueness_and_not_an_outage()
    {
        var org = await Stack.OrganizationAsync(ProvisioningMode.Jit, (Standard, 10, 5));
        await Stack.MemberAsync(org, "ann");
        var entry = Ok(await Stack.PushAsync(org, "ann")).Entry.Id;
        Ok(await Stack.PatchAsync(org, entry, ("userName", "anna")));
        org = await Stack.ChangeAsync(org, before => before with { Mode = ProvisioningMode.Scim });
        Refused<NotUnique, EntryView>(await Stack.PushAsync(org, "ann"));
    }

    [Test]
    public async Task I_2_a_name_taken_while_staged_is_uniqueness_when_the_member_would_follow()
    {
        var org = await Stack.OrganizationAsync(ProvisioningMode.Jit, (Standard, 10, 5));
        await Stack.MemberAsync(org, "ann");
        var entry = Ok(await Stack.PushAsync(org, "ann")).Entry.Id;
        Ok(await Stack.PatchAsync(org, entry, ("userName", "bob")));
        await Stack.MemberAsync(org, "bob");
        org = await Stack.ChangeAsync(org, before => before with { Mode = ProvisioningMode.Scim });
        Refused<NotUnique, EntryView>(await Stack.PatchAsync(org, entry, ("title", "x")));
    }

    [Test]
    public async Task I_2_reactivating_the_entry_of_a_removed_member_joins_the_member_who_has_the_name_now()
    {
        var org = await Stack.OrganizationAsync(ProvisioningMode.ScimAndJit, (Standard, 10, 5));
        var first = Ok(await Stack.PushAsync(org, "ann"));
        Ok(await Stack.RemoveAsync(org, first.Member!.Member.Id));
        var meanwhile = await Stack.MemberAsync(org, "ann", source: MemberSource.Jit);
        Ok(await Stack.ActiveAsync(org, first.Entry.Id, false));
        var joined = Ok(await Stack.ActiveAsync(org, first.Entry.Id, true));
        Assert.That((joined.Member!.Member.Id, Sits(joined.Member.Seat)), Is.EqualTo((meanwhile.Member.Id, "assigned:standard")));
    }
}
