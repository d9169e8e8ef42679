using System.Data.Common;
using System.Globalization;
using Npgsql;
using Provisioning.Core.Common;

namespace Provisioning.Bench.Seeding;

/// <summary>
/// Fills the demo organisation by bulk SQL while no service runs, with every invariant intact: pools and counts agree with the rows.
/// History (audit, outbox, receipts) is not made up.
/// </summary>
internal static class Seeder
{
    private const int Chunk = 5_000;

    private static readonly BulkTable Groups = new("directory_groups", "id", "organization_id", "display_name", "display_name_key", "external_id",
        "external_id_key", "attributes", "created_at", "modified_at", "version");

    private static readonly BulkTable GroupMembers = new("group_members", "group_id", "member_id", "organization_id", "is_group", "ref", "type", "display");

    public static async Task<Population> SeedAsync(BenchDatabase database, int users, TimeProvider time)
    {
        var (organization, connection) = await DemoAsync(database);
        Population population;
        await using (var writer = await WriterAsync(database))
        {
            population = new Population(
                await UsersAsync(writer, new UserRows(organization, connection), users, time), await GroupsAsync(users, time));
            await MembershipsAsync(writer, organization, population, time);
        }
        await CountAsync(database, organization, population);
        await using (var writer = await WriterAsync(database)) await writer.FinishAsync();
        return population;
    }

    /// <summary>The demo organisation and its gateway connection, which the first start of the service made.</summary>
    public static async Task<(OrganizationId Organization, ConnectionId Connection)> DemoAsync(BenchDatabase database)
    {
        await using var connection = await database.OpenAsync();
        return (OrganizationId.From(await IdAsync("SELECT id FROM organizations WHERE slug = 'acme'")),
            ConnectionId.From(await IdAsync("SELECT id FROM identity_connections WHERE name = 'demo'")));

        async Task<Guid> IdAsync(string sql)
        {
            await using var command = Command(connection, sql);
            return new Guid((byte[])(await command.ExecuteScalarAsync())!, bigEndian: true);
        }
    }

    private static async Task<IBulkWriter> WriterAsync(BenchDatabase database)
    {
        var connection = await database.OpenAsync();
        return connection is NpgsqlConnection postgres ? new PostgreSqlBulkWriter(postgres) : new SqliteBulkWriter(connection);
    }

    private static async Task<Guid[]> UsersAsync(IBulkWriter writer, UserRows rows, int users, TimeProvider time)
    {
        var ids = new Guid[users];
        var progress = new Progress("users  ", users);
        var waiting = UserRows.Tables.ToDictionary(table => table, _ => new List<object?[]>());
        for (var first = 0; first < users; first += Chunk)
        {
            var end = Math.Min(users, first + Chunk);
            for (var number = first; number < end; number++)
            {
                ids[number] = Ids.NewGuid(time);
                rows.Write(UserRows.UserName(number), UserRows.ExternalId(number), number, ids[number], Ids.NewGuid(time), Instants.Now(time), true,
                    (table, row) => waiting[table].Add(row));
            }
            foreach (var table in UserRows.Tables)
            {
                await writer.WriteAsync(table, waiting[table]);
                waiting[table].Clear();
            }
            await writer.CommitAsync();
            progress.At(end);
        }
        return ids;
    }

    /// <summary>
    /// Many groups of ten, so that adding to them leaves them small; four of 5,000 and one of 100,000 (at most nine tenths of the users,
    /// because somebody must be left to add).
    /// </summary>
    private static Task<IReadOnlyList<GroupFamily>> GroupsAsync(int users, TimeProvider time)
    {
        var families = new List<GroupFamily> { Family("10", 10, Math.Clamp(users / 10, 1, 1000)) };
        if (users >= 6_000) families.Add(Family("5000", 5_000, 4));
        if (users >= 100_000) families.Add(Family("100000", Math.Min(100_000, users / 10 * 9), 1));
        return Task.FromResult<IReadOnlyList<GroupFamily>>(families);

        GroupFamily Family(string name, int size, int count) => new(name, size, [.. Enumerable.Range(0, count).Select(_ => Ids.NewGuid(time))]);
    }

    private static async Task MembershipsAsync(IBulkWriter writer, OrganizationId organization, Population population, TimeProvider time)
    {
        var (key, now) = (Ids.ToBytes(organization), Instants.ToMicroseconds(Instants.Now(time)));
        var progress = new Progress("groups ", population.Families.Sum(family => (long)family.Size * family.Groups.Count));
        var done = 0L;
        foreach (var family in population.Families)
            for (var group = 0; group < family.Groups.Count; group++)
            {
                var id = family.Groups[group].ToByteArray(bigEndian: true);
                var name = string.Create(CultureInfo.InvariantCulture, $"Group {group} of {family.Name}");
                await writer.WriteAsync(Groups, [[id, key, name, TextKey.Fold(name), null, null, $"{{\"displayName\":\"{name}\"}}", now, now, 1L]]);
                await writer.WriteAsync(GroupMembers, [.. Enumerable.Range(0, family.Size)
                    .Select(place => population.Users[family.User(group, place, population.Users.Count)].ToByteArray(bigEndian: true))
                    .Order(Comparer<byte[]>.Create(static (one, other) => one.AsSpan().SequenceCompareTo(other)))
                    .Select(user => new object?[] { id, user, key, 0L, null, null, null })]);
                if (group % 100 == 99) await writer.CommitAsync();
                progress.At(done += family.Size);
            }
        await writer.CommitAsync();
    }

    /// <summary>The kept counts: seats assigned per tier, users and groups of the organisation.</summary>
    private static async Task CountAsync(BenchDatabase database, OrganizationId organization, Population population)
    {
        await using var connection = await database.OpenAsync();
        foreach (var (tier, seats) in Enumerable.Range(0, population.Users.Count).CountBy(number => UserRows.Tier(number)))
            await RunAsync("UPDATE seat_pools SET assigned = assigned + @number WHERE organization_id = @organization AND tier_key = @tier", seats, tier);
        await RunAsync("UPDATE directory_counts SET users = users + @number WHERE organization_id = @organization", population.Users.Count, null);
        await RunAsync("UPDATE directory_counts SET user_groups = user_groups + @number WHERE organization_id = @organization",
            population.Families.Sum(family => family.Groups.Count), null);

        async Task RunAsync(string sql, int number, string? tier)
        {
            await using var command = Command(connection, sql);
            Add(command, "number", (long)number);
            Add(command, "organization", Ids.ToBytes(organization));
            if (tier is not null) Add(command, "tier", TextKey.Exact(tier));
            if (await command.ExecuteNonQueryAsync() != 1) throw new InvalidOperationException($"Not one row: {sql}");
        }
    }

    internal static DbCommand Command(DbConnection connection, string sql)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // Constants of this program.
        command.CommandText = sql;
#pragma warning restore CA2100
        return command;
    }

    internal static void Add(DbCommand command, string name, object value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = "@" + name;
        parameter.Value = value;
        command.Parameters.Add(parameter);
    }
}
