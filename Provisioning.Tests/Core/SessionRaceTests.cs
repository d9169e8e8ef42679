using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.SignIn;
using Provisioning.Core.Storage;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Core;

/// <summary>A session that begins on one node while another takes away what it rests on (design D7): it never outlives that.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class SessionRaceTests(string engine) : CoreTests(engine)
{
    private static readonly IfMatch Any = new((IReadOnlyList<long>?)null);

    [Test]
    public async Task D7_a_session_that_begins_while_its_connection_is_switched_off_never_outlives_it([Values] bool deleted)
    {
        var (org, connection, member) = await MakeAsync();
        var (inside, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        var paused = new ConnectionDirectory(Stack.Database, new ConnectionStore(), Stack.Organizations, new PausedSessions(inside, go.Task), Stack.Time);
        Task off = deleted ? paused.DisconnectAsync(org, CoreStack.Actor, connection.Id, Any, default)
            : paused.ChangeAsync(org, CoreStack.Actor, connection.Id, Any, new NewConnection("gateway", ConnectionKind.Gateway, true, null) { Enabled = false }, default);
        var refused = await StartMeanwhileAsync(org, connection, member, off, inside.Task, go);
        Assert.That(refused, Is.InstanceOf<Unprocessable>().With.Property("Code").EqualTo("connection_disabled"));
    }

    [Test]
    public async Task D7_a_session_that_begins_while_the_member_is_suspended_is_refused()
    {
        var (org, connection, member) = await MakeAsync();
        var (inside, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        var off = Stack.UnitAsync<Done>(async scope =>
        {
            await Stack.Engine.LockAsync(scope, org.Id);
            await Stack.Lifecycle.SuspendAsync(scope, org, (await Stack.Members.FindAsync(scope.Session, org.Id, member))!, SuspensionCause.Admin);
            inside.TrySetResult();
            await go.Task;
            return default(Done);
        }, org);
        Assert.That(await StartMeanwhileAsync(org, connection, member, off, inside.Task, go), Is.InstanceOf<Forbidden>());
    }

    private async Task<(Organization Org, Connection Connection, MemberId Member)> MakeAsync()
    {
        var org = await Stack.OrganizationAsync(ProvisioningMode.Jit, (Standard, 10, 3));
        return (org, await Stack.GatewayAsync(org), (await Stack.SignInAsync(org, "sub", $"ada@{org.Slug}.example", verified: true)).Member!.Value);
    }

    /// <summary>The other unit has ended the sessions it saw and has not committed: the start may neither pass it nor miss it.</summary>
    private async Task<Error?> StartMeanwhileAsync(Organization org, Connection connection, MemberId member, Task off, Task inside, TaskCompletionSource go)
    {
        await Task.WhenAny(inside, off);
        await using var other = Stack.Another();
        var sessions = new SessionDirectory(other.Database, new SessionStore(), other.Members, new ConnectionStore(), other.Organizations, Stack.Time);
        var assertion = new LoginAssertion(connection, "sub", null, null, null, [], null, null, null, null);
        var start = Task.Run(() => sessions.StartAsync(org, CoreStack.Actor, assertion, member, TimeSpan.FromHours(1), false, default));
        Assert.That(await Task.WhenAny(start, Task.Delay(150)), Is.Not.SameAs(start), "it waits");
        go.SetResult();
        await off;
        return (await start).Error;
    }

    private sealed class PausedSessions(TaskCompletionSource inside, Task go) : IConnectionSessions
    {
        public async Task EndAsync(ISession session, ConnectionId connection, DateTimeOffset now)
        {
            await ((IConnectionSessions)new SessionStore()).EndAsync(session, connection, now);
            inside.TrySetResult();
            await go;
        }
    }
}
