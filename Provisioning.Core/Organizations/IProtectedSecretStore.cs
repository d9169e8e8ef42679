using Provisioning.Core.Journal;

namespace Provisioning.Core.Organizations;

/// <summary>Keys of the service itself, wrapped before they are stored; made once and then the same on all nodes.</summary>
public interface IProtectedSecretStore
{
    Task<string?> FindAsync(ISession session, string name);

    /// <summary>A second one of the name is a key conflict.</summary>
    Task InsertAsync(ISession session, string name, string wrapped);
}
