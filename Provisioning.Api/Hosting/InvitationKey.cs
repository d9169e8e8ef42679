using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Provisioning.Core.Common;
using Provisioning.Core.Invitations;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Api.Hosting;

/// <summary>The key of invitation tokens: 256 random bits, made once, kept in the database wrapped by the key ring (rule INV-9).</summary>
internal sealed class InvitationKey(IDatabase database, IProtectedSecretStore secrets, IDataProtectionProvider protection, TimeProvider time) : IInvitationKey
{
    private const string Name = "invitation_tokens";
    private static readonly Actor Actor = new(ActorKind.Job, "invitation_key", Channel.Job, "invitation_key");

    private readonly IDataProtector protector = protection.CreateProtector("Provisioning.InvitationKey");
    private byte[]? known;

    public async ValueTask<byte[]> GetAsync(CancellationToken cancel) => known ??= await FindOrMakeAsync(cancel);

    private async Task<byte[]> FindOrMakeAsync(CancellationToken cancel)
    {
        var wrapped = Convert.ToBase64String(protector.Protect(RandomNumberGenerator.GetBytes(32)));
        // Two nodes at once: the second runs again and finds the key of the first.
        var kept = await database.WriteAsync(new WriteUnit<string>(Ids.New<UnitId>(time), "invitation_key", Actor, Instants.Now(time), async scope =>
        {
            if (await secrets.FindAsync(scope.Session, Name) is { } found) return found;
            await secrets.InsertAsync(scope.Session, Name, wrapped);
            return wrapped;
        }) { Remember = static text => text, Recall = static (_, text) => Task.FromResult<Outcome<string>>(text) }, cancel);
        return kept.IsOk ? protector.Unprotect(Convert.FromBase64String(kept.Value)) : throw new StoreUnavailableException(new InvalidOperationException(kept.Error.Detail));
    }
}
