using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Storage;

/// <summary>The key ring in SQL.</summary>
public sealed class KeyRingStore : IKeyRingStore
{
    public async Task<IReadOnlyList<StoredKey>> ListAsync(ISession session) =>
        [.. (await SqlSession.Of(session).QueryAsync<(byte[] Id, string Xml)>("SELECT id, xml FROM data_protection_keys ORDER BY id"))
            .Select(row => new StoredKey(new Guid(row.Id, bigEndian: true), row.Xml))];

    public Task ReplaceAsync(ISession session, Guid id, string xml) =>
        SqlSession.Of(session).ExecuteAsync("UPDATE data_protection_keys SET xml = @xml WHERE id = @id", new { id = id.ToByteArray(bigEndian: true), xml });

    public Task InsertAsync(ISession session, Guid id, string name, string xml, DateTimeOffset now) =>
        SqlSession.Of(session).ExecuteAsync("INSERT INTO data_protection_keys (id, name, xml, created_at) VALUES (@id, @name, @xml, @now)",
            new { id = id.ToByteArray(bigEndian: true), name, xml, now = Instants.ToMicroseconds(now) });
}
