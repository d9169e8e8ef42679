using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Api.Hosting;

/// <summary>A key of the service itself: 256 random bits, made once, kept in the database wrapped by the key ring, the same on all nodes.</summary>
/// <param name="name">Of its row.</param>
/// <param name="purpose">Of its protection: a key wrapped for one purpose cannot be read as another.</param>
internal abstract class ServiceKey(
    string name, string purpose, IDatabase database, IProtectedSecretStore secrets, IDataProtectionProvider protection, TimeProvider time)
{
    private readonly IDataProtector protector = protection.CreateProtector(purpose);
    private readonly Actor actor = new(ActorKind.Job, name, Channel.Job, name);
    private byte[]? known;

    public async ValueTask<byte[]> GetAsync(CancellationToken cancel) => known ??= await FindOrMakeAsync(cancel);

    private async Task<byte[]> FindOrMakeAsync(CancellationToken cancel)
    {
        var wrapped = Convert.ToBase64String(protector.Protect(RandomNumberGenerator.GetBytes(32)));
        // Two nodes at once: the second runs again and finds the key of the first.
        var kept = await database.WriteAsync(new WriteUnit<string>(Ids.New<UnitId>(time), "service_key", actor, Instants.Now(time), async scope =>
        {
            if (await secrets.FindAsync(scope.Session, name) is { } found) return found;
            await secrets.InsertAsync(scope.Session, name, wrapped);
            return wrapped;
        }) { Remember = static text => text, Recall = static (_, text) => Task.FromResult<Outcome<string>>(text) }, cancel);
        return kept.IsOk ? protector.Unprotect(Convert.FromBase64String(kept.Value)) : throw new StoreUnavailableException(new InvalidOperationException(kept.Error.Detail));
    }
}
