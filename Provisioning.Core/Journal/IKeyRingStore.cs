namespace Provisioning.Core.Journal;

/// <summary>A data protection key as the XML the platform gives.</summary>
public sealed record StoredKey(Guid Id, string Xml);

/// <summary>The data protection keys that all nodes share (design D6).</summary>
public interface IKeyRingStore
{
    Task<IReadOnlyList<StoredKey>> ListAsync(ISession session);

    Task InsertAsync(ISession session, Guid id, string name, string xml, DateTimeOffset now);

    /// <summary>The same key, wrapped by another certificate.</summary>
    Task ReplaceAsync(ISession session, Guid id, string xml);
}
