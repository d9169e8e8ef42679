using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Storage;

/// <summary>The key ring in SQL: rows are added and never changed.</summary>
public sealed class KeyRingStore : IKeyRingStore
{
    public async Task<IReadOnlyList<string>> ListAsync(ISession session) =>
        await SqlSession.Of(session).QueryAsync<string>("SELECT xml FROM data_protection_keys ORDER BY id");

    public Task InsertAsync(ISession session, Guid id, string name, string xml, DateTimeOffset now) =>
        SqlSession.Of(session).ExecuteAsync("INSERT INTO data_protection_keys (id, name, xml, created_at) VALUES (@id, @name, @xml, @now)",
            new { id = id.ToByteArray(bigEndian: true), name, xml, now = Instants.ToMicroseconds(now) });
}
