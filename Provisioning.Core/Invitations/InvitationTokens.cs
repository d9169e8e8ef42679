using System.Security.Cryptography;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Invitations;

/// <summary>The key of the service under which invitations have their tokens; the same on all nodes, and never in a reply or a row as it is.</summary>
public interface IInvitationKey
{
    /// <summary>At least 256 random bits.</summary>
    ValueTask<byte[]> GetAsync(CancellationToken cancel);
}

/// <summary>
/// The token of an invitation is HMAC(key, id, nonce): it is made again when a mail is sent, and no row, event or kept reply holds it
/// (rule INV-9).
/// </summary>
public sealed class InvitationTokens(IInvitationKey key, TimeProvider time)
{
    private const int NonceBytes = 16;

    /// <summary>An id, a nonce and the hash of the token they make, before a unit is run.</summary>
    public async Task<InvitationSeed> SeedAsync(CancellationToken cancel)
    {
        var (id, nonce) = (Ids.New<InvitationId>(time), RandomNumberGenerator.GetBytes(NonceBytes));
        return new InvitationSeed(id, Ids.New<SeatHoldId>(time), nonce, TokenSecret.Hash(await TokenAsync(id, nonce, cancel)));
    }

    public Task<string> TokenAsync(Invitation invitation, CancellationToken cancel) => TokenAsync(invitation.Id, invitation.Nonce, cancel);

    private async Task<string> TokenAsync(InvitationId id, byte[] nonce, CancellationToken cancel)
    {
        var mac = HMACSHA256.HashData(await key.GetAsync(cancel), (byte[])[.. Ids.ToBytes(id), .. nonce]);
        return "prv_invitation_" + Convert.ToBase64String(mac).Replace('+', '-').Replace('/', '_').TrimEnd('=');
    }
}

/// <summary>What is random about an invitation to be made.</summary>
public sealed record InvitationSeed(InvitationId Id, SeatHoldId Hold, byte[] Nonce, byte[] TokenHash);
