namespace Provisioning.Core.Common;

/// <summary>A slice of a list, and where the next one starts.</summary>
/// <param name="Next">The last key of this page when there is more, else null; opaque once it left the service.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>Opaque cursors of the REST lists: the last key of the page before, in unreserved characters.</summary>
public static class Cursor
{
    /// <summary>Writes a key as a cursor.</summary>
    public static string Write(ReadOnlySpan<byte> key) =>
        Convert.ToBase64String(key).Replace('+', '-').Replace('/', '_').TrimEnd('=');

    /// <summary>Reads a cursor of exactly <paramref name="length"/> bytes; null stays null (the first page).</summary>
    public static Outcome<byte[]?> Read(string? cursor, int length)
    {
        if (string.IsNullOrEmpty(cursor)) return (byte[]?)null;
        var text = cursor.Replace('-', '+').Replace('_', '/');
        text = text.PadRight(text.Length + ((4 - (text.Length % 4)) % 4), '=');
        var key = new byte[length];
        if (text.Length > 2 * length + 8 || !Convert.TryFromBase64String(text, new byte[text.Length], out var written) || written != length)
            return new InvalidCursor("The cursor is not one this list gave out; start again without it.");
        Convert.TryFromBase64String(text, key, out _);
        return key;
    }
}
