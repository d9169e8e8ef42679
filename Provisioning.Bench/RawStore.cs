using System.Data;
using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using Provisioning.Bench.Seeding;
using Provisioning.Core.Common;

namespace Provisioning.Bench;

/// <summary>
/// The floor of creating: the rows of a POST /Users, with receipt, audit and outbox, by plain ADO.NET with prepared statements, on the
/// same database with the same durability, 64 of them in one commit.
/// </summary>
internal static class RawStore
{
    private const int Group = 64;

    private static readonly BulkTable Receipts = new("receipts", "unit_id", "kind", "request_hash", "reply", "created_at");

    private static readonly BulkTable Audit = new("audit_records", "id", "organization_id", "at", "actor_kind", "actor_id", "channel", "action", "target_kind",
        "target_id", "reason", "correlation_id");

    private static readonly BulkTable Details = new("audit_details", "audit_id", "salt", "before_state", "after_state");

    private static readonly BulkTable Outbox = new("outbox", "id", "organization_id", "type", "subject_kind", "subject_id", "occurred_at", "data");

    public static async Task<RawResult> RunAsync(BenchDatabase database, TimeSpan duration, TimeProvider time)
    {
        var (organization, gateway) = await Seeder.DemoAsync(database);
        await using var connection = await database.OpenAsync();
        var inserters = UserRows.Tables.Concat([Receipts, Audit, Details, Outbox]).ToDictionary(table => table, table => new RowInserter(table, connection));
        await using var pool = Seeder.Command(connection, "UPDATE seat_pools SET assigned = assigned + 1 WHERE organization_id = @organization AND tier_key = @tier");
        Seeder.Add(pool, "organization", Ids.ToBytes(organization));
        Seeder.Add(pool, "tier", TextKey.Exact("premium"));
        await using var count = Seeder.Command(connection, "UPDATE directory_counts SET users = users + 1 WHERE organization_id = @organization");
        Seeder.Add(count, "organization", Ids.ToBytes(organization));
        var rows = new UserRows(organization, gateway);

        using var self = Process.GetCurrentProcess();
        var clock = Stopwatch.StartNew();
        var cpu = self.TotalProcessorTime;
        var created = 0L;
        do
        {
            await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.Unspecified);
            foreach (var inserter in inserters.Values) inserter.Transaction = transaction;
            pool.Transaction = count.Transaction = transaction;
            for (var at = 0; at < Group; at++) Create(++created);
            await transaction.CommitAsync();
        }
        while (clock.Elapsed < duration);
        self.Refresh();
        var (seconds, spent) = (clock.Elapsed.TotalSeconds, self.TotalProcessorTime - cpu);
        foreach (var inserter in inserters.Values) inserter.Dispose();
        return new RawResult(created / seconds, spent.TotalSeconds * 1000 / created);

        void Create(long number)
        {
            var now = Instants.Now(time);
            var (entry, member, at, key) = (Ids.NewGuid(time), Ids.NewGuid(time), Instants.ToMicroseconds(now), Ids.ToBytes(organization));
            var name = string.Create(CultureInfo.InvariantCulture, $"raw{number:D9}@acme.example");
            inserters[Receipts].Insert([Ids.NewGuid(time).ToByteArray(true), "user.create", null, "+" + entry, at]);
            rows.Write(name, "raw-" + name, number * 2, entry, member, now, false, (table, row) => inserters[table].Insert(row));
            pool.ExecuteNonQuery();
            count.ExecuteNonQuery();
            Journal("user.created", "user", entry.ToString(), $$"""{"userName":"{{name}}","externalId":"raw-{{name}}","active":true}""", false);
            Journal("member.created", "member", "mem_" + member, $$"""{"userName":"{{name}}","role":"user","state":"active","suspendedBy":null}""", true);
            Journal("seat.assigned", "member", "mem_" + member, """{"seatStatus":"assigned","tier":"premium","desiredTier":null}""", true);

            void Journal(string action, string kind, string target, string after, bool hasEvent)
            {
                var id = Ids.NewGuid(time).ToByteArray(true);
                inserters[Audit].Insert([id, key, at, "scim_token", "tok_bench", "scim", action, kind, target, null, "0123456789abcdef0123456789abcdef"]);
                inserters[Details].Insert([id, id, null, after]);
                if (hasEvent) inserters[Outbox].Insert([id, key, action, kind, target, at, $$"""{"before":null,"after":{{after}},"reason":null}"""]);
            }
        }
    }
}

/// <param name="CpuPer1000">Seconds of this program, the engine inside it or not, per 1,000 creates.</param>
internal sealed record RawResult(double CreatesPerSecond, double CpuPer1000);
