namespace Provisioning.Core.Journal;

/// <summary>The data protection keys that all nodes share (design D6), as the XML the platform gives.</summary>
public interface IKeyRingStore
{
    Task<IReadOnlyList<string>> ListAsync(ISession session);

    Task InsertAsync(ISession session, Guid id, string name, string xml, DateTimeOffset now);
}
