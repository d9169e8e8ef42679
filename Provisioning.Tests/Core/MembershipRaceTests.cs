using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Organizations;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Core;

/// <summary>
/// A group gets members on one node while they are deleted on another: no row may lead to somebody who is gone. Which of the two comes
/// first is chance here, and the window is small; the test that holds it open, and fails without the lock, is in <see cref="LockOrderTests"/>.
/// </summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class MembershipRaceTests(string engine)
{
    private const int Rounds = 40;

    private CoreStack one = null!;
    private CoreStack two = null!;
    private Organization org = null!;

    [SetUp]
    public async Task StartAsync()
    {
        one = await CoreStack.StartOnAsync(engine);
        two = one.Another();
        org = await one.ScimAsync(standard: Rounds, premium: Rounds);
    }

    [TearDown]
    public async Task StopAsync()
    {
        if (one is null) return; // ignored: no such engine here
        try
        {
            await Books.CheckAsync(one);
        }
        finally
        {
            await two.DisposeAsync();
            await one.DisposeAsync();
        }
    }

    [Test]
    public async Task A_user_added_here_and_deleted_there_leaves_no_membership()
    {
        var group = await GroupAsync("Everybody");
        for (var i = 0; i < Rounds; i++)
        {
            var user = (await one.PushAsync(org, $"u{i}")).Value.Entry.Id;
            var added = AddAsync(one, group.Id, user);
            var deleted = two.DeleteAsync(org, user);
            Assert.That((await added).IsOk && (await deleted).IsOk, Is.True, $"round {i}");
        }
        Assert.That(await Books.CountAsync(one, "SELECT COUNT(*) FROM group_members"), Is.Zero);
    }

    [Test]
    public async Task A_group_added_here_and_deleted_there_leaves_no_membership()
    {
        var group = await GroupAsync("Outer");
        for (var i = 0; i < Rounds; i++)
        {
            var inner = (await GroupAsync($"Inner {i}")).Id;
            var added = AddAsync(one, group.Id, inner);
            var deleted = two.Groups.DeleteAsync(org, CoreStack.Actor, inner, null, default);
            Assert.That((await added).IsOk && (await deleted).IsOk, Is.True, $"round {i}");
        }
        Assert.That(await Books.CountAsync(one, "SELECT COUNT(*) FROM group_members"), Is.Zero);
    }

    [Test]
    public async Task A_group_deleted_there_while_it_gets_members_here_is_gone_with_its_rows()
    {
        var user = (await one.PushAsync(org, "ada")).Value.Entry.Id;
        for (var i = 0; i < Rounds; i++)
        {
            var group = (await GroupAsync($"Group {i}")).Id;
            var added = AddAsync(one, group, user);
            var deleted = two.Groups.DeleteAsync(org, CoreStack.Actor, group, null, default);
            Assert.That((await deleted).IsOk, Is.True, (await deleted).Error?.ToString());
            var answer = await added;
            Assert.That(answer.IsOk || answer.Error is NotFound, Is.True, answer.Error?.ToString());
        }
        Assert.That(await Books.CountAsync(one, "SELECT COUNT(*) FROM group_members"), Is.Zero);
    }

    private async Task<Group> GroupAsync(string name) => (await one.Groups.CreateAsync(
        org, CoreStack.Actor, GroupContent.Of(new System.Text.Json.Nodes.JsonObject { ["displayName"] = name }), [], default)).Value;

    private Task<Outcome<Group>> AddAsync(CoreStack node, ResourceId group, ResourceId member) => node.Groups.ChangeAsync(
        org, CoreStack.Actor, group, null, new GroupChange(null, [new AddMembers([new MemberRef(member.ToString(), null, null, null)])], 1000), default);
}
