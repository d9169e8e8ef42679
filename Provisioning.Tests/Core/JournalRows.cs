using System.Data.Common;
using System.Globalization;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Storage;

namespace Provisioning.Tests.Core;

/// <summary>A stack with a sealer, and a hand that reaches past the service into the rows of its journal.</summary>
internal sealed class JournalRows(CoreStack stack, params ISealedEvents[] consumers)
{
    private readonly JournalStore store = new();

    public Sealer Sealer { get; } = new(stack.Database, new JournalStore(), consumers, stack.Time);

    public AuditVerification Verification { get; } = new(stack.Database, new JournalStore());

    /// <summary>Seals everything; answers how many records.</summary>
    public async Task<int> SealAsync(Organization organization)
    {
        var (total, now) = (0, 0);
        while ((now = await Sealer.SealAsync(organization.Id, CoreStack.Actor, null, default)) > 0) total += now;
        return total;
    }

    public Task<ChainReport> VerifyAsync(Organization organization, ChainAnchor? expected = null) => Verification.VerifyAsync(organization.Id, expected, default);

    public Task<IReadOnlyList<SealedRecord>> SealedAsync(Organization organization) =>
        stack.Database.ReadAsync(session => store.SealedAsync(session, organization.Id, 0, 100_000), default);

    /// <summary>Any statement, with parameters @p0, @p1, ...</summary>
    public async Task<int> ExecuteAsync(string sql, params object?[] values)
    {
        await using var connection = await stack.OpenAsync();
        stack.Plain.AfterOpen(connection);
        return await ExecuteAsync(connection, null, sql, values);
    }

    public static async Task<int> ExecuteAsync(DbConnection connection, DbTransaction? transaction, string sql, params object?[] values)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.Transaction = transaction;
        for (var at = 0; at < values.Length; at++)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = "@p" + at.ToString(CultureInfo.InvariantCulture);
            parameter.Value = values[at] ?? DBNull.Value;
            command.Parameters.Add(parameter);
        }
        return await command.ExecuteNonQueryAsync();
    }

    public static byte[] Bytes(Guid id) => id.ToByteArray(bigEndian: true);
}
