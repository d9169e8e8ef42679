using System.Data.Common;
using Npgsql;
using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Organizations;
using Provisioning.Tests.Engines;
using Provisioning.Tests.Spend;

namespace Provisioning.Tests.Core;

/// <summary>
/// Rule TIME-2: who can free or move a seat holds all pools, the best first, before anything else is touched; who spends holds the account of
/// the organisation.
/// </summary>
public sealed class LockOrderTests
{
    private const string Waiting = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";

    private CoreStack stack = null!;
    private Organization org = null!;

    [SetUp]
    public async Task StartAsync()
    {
        stack = await CoreStack.StartOnAsync(TestDatabase.PostgreSql);
        org = await stack.ScimAsync(standard: 5, premium: 5);
    }

    [TearDown]
    public async Task StopAsync()
    {
        if (stack is null) return; // ignored: no PostgreSQL here
        await Books.CheckAsync(stack);
        await stack.DisposeAsync();
    }

    [Test]
    public async Task TIME_2_a_unit_that_frees_a_seat_locks_the_best_pool_and_then_the_others_before_it_changes_anything()
    {
        var person = (await stack.PushAsync(org, "ada")).Value;
        Assert.That(person.Member!.Seat.Tier, Is.EqualTo(CoreStack.Premium));
        Task<Outcome<EntryView>> leaves;
        await using (var other = await OpenAsync())
        await using (var held = await other.BeginTransactionAsync())
        {
            await RunAsync(other, held, "UPDATE seat_pools SET touched = touched WHERE tier = 'standard'");
            leaves = stack.ActiveAsync(org, person.Entry.Id, false);
            await using var observer = await OpenAsync();
            while (!leaves.IsCompleted && await CountAsync(observer, Waiting) == 0) await Task.Delay(5);

            Assert.That(leaves.IsCompleted, Is.False, "it waits for the lower pool although its member sits on the best");
            Assert.That(await IsLockedAsync(observer, "SELECT tier FROM seat_pools WHERE tier = 'premium' FOR UPDATE NOWAIT"), Is.True, "the best pool is taken first");
            foreach (var table in (string[])["seat_assignments", "member_seats", "members"])
                Assert.That(await IsLockedAsync(observer, $"SELECT 1 FROM {table} FOR UPDATE NOWAIT"), Is.False, $"{table} is touched after the pools");
            await held.RollbackAsync();
        }
        Assert.That((await leaves).IsOk, Is.True);
        Assert.That((await stack.PoolAsync(org, CoreStack.Premium)).Assigned, Is.Zero);
    }

    [Test]
    public async Task TIME_2_usage_locks_the_account_of_the_organisation_then_counters_then_credits()
    {
        var desk = new UsageDesk(stack);
        desk.Contracts.At("2026-03-01T09:00:00Z");
        var paying = await desk.OrganizationAsync(Provisioning.Core.Contracts.Funding.Prepaid);
        await desk.GrantAsync(paying, "100");
        var ada = await desk.MemberAsync(paying);
        await desk.SpendAsync(paying, ada, 1);
        var (first, second) = (await desk.AllowedAsync(paying, ada, 1), await desk.AllowedAsync(paying, ada, 1));

        await WhileHeldAsync("UPDATE usage_accounts SET touched = touched", () => desk.SettleAsync(paying, first, 1), async observer =>
        {
            foreach (var table in (string[])["usage_holds", "cap_counters", "credit_accounts"])
                Assert.That(await IsLockedAsync(observer, $"SELECT 1 FROM {table} FOR UPDATE NOWAIT"), Is.False, $"{table} is touched after the account");
        });
        await WhileHeldAsync("UPDATE credit_accounts SET held = held", () => desk.SettleAsync(paying, second, 1), async observer =>
        {
            foreach (var table in (string[])["usage_accounts", "usage_holds", "cap_counters"])
                Assert.That(await IsLockedAsync(observer, $"SELECT 1 FROM {table} FOR UPDATE NOWAIT"), Is.True, $"{table} is touched before the credits");
            foreach (var table in (string[])["credit_lots", "usage_periods"])
                Assert.That(await IsLockedAsync(observer, $"SELECT 1 FROM {table} FOR UPDATE NOWAIT"), Is.False, $"{table} is touched after the account of the credits");
        });
        await desk.CheckAsync();
    }

