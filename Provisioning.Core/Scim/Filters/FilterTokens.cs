using System.Text;

namespace Provisioning.Core.Scim.Filters;

internal enum TokenKind { End, Open, Close, OpenBracket, CloseBracket, Word, Text, Bad }

/// <param name="At">Position of the first character, from 0.</param>
/// <param name="Text">The word, the decoded string, or what is wrong.</param>
/// <param name="Spaced">Whether blanks stand before it.</param>
internal readonly record struct Token(TokenKind Kind, int At, string Text, bool Spaced);

/// <summary>Cuts a filter or path into tokens; never throws.</summary>
internal sealed class FilterTokens
{
    private readonly string text;
    private int at;

    public FilterTokens(string text)
    {
        this.text = text;
        Current = Read();
    }

    public Token Current { get; private set; }

    public Token Take()
    {
        var token = Current;
        Current = Read();
        return token;
    }

    private Token Read()
    {
        var before = at;
        while (at < text.Length && text[at] is ' ' or '\t' or '\r' or '\n') at++;
        var spaced = at > before;
        var start = at;
        if (at == text.Length) return new Token(TokenKind.End, start, "the end", spaced);
        switch (text[at])
        {
            case '(': at++; return new Token(TokenKind.Open, start, "(", spaced);
            case ')': at++; return new Token(TokenKind.Close, start, ")", spaced);
            case '[': at++; return new Token(TokenKind.OpenBracket, start, "[", spaced);
            case ']': at++; return new Token(TokenKind.CloseBracket, start, "]", spaced);
            case '"': return Quoted(start, spaced);
        }
        while (at < text.Length && IsWord(text[at])) at++;
        if (at > start) return new Token(TokenKind.Word, start, text[start..at], spaced);
        at++;
        return new Token(TokenKind.Bad, start, $"the character '{text[start]}'", spaced);
    }

    /// <summary>
    /// Names, URNs, operators, numbers and unquoted literals; never a single quote, which some clients mistake for a quotation mark.
    /// </summary>
    private static bool IsWord(char c) =>
        char.IsLetterOrDigit(c) || char.IsSurrogate(c) || "-_.:$@+/=~%#!&*|".Contains(c, StringComparison.Ordinal);

    private Token Quoted(int start, bool spaced)
    {
        for (at = start + 1; at < text.Length && text[at] != '"'; at++)
            if (text[at] == '\\') at++;
        if (at >= text.Length)
        {
            at = text.Length;
            return new Token(TokenKind.Bad, start, "a string without an end", spaced);
        }
        at++;
        return JsonString.TryRead(text.AsSpan(start, at - start), out var value)
            ? new Token(TokenKind.Text, start, value, spaced)
            : new Token(TokenKind.Bad, start, "a string that is not JSON, or holds U+0000 or half a surrogate pair", spaced);
    }
}

/// <summary>Decodes one JSON string with its quotation marks.</summary>
internal static class JsonString
{
    public static bool TryRead(ReadOnlySpan<char> quoted, out string value)
    {
        value = "";
        var decoded = new StringBuilder(quoted.Length);
        for (var i = 1; i < quoted.Length - 1; i++)
        {
            var c = quoted[i];
            if (c < ' ') return false;
            if (c != '\\')
            {
                decoded.Append(c);
                continue;
            }
            i++;
            if (i >= quoted.Length - 1) return false;
            switch (quoted[i])
            {
                case '"' or '\\' or '/': decoded.Append(quoted[i]); break;
                case 'b': decoded.Append('\b'); break;
                case 'f': decoded.Append('\f'); break;
                case 'n': decoded.Append('\n'); break;
                case 'r': decoded.Append('\r'); break;
                case 't': decoded.Append('\t'); break;
                case 'u' when i + 4 < quoted.Length - 1 && ushort.TryParse(
                    quoted.Slice(i + 1, 4), System.Globalization.NumberStyles.AllowHexSpecifier, null, out var unit):
                    decoded.Append((char)unit);
                    i += 4;
                    break;
                default: return false;
            }
        }
        value = decoded.ToString();
        return Common.TextKey.IsStorable(value);
    }
}
