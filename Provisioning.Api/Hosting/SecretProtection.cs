using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;

namespace Provisioning.Api.Hosting;

/// <summary>Encrypts what the database keeps and only this service reads, with the key ring that all nodes share (design D6).</summary>
/// <remarks>Each purpose has keys of its own: a value protected for one cannot be read as another.</remarks>
public sealed class SecretProtection(IDataProtectionProvider provider)
{
    /// <summary>Client secrets and private keys of connections.</summary>
    public const string ConnectionSecret = "connection-secret";

    /// <summary>What an identity provider wants back at sign-out.</summary>
    public const string LogoutHint = "logout-hint";

    /// <summary>What a cross-site POST brought.</summary>
    public const string FlowAnswer = "flow-answer";

    public string Protect(string purpose, string secret) => provider.CreateProtector(purpose).Protect(secret);

    /// <summary>Null when it was not protected with a key of this ring.</summary>
    public string? Unprotect(string purpose, string? given)
    {
        if (given is null) return null;
        try
        {
            return provider.CreateProtector(purpose).Unprotect(given);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
