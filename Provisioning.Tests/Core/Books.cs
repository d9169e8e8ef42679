using System.Data.Common;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Data.SqlClient;
using NUnit.Framework;
using Npgsql;
using Provisioning.Core.Storage;

namespace Provisioning.Tests.Core;

/// <summary>The invariants of domain.md section 4, asked of the database itself and not of the code under test.</summary>
internal static class Books
{
    /// <summary>Each statement finds the rows that break the rule it is named after.</summary>
    private static readonly (string Rule, string Sql)[] Rules =
    [
        ("I-4: no part is negative, in use is at most purchased",
            "SELECT tier FROM seat_pools WHERE assigned < 0 OR held < 0 OR queued < 0 OR assigned + held + queued > purchased"),
        ("I-5: at most one open assignment per member",
            "SELECT hex(member_id) FROM seat_assignments WHERE to_at IS NULL GROUP BY member_id HAVING COUNT(*) > 1"),
        ("I-5: assigned is the number of open assignments",
            """
            SELECT p.tier || ' ' || p.assigned FROM seat_pools p WHERE p.assigned <>
              (SELECT COUNT(*) FROM seat_assignments a WHERE a.organization_id = p.organization_id AND a.tier_key = p.tier_key AND a.to_at IS NULL)
            """),
        ("the member's side agrees with the open assignment",
            """
            SELECT hex(s.member_id) || ' ' || s.status FROM member_seats s
            LEFT JOIN seat_assignments a ON a.member_id = s.member_id AND a.to_at IS NULL
            WHERE (s.status = 'assigned') <> (a.member_id IS NOT NULL) OR (a.member_id IS NOT NULL AND CAST(s.tier AS BLOB) <> a.tier_key)
            """),
        ("every open assignment has a member's side",
            "SELECT hex(member_id) FROM seat_assignments WHERE to_at IS NULL AND member_id NOT IN (SELECT member_id FROM member_seats)"),
        ("an assignment ends after it began", "SELECT hex(member_id) FROM seat_assignments WHERE to_at < from_at"),
        ("held is the number of holds",
            """
            SELECT p.tier || ' ' || p.held FROM seat_pools p WHERE p.held <>
              (SELECT COUNT(*) FROM seat_holds h WHERE h.organization_id = p.organization_id AND h.tier = p.tier)
            """),
        ("no more seats are set aside than people wait",
            """
            SELECT hex(organization_id) FROM seat_pools p GROUP BY organization_id HAVING SUM(queued) >
              (SELECT COUNT(*) FROM member_seats s WHERE s.organization_id = p.organization_id AND s.status = 'waiting')
            """),
        ("nobody waits while a seat that person may have is free",
            """
            SELECT hex(s.member_id) || ' ' || p.tier FROM member_seats s JOIN seat_pools p ON p.organization_id = s.organization_id
            WHERE s.status = 'waiting' AND (s.desired_tier IS NULL OR s.desired_tier = p.tier)
              AND p.purchased - p.assigned - p.held - p.queued > 0
            """),
        ("only active people sit or wait",
            """
            SELECT hex(m.id) || ' ' || m.state || ' ' || s.status FROM members m LEFT JOIN member_seats s ON s.member_id = m.id
            WHERE s.status IS NULL OR (m.state <> 'active' AND s.status <> 'none')
            """),
        ("I-2: one member per userName",
            "SELECT MIN(user_name) FROM members WHERE state <> 'removed' GROUP BY organization_id, user_name_key HAVING COUNT(*) > 1"),
        ("I-12: one entry per userName",
            "SELECT MIN(user_name) FROM directory_entries WHERE deleted_at IS NULL GROUP BY organization_id, user_name_key HAVING COUNT(*) > 1"),
        ("an admin's or the directory's suspension has a cause",
            "SELECT hex(id) FROM members WHERE (state = 'suspended') <> (suspended_by IS NOT NULL) OR (admin_suspended = 1 AND state = 'active')"),
        ("I-11: an event has its audit record", "SELECT type FROM outbox WHERE id NOT IN (SELECT id FROM audit_records)"),
        ("I-13: no receipt without an answer", "SELECT kind FROM receipts WHERE reply IS NULL"),
        ("counts are kept",
            """
            SELECT c.users || ' ' || c.user_groups FROM directory_counts c
            WHERE c.users <> (SELECT COUNT(*) FROM directory_entries e WHERE e.organization_id = c.organization_id AND e.deleted_at IS NULL)
              OR c.user_groups <> (SELECT COUNT(*) FROM directory_groups g WHERE g.organization_id = c.organization_id)
            """),
        ("rows of groups lead to living users and groups",
            """
            SELECT hex(group_id) FROM group_members WHERE (is_group = 0 AND member_id NOT IN (SELECT id FROM directory_entries WHERE deleted_at IS NULL))
              OR (is_group = 1 AND member_id NOT IN (SELECT id FROM directory_groups))
            """),
        ("a foreign key leads somewhere", "SELECT \"table\" FROM pragma_foreign_key_check"),
    ];

