using System.Collections.Concurrent;
using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Core;

/// <summary>Numbers and links are given after the commit, once, and in an order that never changes for who has read it (domain.md 10 and 11).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class SealerTests(string engine)
{
    private CoreStack stack = null!;
    private Organization org = null!;

    [SetUp]
    public async Task StartAsync()
    {
        stack = await CoreStack.StartOnAsync(engine);
        org = await stack.ScimAsync(standard: 50, premium: 50);
    }

    [TearDown]
    public async Task StopAsync()
    {
        if (stack is not null) await stack.DisposeAsync();
    }

    [Test]
    public async Task Audit_records_get_consecutive_numbers_and_a_chain_that_verifies()
    {
        var journal = new JournalRows(stack);
        for (var i = 0; i < 150; i++) await stack.PushAsync(org, $"user{i}@{org.Slug}.example");
        var count = await journal.SealAsync(org);
        Assert.That(count, Is.GreaterThan(Sealer.Batch), "more than one batch");
        var records = await journal.SealedAsync(org);
        Assert.That(records.Select(record => record.Sequence), Is.EqualTo(Enumerable.Range(1, count).Select(number => (long)number)));
        var report = await journal.VerifyAsync(org);
        Assert.That(report, Is.EqualTo(new ChainReport(count, 0, 0, report.Last, null)));
        Assert.That(report.Last!.Sequence, Is.EqualTo(count));
        Assert.That(await journal.SealAsync(org), Is.Zero, "a second time there is nothing to do");
    }

    [Test]
    public async Task A_record_committed_late_gets_a_later_number_than_what_was_read_before()
    {
        var journal = new JournalRows(stack);
        await stack.PushAsync(org, "early@x.example");
        var old = new Guid("01000000-0000-7000-8000-000000000000"); // made long before all others
        if (stack.Plain.HasOneWriter)
        {
            await journal.SealAsync(org);
            await journal.ExecuteAsync(Insert, [.. Late(old)]);
        }
        else
        {
            await using var connection = await stack.OpenAsync();
            await using var slow = await connection.BeginTransactionAsync();
            await JournalRows.ExecuteAsync(connection, slow, Insert, [.. Late(old)]);
            await journal.SealAsync(org); // the slow transaction is open
            Assert.That((await journal.SealedAsync(org)).Select(record => record.Record.Id), Has.None.EqualTo(old));
            await slow.CommitAsync();
        }
        var before = await journal.SealedAsync(org);
        Assert.That(await journal.SealAsync(org), Is.EqualTo(1), "it is not skipped");
        var after = await journal.SealedAsync(org);
        Assert.That(after[^1].Record.Id, Is.EqualTo(old));
        Assert.That(after.SkipLast(1).Select(record => (record.Sequence, record.Record.Id)), Is.EqualTo(before.Select(record => (record.Sequence, record.Record.Id))));
        Assert.That((await journal.VerifyAsync(org)).Problem, Is.Null);
    }

    [Test]
    [CancelAfter(60_000)]
    public async Task Events_of_parallel_writers_reach_a_consumer_once_each_in_order_while_two_sealers_compete(CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var (seen, two) = (new Seen(), stack.Another());
        var sealers = new[] { new JournalRows(stack, seen), new JournalRows(two, seen) }.Select(journal => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
                if (await journal.Sealer.SealAsync(org.Id, CoreStack.Actor, null, default) == 0) await Task.Delay(1, CancellationToken.None);
        }, CancellationToken.None)).ToList();
        await Parallel.ForAsync(0, 120, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellation }, async (i, _) =>
            Assert.That((await (i % 2 == 0 ? stack : two).PushAsync(org, $"user{i}@x.example")).IsOk, Is.True));
        await stop.CancelAsync();
        await Task.WhenAll(sealers);
        var journal = new JournalRows(stack, seen);
        await journal.SealAsync(org);
        // A unit may run again, so a consumer may have been asked for a batch that then was not committed: what counts is in the database.
        var events = await Books.CountAsync(stack, "SELECT COUNT(*) FROM outbox");
        Assert.That(await Books.CountAsync(stack, "SELECT COUNT(*) FROM outbox WHERE sequence IS NULL"), Is.Zero);
        Assert.That(await Books.CountAsync(stack, "SELECT MAX(sequence) FROM outbox"), Is.EqualTo(events), "no gap and no number twice");
        Assert.That(seen.Numbers, Is.SupersetOf(Enumerable.Range(1, (int)events).Select(number => (long)number)));
        Assert.That((await journal.VerifyAsync(org)).Problem, Is.Null);
        await two.DisposeAsync();
    }

    [Test]
    public async Task TIME_3_a_sealer_that_lost_its_lease_seals_nothing()
    {
        var leases = new Leases(stack.Database, new Provisioning.Core.Storage.LeaseStore(), stack.Time, TimeSpan.FromSeconds(15));
        var journal = new JournalRows(stack);
        var old = (await leases.HoldAsync("journal_seal", null, default))!;
        stack.Time.Advance(TimeSpan.FromMinutes(1));
        await new Leases(stack.Database, new Provisioning.Core.Storage.LeaseStore(), stack.Time, TimeSpan.FromSeconds(15)).HoldAsync("journal_seal", null, default);
        Assert.That(async () => await journal.Sealer.SealAsync(org.Id, CoreStack.Actor, old, default), Throws.InstanceOf<LeaseLostException>());
        Assert.That(await journal.SealedAsync(org), Is.Empty);
    }

    private const string Insert =
        """
        INSERT INTO audit_records (id, organization_id, at, actor_kind, actor_id, channel, action, target_kind, target_id, reason, correlation_id)
        VALUES (@p0, @p1, 1, 'job', 'slow', 'job', 'member.late', 'member', 'mem', NULL, 'c')
        """;

    private IEnumerable<object?> Late(Guid id) => [JournalRows.Bytes(id), Ids.ToBytes(org.Id)];

    private sealed class Seen : ISealedEvents
    {
        private readonly ConcurrentDictionary<long, byte> numbers = new();

        public IEnumerable<long> Numbers => numbers.Keys;

        public Task TakeAsync(UnitScope scope, OrganizationId organization, IReadOnlyList<SealedEvent> events)
        {
            Assert.That(events.Select(item => item.Sequence), Is.Ordered);
            foreach (var item in events) numbers.TryAdd(item.Sequence, 0);
            return Task.CompletedTask;
        }
    }
}
