using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Storage;

/// <summary>Wrapped keys in SQL.</summary>
public sealed class ProtectedSecretStore : IProtectedSecretStore
{
    public Task<string?> FindAsync(ISession session, string name) =>
        SqlSession.Of(session).FindAsync<string>("SELECT wrapped FROM protected_secrets WHERE name = @name", new { name });

    public Task InsertAsync(ISession session, string name, string wrapped) =>
        SqlSession.Of(session).ExecuteAsync("INSERT INTO protected_secrets (name, wrapped) VALUES (@name, @wrapped)", new { name, wrapped });
}