    public static async Task CheckAsync(CoreStack stack, string when = "")
    {
        var broken = new List<string>();
        await using var connection = await stack.OpenAsync();
        foreach (var (rule, sql) in Rules)
        {
            if (sql.Contains("pragma", StringComparison.Ordinal) && stack.File.Length == 0) continue; // the other engines check at each statement
            var rows = await QueryAsync(connection, sql);
            if (rows.Count > 0) broken.Add($"{rule}: {string.Join(", ", rows)}");
        }
        broken.AddRange(await ValuesAsync(connection));
        Assert.That(broken, Is.Empty, when);
    }

    /// <summary>A number asked of the database directly.</summary>
    public static async Task<long> CountAsync(CoreStack stack, string sql)
    {
        await using var connection = await stack.OpenAsync();
        return long.Parse((await QueryAsync(connection, sql))[0], System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>entry_values are what SearchedAttributes computes, for entries that are not deleted, and nothing else.</summary>
    private static async Task<IEnumerable<string>> ValuesAsync(DbConnection connection)
    {
        var kept = (await QueryAsync(connection, "SELECT hex(entry_id) || ' ' || attribute || ' ' || hex(value_key) FROM entry_values")).ToHashSet();
        var entries = await QueryAsync(connection, "SELECT hex(id) || ' ' || attributes FROM directory_entries WHERE deleted_at IS NULL");
        var wanted = entries.SelectMany(row => SearchedAttributes.Of(JsonNode.Parse(row[33..])!.AsObject())
            .Select(value => $"{row[..32]} {value.Attribute} {Convert.ToHexString(value.Key)}")).ToHashSet();
        return wanted.Except(kept).Select(row => "entry_values lacks " + row).Concat(kept.Except(wanted).Select(row => "entry_values has " + row));
    }

    private static async Task<List<string>> QueryAsync(DbConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = connection is NpgsqlConnection ? PostgreSql(sql) : connection is SqlConnection ? SqlServer(sql) : sql;
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync()) rows.Add(reader.IsDBNull(0) ? "NULL" : Convert.ToString(reader.GetValue(0), System.Globalization.CultureInfo.InvariantCulture)!);
        return rows;
    }

    private static string PostgreSql(string sql) =>
        Regex.Replace(sql, @"hex\(([\w.]+)\)", "upper(encode($1, 'hex'))").Replace("CAST(s.tier AS BLOB)", "convert_to(s.tier, 'UTF8')", StringComparison.Ordinal);

    private static string SqlServer(string sql) =>
        Regex.Replace(sql, @"hex\(([\w.]+)\)", "CONVERT(varchar(64), $1, 2)").Replace("CAST(s.tier AS BLOB)", "CAST(CAST(s.tier AS varchar(256)) AS varbinary(256))", StringComparison.Ordinal)
            .Replace(" || ", " + ", StringComparison.Ordinal);
}
