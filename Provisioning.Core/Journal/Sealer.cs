using Provisioning.Core.Common;

namespace Provisioning.Core.Journal;

/// <summary>
/// Gives audit records and events their number, and records their link in the hash chain, after the commit (domain.md sections 10 and
/// 11). A counter inside every unit would make all writes of an organisation wait for each other. What has no number is looked for,
/// not what is newer than the last one: a transaction that commits late gets the next number, and nothing is skipped.
/// </summary>
public sealed class Sealer(IDatabase database, IJournalStore store, IEnumerable<ISealedEvents> consumers, TimeProvider time)
{
    /// <summary>Records per unit.</summary>
    public const int Batch = 200;

    public Task<OrganizationId?> NextAsync(OrganizationId? after, CancellationToken cancel) =>
        database.ReadAsync(session => store.NextUnsealedAsync(session, after), cancel);

    /// <summary>Seals the oldest records of an organisation; answers how many.</summary>
    public async Task<int> SealAsync(OrganizationId organization, Actor actor, Lease? lease, CancellationToken cancel)
    {
        var seal = await database.WriteAsync(new WriteUnit<int>(Ids.New<UnitId>(time), "journal.seal", actor, Instants.Now(time), async scope =>
        {
            var before = await store.HeadAsync(scope.Session, organization);
            var head = before ?? new JournalHead(0, AuditChain.Start(organization), 0);
            var records = await store.UnsealedAsync(scope.Session, organization, Batch);
            if (records.Count == 0) return 0;
            var (seals, events) = (new List<Seal>(records.Count), new List<SealedEvent>());
            foreach (var (record, detail, data) in records)
            {
                var digest = detail is null ? null : AuditChain.Digest(detail);
                var sequence = head.AuditSequence + 1;
                head = new JournalHead(sequence, AuditChain.Next(head.Chain, sequence, record, digest), head.EventSequence + (data is null ? 0 : 1));
                seals.Add(new Seal(record.Id, sequence, head.Chain, digest, data is null ? null : head.EventSequence));
                if (data is not null) events.Add(new SealedEvent(head.EventSequence, record.Id, record.Action, record.Target, record.At, data));
            }
            await store.SealAsync(scope.Session, organization, before, head, seals);
            if (events.Count > 0)
                foreach (var consumer in consumers) await consumer.TakeAsync(scope, organization, events);
            return records.Count;
        }) { Lease = lease }, cancel);
        return seal.IsOk ? seal.Value : 0;
    }
}
