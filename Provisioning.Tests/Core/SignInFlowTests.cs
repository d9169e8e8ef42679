using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Organizations;
using Provisioning.Core.SignIn;
using Provisioning.Core.Storage;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Core;

/// <summary>What a stranger's sign-in leaves in the database: little, and not for long.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class SignInFlowTests(string engine)
{
    private FaultyDialect dialect = null!;
    private CoreStack stack = null!;

    [SetUp]
    public async Task StartAsync() => stack = await CoreStack.StartOnAsync(engine, inner => dialect = new FaultyDialect(inner));

    [TearDown]
    public async Task StopAsync()
    {
        if (stack is not null) await stack.DisposeAsync();
    }

    [Test]
    public async Task Beginning_a_sign_in_keeps_no_receipt_and_happens_once_when_its_commit_was_not_seen()
    {
        var connection = await stack.GatewayAsync(await stack.OrganizationAsync(ProvisioningMode.Jit, ("standard", 10, 1)));
        var flows = new SignInFlows(stack.Database, new FlowStore(), stack.Time);
        var fault = CommitFault.Unknown;
        dialect.AtCommit = () => Interlocked.Exchange(ref fault, CommitFault.None);
        var begun = (await flows.BeginAsync(connection, CoreStack.Actor, SignInSecret.New(), null, default)).Value;
        Assert.That(fault, Is.EqualTo(CommitFault.None), "the commit failed once");
        Assert.That(await flows.FindAsync(SignInSecret.Hash(begun.State), default), Is.Not.Null);
        Assert.That(await Books.CountAsync(stack, "SELECT COUNT(*) FROM sign_in_flows"), Is.EqualTo(1));
        Assert.That(await Books.CountAsync(stack, "SELECT COUNT(*) FROM receipts WHERE kind = 'sign_in.begin'"), Is.Zero);
    }

    [Test]
    public async Task Sign_ins_that_nobody_finished_are_swept_away_a_few_hundred_a_unit()
    {
        var connection = await stack.GatewayAsync(await stack.OrganizationAsync(ProvisioningMode.Jit, ("standard", 10, 1)));
        var (flows, sessions) = (new SignInFlows(stack.Database, new FlowStore(), stack.Time), new SessionStore());
        for (var at = 0; at < 5; at++) await flows.BeginAsync(connection, CoreStack.Actor, SignInSecret.New(), null, default);
        stack.Time.Advance(SignInFlows.Life + TimeSpan.FromSeconds(1));
        await flows.BeginAsync(connection, CoreStack.Actor, SignInSecret.New(), null, default);
        Task<Outcome<int>> SweepAsync() => stack.UnitAsync<int>(async scope => await sessions.DeleteOldAsync(scope.Session, scope.Now, scope.Now, 3));
        Assert.That(((await SweepAsync()).Value, (await SweepAsync()).Value, (await SweepAsync()).Value), Is.EqualTo((3, 2, 0)));
        Assert.That(await Books.CountAsync(stack, "SELECT COUNT(*) FROM sign_in_flows"), Is.EqualTo(1), "the one under way stays");
    }
}