    /// <summary>Two nodes that pushed users of one organisation, one in batches and one singly, met in deadlocks again and again.</summary>
    [Test]
    public Task TIME_2_a_unit_that_came_alone_waits_for_the_best_pool_before_it_holds_anything() =>
        WhileHeldAsync("UPDATE seat_pools SET touched = touched WHERE tier = 'premium'", () => stack.PushAsync(org, "eve"), async observer =>
            Assert.That(await IsLockedAsync(observer, "SELECT 1 FROM directory_counts FOR UPDATE NOWAIT"), Is.False, "the counts are touched after the pool"));

    /// <summary>Holds rows, starts something that must wait for them, looks at what it has locked so far, and lets it go on.</summary>
    private async Task WhileHeldAsync<T>(string hold, Func<Task<T>> start, Func<NpgsqlConnection, Task> look)
    {
        Task<T> waits;
        await using (var other = await OpenAsync())
        await using (var held = await other.BeginTransactionAsync())
        {
            await RunAsync(other, held, hold);
            waits = start();
            await using var observer = await OpenAsync();
            while (!waits.IsCompleted && await CountAsync(observer, Waiting) == 0) await Task.Delay(5);
            Assert.That(waits.IsCompleted, Is.False, "it waits");
            await look(observer);
            await held.RollbackAsync();
        }
        await waits;
    }

    /// <summary>
    /// Deleted exactly between the look at who is known and the membership. Without the lock that <c>GroupStore.KnownAsync</c> takes the
    /// deletion is done before the membership is written, and a row is left that leads to nobody.
    /// </summary>
    [Test]
    public async Task D3_a_user_is_not_deleted_between_the_look_and_the_membership()
    {
        var user = (await stack.PushAsync(org, "bob")).Value.Entry.Id;
        var group = (await stack.Groups.CreateAsync(
            org, CoreStack.Actor, GroupContent.Of(new System.Text.Json.Nodes.JsonObject { ["displayName"] = "All" }), [], default)).Value;
        FaultyDialect? watched = null;
        await using var other = stack.Another(inner => watched = new FaultyDialect(inner));
        await using var observer = await OpenAsync();
        Task<Outcome<Done>>? deletion = null;
        watched!.AtStatement = sql =>
        {
            if (deletion is not null || !sql.StartsWith("INSERT INTO group_members", StringComparison.Ordinal)) return null;
            deletion = Task.Run(() => stack.DeleteAsync(org, user));
            while (!deletion.IsCompleted && CountAsync(observer, Waiting).GetAwaiter().GetResult() == 0) Thread.Sleep(5);
            return null;
        };
        var added = await other.Groups.ChangeAsync(org, CoreStack.Actor, group.Id, null,
            new GroupChange(null, [new AddMembers([new MemberRef(user.ToString(), null, null, null)])], 1000), default);
        Assert.That((added.IsOk, deletion is not null, (await deletion!).IsOk), Is.EqualTo((true, true, true)));
        Assert.That(await Books.CountAsync(stack, "SELECT COUNT(*) FROM group_members"), Is.Zero);
    }

    private async Task<NpgsqlConnection> OpenAsync() => (NpgsqlConnection)await stack.OpenAsync();

    private static async Task RunAsync(NpgsqlConnection connection, DbTransaction transaction, string sql)
    {
        await using var command = connection.CreateCommand();
        command.Transaction = (NpgsqlTransaction)transaction;
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<long> CountAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static async Task<bool> IsLockedAsync(NpgsqlConnection connection, string sql)
    {
        try
        {
            await using var command = connection.CreateCommand();
            command.CommandText = sql;
            await command.ExecuteScalarAsync();
            return false;
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            return true;
        }
    }
}
