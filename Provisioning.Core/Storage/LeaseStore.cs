using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Storage;

/// <summary>Leases in SQL: every change is one guarded statement, so two nodes never both succeed.</summary>
public sealed class LeaseStore : ILeaseStore
{
    public async Task<Lease?> FindAsync(ISession session, string job) =>
        (await SqlSession.Of(session).FindAsync<LeaseRow>("SELECT name, holder, deadline, generation FROM job_leases WHERE name = @job", new { job }))?.ToLease();

    public async Task<Lease?> TakeAsync(ISession session, string job, string holder, DateTimeOffset now, DateTimeOffset deadline)
    {
        var sql = SqlSession.Of(session);
        var parameters = new { job, holder, now = Instants.ToMicroseconds(now), deadline = Instants.ToMicroseconds(deadline) };
        var taken = await sql.ExecuteAsync(
            "UPDATE job_leases SET holder = @holder, deadline = @deadline, generation = generation + 1 WHERE name = @job AND deadline <= @now", parameters);
        if (taken == 1) return await FindAsync(session, job);
        if (await FindAsync(session, job) is not null) return null;
        // The first time. Two nodes at once: a key conflict, and the second attempt finds the row.
        await sql.ExecuteAsync("INSERT INTO job_leases (name, holder, deadline, generation) VALUES (@job, @holder, @deadline, 1)", parameters);
        return await FindAsync(session, job);
    }

    public async Task<bool> SetDeadlineAsync(ISession session, Lease lease, DateTimeOffset deadline) =>
        await SqlSession.Of(session).ExecuteAsync(
            "UPDATE job_leases SET deadline = @deadline WHERE name = @Job AND holder = @Holder AND generation = @Generation",
            new { lease.Job, lease.Holder, lease.Generation, deadline = Instants.ToMicroseconds(deadline) }) == 1;

    /// <summary>
    /// Whether the lease is still of this generation. The row stays locked until the unit's commit: whoever takes the job over
    /// waits for it, so a unit of the old generation never commits after one of the new.
    /// </summary>
    internal static async Task<bool> GuardAsync(SqlSession sql, Lease lease) =>
        await sql.ExecuteAsync(
            "UPDATE job_leases SET generation = generation WHERE name = @Job AND generation = @Generation", new { lease.Job, lease.Generation }) == 1;

    private sealed record LeaseRow(string Name, string Holder, long Deadline, long Generation)
    {
        public Lease ToLease() => new(Name, Holder, Generation, Instants.FromMicroseconds(Deadline));
    }
}
