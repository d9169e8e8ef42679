using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Spend;
using Provisioning.Core.Storage;
using Provisioning.Tests.Engines;
using Provisioning.Tests.Spend;

namespace Provisioning.Tests.Core;

/// <summary>Commits that fail, or whose outcome nobody knows: the receipt decides, so nothing happens twice and no answer is lost.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class CommitFaultTests(string engine)
{
    private FaultyDialect dialect = null!;
    private CoreStack stack = null!;
    private Organization org = null!;

    [SetUp]
    public async Task StartAsync()
    {
        stack = await CoreStack.StartOnAsync(engine, inner => dialect = new FaultyDialect(inner));
        org = await stack.ScimAsync(standard: 3, premium: 2);
    }

    [TearDown]
    public async Task StopAsync()
    {
        if (stack is null) return; // ignored: no such engine here
        dialect.AtCommit = () => CommitFault.None;
        dialect.AtStatement = _ => null;
        dialect.AtOpen = () => false;
        try
        {
            await Books.CheckAsync(stack);
        }
        finally
        {
            await stack.DisposeAsync();
        }
    }

    [Test]
    public async Task A_commit_that_did_not_happen_is_repeated()
    {
        Once(CommitFault.Before);
        await PushedOnceAsync("a");
    }

    [Test]
    public async Task A_commit_that_happened_unseen_is_answered_from_its_receipt()
    {
        Once(CommitFault.Unknown);
        await PushedOnceAsync("a");
        Assert.That(await Books.CountAsync(stack, "SELECT COUNT(*) FROM receipts WHERE kind = 'user.create'"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_connection_cut_while_the_commit_is_under_way_happens_once()
    {
        if (engine != TestDatabase.PostgreSql) Assert.Ignore("Connections are cut by a statement of PostgreSQL.");
        for (var i = 0; i < 20; i++)
        {
            Once(CommitFault.During);
            Assert.That((await stack.PushAsync(org, $"u{i}")).IsOk, Is.True);
        }
        Assert.That(await Books.CountAsync(stack, "SELECT COUNT(*) FROM directory_entries"), Is.EqualTo(20));
        Assert.That(await Books.CountAsync(stack, "SELECT COUNT(*) FROM audit_records WHERE action = 'user.created'"), Is.EqualTo(20));
    }

    [Test]
    public async Task A_deletion_that_happened_unseen_is_still_a_deletion_and_not_a_404()
    {
        var view = (await stack.PushAsync(org, "a")).Value;
        Once(CommitFault.Unknown);
        Assert.That((await stack.DeleteAsync(org, view.Entry.Id)).IsOk, Is.True);
        Assert.That(await stack.ViewAsync(org, view.Entry.Id), Is.Null);
    }

    [Test]
    public async Task A_sign_in_that_happened_unseen_gives_the_same_answer()
    {
        org = await stack.ChangeAsync(org, before => before with { Mode = ProvisioningMode.ScimAndJit });
        await stack.GatewayAsync(org);
        Once(CommitFault.Unknown);
        var answer = await stack.SignInAsync(org, "sub", $"a@{org.Slug}.example");
        Assert.That((answer.Allowed, answer.Reason, answer.Tier), Is.EqualTo((true, "created", CoreStack.Premium)));
        Assert.That((await stack.PoolAsync(org, CoreStack.Premium)).Assigned, Is.EqualTo(1));
    }

    [Test]
    public async Task A_refusal_with_unknown_outcome_is_audited_once()
    {
        org = await stack.ChangeAsync(org, before => before with { OnNoSeatScim = NoSeatPolicy.Reject });
        for (var i = 0; i < 5; i++) await stack.PushAsync(org, $"u{i}");
        Once(CommitFault.Unknown);
        var refused = await stack.PushAsync(org, "one too many");
        Assert.That(refused.Error, Is.InstanceOf<SeatDenied>());
        Assert.That(((SeatDenied)refused.Error!).Tiers, Has.Count.EqualTo(2));
        Assert.That((await stack.AuditAsync(org)).Count(action => action == "seat.refused"), Is.EqualTo(1));
        Assert.That(await Books.CountAsync(stack, "SELECT COUNT(*) FROM directory_entries"), Is.EqualTo(5));
    }

    [Test]
    public async Task Every_unit_of_a_batch_is_resolved_alone([Values] bool happened)
    {
        await HoldWriterAsync(async () =>
        {
            Once(happened ? CommitFault.Unknown : CommitFault.Before, nth: 2); // the first is that of the unit in front
            return await Task.WhenAll(Enumerable.Range(0, 30).Select(i => stack.PushAsync(org, $"u{i}")));
        });
        Assert.That(await Books.CountAsync(stack, "SELECT COUNT(*) FROM directory_entries"), Is.EqualTo(30));
        Assert.That((await stack.AuditAsync(org)).Count(action => action == "user.created"), Is.EqualTo(30));
        Assert.That((await stack.PoolAsync(org, CoreStack.Premium)).Free + (await stack.PoolAsync(org, CoreStack.Standard)).Free, Is.Zero);
    }

    [Test]
    public async Task When_the_engine_rolls_a_batch_back_every_unit_runs_again_alone()
    {
        var left = 1;
        dialect.AtStatement = sql => sql.StartsWith("INSERT INTO directory_entries", StringComparison.Ordinal) && Interlocked.Decrement(ref left) == -5
            ? new DeadlockException() : null;
        await HoldWriterAsync(() => Task.WhenAll(Enumerable.Range(0, 30).Select(i => stack.PushAsync(org, $"u{i}"))));
        Assert.That(await Books.CountAsync(stack, "SELECT COUNT(*) FROM directory_entries"), Is.EqualTo(30));
    }

    [Test]
    public async Task Units_that_take_long_do_not_wait_for_those_behind_them()
    {
        dialect.AtStatement = sql =>
        {
            if (sql.StartsWith("INSERT INTO directory_entries", StringComparison.Ordinal)) Thread.Sleep(UnitBatch.Share);
            return null;
        };
        var before = dialect.Commits;
        await HoldWriterAsync(() => Task.WhenAll(Enumerable.Range(0, 4).Select(i => stack.PushAsync(org, $"u{i}"))));
        Assert.That(dialect.Commits - before, Is.GreaterThanOrEqualTo(4), "each long unit has a commit of its own");
    }

    [Test]
    public async Task USE_5_events_whose_answer_was_503_are_sent_again_and_counted_once()
    {
        var desk = new UsageDesk(stack);
        desk.Contracts.At("2026-03-01T09:00:00Z");
        var paying = await desk.OrganizationAsync(Provisioning.Core.Contracts.Funding.Prepaid);
        await desk.GrantAsync(paying, "100");
        var ada = await desk.MemberAsync(paying);
        var events = (UsageReport[])[UsageDesk.Report(ada, "e1", 1), UsageDesk.Report(ada, "e2", 2)];

        dialect.AtCommit = () => CommitFault.Unknown;
        Assert.That((await desk.Ingestion.RecordAsync(paying, CoreStack.Actor, events, null, default)).Error, Is.InstanceOf<StoreUnavailable>());
        dialect.AtCommit = () => CommitFault.None;
        var again = await desk.ReportAsync(paying, events);
        Assert.That(again.Select(item => item.Recorded?.IsDuplicate), Is.EqualTo((bool?[])[true, true]));
        Assert.That(await desk.CounterAsync(paying, new UsagePeriod(202603), CounterKind.Organisation), Is.EqualTo("3+0"));
        Assert.That(await desk.BalanceAsync(paying), Is.EqualTo(UsageDesk.Cost("97")));
        await desk.CheckAsync();
    }

    [Test]
    public async Task Nothing_is_answered_before_the_commit()
    {
        using var reached = new SemaphoreSlim(0);
        using var go = new ManualResetEventSlim();
        dialect.AtCommit = () =>
        {
            reached.Release();
            go.Wait();
            return CommitFault.None;
        };
        var push = Task.Run(() => stack.PushAsync(org, "a"));
        await reached.WaitAsync();
        await Task.Delay(50);
        Assert.That(push.IsCompleted, Is.False);
        Assert.That(await Books.CountAsync(stack, "SELECT COUNT(*) FROM directory_entries"), Is.Zero);
        dialect.AtCommit = () => CommitFault.None;
        go.Set();
        Assert.That((await push).IsOk, Is.True);
    }

    [Test]
    public async Task I_13_a_key_replayed_after_an_unknown_outcome_recalls_the_answer()
    {
        var key = Idempotency.Of("t", "k", "1"u8);
        var member = (await stack.PushAsync(org, "a")).Value.Member!.Member.Id;
        Once(CommitFault.Unknown);
        var swapped = (await stack.Administration.SwapAsync(org, CoreStack.Actor, new Authority(Role.Owner), [new(member, CoreStack.Standard)], key, default)).Value;
        var again = (await stack.Administration.SwapAsync(org, CoreStack.Actor, new Authority(Role.Owner), [new(member, CoreStack.Standard)], key, default)).Value;
        Assert.That(again, Is.EqualTo(swapped));
        Assert.That((await stack.AuditAsync(org)).Count(action => action == "seat.reassigned"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_database_out_of_reach_is_store_unavailable_after_the_deadline_and_works_again_after()
    {
        dialect.AtCommit = () => CommitFault.Before;
        dialect.AtOpen = () => true;
        var refused = await stack.PushAsync(org, "a");
        Assert.That(refused.Error, Is.InstanceOf<StoreUnavailable>());
        dialect.AtCommit = () => CommitFault.None;
        dialect.AtOpen = () => false;
        Assert.That((await stack.PushAsync(org, "a")).IsOk, Is.True);
    }

    [Test]
    public async Task Under_random_faults_no_effect_is_doubled_and_no_answer_lost([Values(1, 2, 3, 4)] int seed)
    {
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var gate = new Lock();
        int Next(int below)
        {
            lock (gate) return random.Next(below);
        }
        dialect.AtCommit = () => Next(10) switch { 0 => CommitFault.Before, 1 => CommitFault.Unknown, _ => CommitFault.None };
        dialect.AtStatement = sql => Next(600) switch { 0 => new ConnectionLostException(), 1 => new DeadlockException(), _ => null };
        var pushed = await Task.WhenAll(Enumerable.Range(0, 120).Select(i => stack.PushAsync(org, $"u{i}")));
        Assert.That(pushed.Count(view => !view.IsOk), Is.Zero, "answers");
        Assert.That(pushed.Select(view => view.Value.Entry.Id).Distinct().Count(), Is.EqualTo(120));
        var deleted = await Task.WhenAll(pushed.Take(60).Select(view => stack.DeleteAsync(org, view.Value.Entry.Id)));
        Assert.That(deleted.Count(done => !done.IsOk), Is.Zero, "deletions");
        Assert.That(await Books.CountAsync(stack, "SELECT COUNT(*) FROM directory_entries WHERE deleted_at IS NULL"), Is.EqualTo(60));
        Assert.That(await Books.CountAsync(stack, "SELECT COUNT(*) FROM audit_records WHERE action = 'user.created'"), Is.EqualTo(120));
        Assert.That(await Books.CountAsync(stack, "SELECT COUNT(*) FROM audit_records WHERE action = 'user.deleted'"), Is.EqualTo(60));
    }

    private void Once(CommitFault fault, int nth = 1)
    {
        var left = nth;
        dialect.AtCommit = () => Interlocked.Decrement(ref left) == 0 ? fault : CommitFault.None;
    }

    /// <summary>Keeps the writer busy until the units are queued, so that they share a transaction.</summary>
    private async Task HoldWriterAsync(Func<Task<Outcome<EntryView>[]>> units)
    {
        using var go = new ManualResetEventSlim();
        var holding = stack.UnitAsync<int>(_ =>
        {
            go.Wait();
            return Task.FromResult<Outcome<int>>(1);
        }, org);
        await Task.Delay(30);
        var all = units();
        await Task.Delay(100);
        go.Set();
        await holding;
        foreach (var unit in await all) Assert.That(unit.IsOk, Is.True, unit.Error?.ToString());
    }

    private async Task PushedOnceAsync(string userName)
    {
        var view = (await stack.PushAsync(org, userName)).Value;
        Assert.That(view.Member!.Seat.Tier, Is.EqualTo(CoreStack.Premium));
        Assert.That(await stack.ViewAsync(org, view.Entry.Id), Is.Not.Null);
        Assert.That((await stack.PoolAsync(org, CoreStack.Premium)).Assigned, Is.EqualTo(1));
        Assert.That((await stack.AuditAsync(org)).Count(action => action == "user.created"), Is.EqualTo(1));
    }
}
