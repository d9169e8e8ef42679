using System.Security.Cryptography;
using Provisioning.Core.Common;

namespace Provisioning.Core.SignIn;

/// <summary>The token of a link is HMAC(key, id): it is made again when the mail is sent, and no row, event or kept reply holds it.</summary>
public sealed class RecoveryTokens(IRecoveryKey key, TimeProvider time)
{
    /// <summary>An id and the token it makes, before a unit is run.</summary>
    public async Task<RecoverySeed> SeedAsync(CancellationToken cancel)
    {
        var id = Ids.New<RecoveryLinkId>(time);
        return new RecoverySeed(id, await TokenAsync(id, cancel));
    }

    public async Task<string> TokenAsync(RecoveryLinkId id, CancellationToken cancel) =>
        "prv_recovery_" + SignInSecret.Text(HMACSHA256.HashData(await key.GetAsync(cancel), Ids.ToBytes(id)));
}

/// <summary>What is secret about a link to be made.</summary>
public sealed record RecoverySeed(RecoveryLinkId Id, string Token);
