using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Provisioning.Core.Common;

namespace Provisioning.Core.Organizations;

/// <summary>
/// An e-mail address, normalised for comparison (rule DOM-4): trimmed, domain as lower-case A-label, local part folded, plus-tag kept.
/// A look-alike of an ASCII address is no address.
/// </summary>
public sealed record EmailAddress(string Text, string Local, string Domain)
{
    /// <summary>The key by which two addresses are compared.</summary>
    public byte[] Key => TextKey.Fold(Local + "@" + Domain);

    /// <summary>The normalised address.</summary>
    public string Normalized => TextKey.FoldText(Local) + "@" + Domain;

    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out EmailAddress? address)
    {
        address = null;
        var trimmed = text?.Trim();
        if (string.IsNullOrEmpty(trimmed) || !TextKey.Fits(trimmed)) return false;
        var at = trimmed.LastIndexOf('@');
        if (at < 1 || trimmed.IndexOf('@') != at || trimmed.Any(letter => char.IsWhiteSpace(letter) || char.IsControl(letter))) return false;
        if (trimmed[..at].Any(LooksLikeAscii) || !DomainName.TryParse(trimmed[(at + 1)..], out var domain)) return false;
        address = new EmailAddress(trimmed, trimmed[..at], domain);
        return true;
    }

    /// <summary>
    /// A letter that folds to an ASCII one without being it (full width, long s, Kelvin sign): mail servers take it for another mailbox, so
    /// an address with one would be somebody else's by <see cref="Key"/> (rule JIT-1).
    /// </summary>
    private static bool LooksLikeAscii(char letter) => !char.IsAscii(letter) && Ascii.IsValid(TextKey.FoldText(letter.ToString()));
}

/// <summary>A domain name as its lower-case A-label; compared exactly, a subdomain is another domain (rule DOM-1).</summary>
public static class DomainName
{
    private static readonly IdnMapping Idn = new() { UseStd3AsciiRules = true };

    public static bool TryParse(string? text, [NotNullWhen(true)] out string? domain)
    {
        domain = null;
        if (string.IsNullOrWhiteSpace(text) || text.Length > 253 || !text.Contains('.', StringComparison.Ordinal) || text.EndsWith('.')) return false;
        try
        {
            domain = Idn.GetAscii(text.Trim()).ToLowerInvariant();
            return true;
        }
        catch (ArgumentException) // not a domain name by IDNA
        {
            return false;
        }
    }
}
