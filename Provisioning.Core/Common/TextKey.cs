using System.Text;

namespace Provisioning.Core.Common;

/// <summary>
/// The byte keys by which every searched or unique text is compared (design D3): database collations differ in case, trailing
/// blanks and order, bytes do not. Byte order of UTF-8 is code point order.
/// </summary>
public static class TextKey
{
    /// <summary>Kept in the database; a change of <see cref="Fold"/> needs a new number and a rewrite of the keys.</summary>
    public const int FoldVersion = 1;

    /// <summary>Longest searchable text, in UTF-16 code units.</summary>
    public const int MaxLength = 256;

    /// <summary>Longest key, in bytes: index rows have limits on every engine.</summary>
    public const int MaxBytes = 1000;

    /// <summary>UTF-8 of the text as it is, for case-exact comparison.</summary>
    public static byte[] Exact(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>UTF-8 of <see cref="FoldText"/>, for comparison without regard to case.</summary>
    public static byte[] Fold(string text) => Encoding.UTF8.GetBytes(FoldText(text));

    /// <summary>
    /// Width-mapped, case-mapped, NFC (after PRECIS UsernameCaseMapped, RFC 8265 3.3). Upper, then lower case, so that letters
    /// with two lower-case forms (final sigma) meet. Text that is not storable folds too (normalization would throw on it): what is
    /// no character becomes U+FFFD.
    /// </summary>
    public static string FoldText(string text)
    {
        if (Ascii.IsValid(text)) return text.ToLowerInvariant();
        var mapped = string.Create(text.Length, text, static (target, source) =>
        {
            for (var i = 0; i < source.Length; i++)
                target[i] = source[i] is >= '\uFF01' and <= '\uFF5E'
                    ? (char)(source[i] - 0xFEE0)
                    : IsCharacter(source, i) ? source[i] : '\uFFFD';
        });
        return mapped.Normalize(NormalizationForm.FormC).ToUpperInvariant().ToLowerInvariant().Normalize(NormalizationForm.FormC);
    }

    /// <summary>Whether the text can be kept in a searchable column: at most 256 characters and 1,000 bytes.</summary>
    public static bool Fits(string text) =>
        text.Length <= MaxLength && Encoding.UTF8.GetByteCount(text) <= MaxBytes && Encoding.UTF8.GetByteCount(FoldText(text)) <= MaxBytes;

    /// <summary>
    /// Whether the text has no U+0000 (PostgreSQL cannot store it), no lone surrogate (it is no Unicode text) and no U+FFFE (the
    /// platform refuses to normalize it).
    /// </summary>
    public static bool IsStorable(string text)
    {
        for (var i = 0; i < text.Length; i++)
            if (text[i] == '\0' || !IsCharacter(text, i)) return false;
        return true;
    }

    private static bool IsCharacter(string text, int at)
    {
        var c = text[at];
        if (char.IsHighSurrogate(c)) return at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]);
        if (char.IsLowSurrogate(c)) return at > 0 && char.IsHighSurrogate(text[at - 1]);
        return c != '\uFFFE';
    }
}
