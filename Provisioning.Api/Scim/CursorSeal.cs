using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.WebUtilities;
using Provisioning.Core.Scim.Operations;

namespace Provisioning.Api.Scim;

/// <summary>Closes cursors with the key ring that all nodes share (design D6); written in base64url, unreserved characters only.</summary>
internal sealed class CursorSeal(IDataProtectionProvider protection) : ICursorSeal
{
    /// <summary>Above what any cursor of ours can have: a key is at most 1,000 bytes.</summary>
    private const int LongestText = 4000;

    private readonly IDataProtector protector = protection.CreateProtector("Provisioning.Scim.Cursor.v1");

    public string Close(byte[] content) => WebEncoders.Base64UrlEncode(protector.Protect(content));

    public byte[]? Open(string text)
    {
        if (text.Length > LongestText) return null;
        try
        {
            return protector.Unprotect(WebEncoders.Base64UrlDecode(text));
        }
        catch (Exception exception) when (exception is CryptographicException or FormatException)
        {
            return null;
        }
    }
}
