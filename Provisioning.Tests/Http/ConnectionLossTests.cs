using Npgsql;
using NUnit.Framework;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>Connections that are cut or not to be had while the server is there: at worst 503 with Retry-After, and nothing is lost.</summary>
public sealed class ConnectionLossTests
{
    [Test]
    public async Task Connections_cut_while_idle_are_not_seen_by_anybody()
    {
        await using var service = await TestService.StartOnAsync(TestDatabase.PostgreSql);
        var organization = await service.OrganizationAsync(standard: 100, premium: 0);
        for (var round = 0; round < 3; round++)
        {
            var name = $"r{round}";
            await Task.WhenAll(Enumerable.Range(0, 32).Select(i => organization.Owner.Get("/members?limit=10"))); // warms the pool
            await using (var connection = new NpgsqlConnection(service.Database.ConnectionString + ";Pooling=false"))
            {
                await connection.OpenAsync();
                await using var cut = new NpgsqlCommand(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()", connection);
                await cut.ExecuteNonQueryAsync();
            }
            await Task.WhenAll(Enumerable.Range(0, 24).Select(async i =>
            {
                (await organization.Owner.Get("/seats")).Expect(200);
                (await organization.Scim.Post("/Users", organization.User($"{name}-{i}"))).Expect(201);
            }));
        }
        await organization.ExpectBooksAgreeAsync();
    }

    [Test]
    public async Task A_server_with_too_few_connections_is_503_at_worst_and_recovers()
    {
        await using var database = await TestDatabase.CreateAsync(TestDatabase.PostgreSql, empty: true);
        var given = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        var role = "few_" + given.Database;
        await ExecuteAsync(database, $"CREATE ROLE {role} LOGIN PASSWORD 'few' CONNECTION LIMIT 4; ALTER DATABASE {given.Database} OWNER TO {role}; GRANT ALL ON SCHEMA public TO {role}");
        try
        {
            (given.Username, given.Password) = (role, "few");
            await using var service = await TestService.StartOnAsync(TestDatabase.PostgreSql, 5, 5, $"Storage:ConnectionString={given}");
            var organization = await service.OrganizationAsync(standard: 200, premium: 0);
            var answers = await Task.WhenAll(Enumerable.Range(0, 80).Select(i => i % 2 == 0
                ? organization.Owner.Get("/members") : organization.Scim.Post("/Users", organization.User($"u{i}"))));
            Assert.That(answers.Select(answer => answer.Status).Distinct(), Is.SubsetOf((int[])[200, 201, 503]));
            Assert.That(answers.Where(answer => answer.Status == 503).All(answer => answer.Header("Retry-After") is not null), Is.True);
            await ExecuteAsync(database, $"ALTER ROLE {role} CONNECTION LIMIT 200");
            await Task.WhenAll(Enumerable.Range(0, 40).Select(async i => (await organization.Scim.Post("/Users", organization.User($"later{i}"))).Expect(201)));
            await organization.ExpectBooksAgreeAsync();
        }
        finally
        {
            await ExecuteAsync(database, $"DROP OWNED BY {role} CASCADE; ALTER DATABASE {given.Database} OWNER TO CURRENT_USER; DROP ROLE {role}");
        }
    }

    private static async Task ExecuteAsync(TestDatabase database, string sql)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
