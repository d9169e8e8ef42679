using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;

namespace Provisioning.Core.Scim.Operations;

/// <summary>Makes bytes unreadable and unforgeable for everybody but the nodes of this service.</summary>
public interface ICursorSeal
{
    /// <returns>Only characters that a URL takes as they are (RFC 9865 2).</returns>
    string Close(byte[] content);

    /// <summary>Null for what was not closed here.</summary>
    byte[]? Open(string text);
}

/// <summary>Where a list by cursor goes on.</summary>
/// <param name="Type">Of a list over several types: which of them, from 0.</param>
public sealed record CursorPlace(int Type, ListPosition? Position);

/// <summary>
/// The cursors of lists (RFC 9865): nothing is kept between pages. A cursor holds the place of the last resource, is sealed, ends after
/// a while, and fits only the request it was made for: caller, endpoint and parameters (checklist K4, K5, K12).
/// </summary>
public sealed class ListCursors(ICursorSeal seal, ScimLimits limits, TimeProvider time)
{
    private const byte Form = 1;
    private const int TimeAt = 1, CountAt = 9, RequestAt = 13, TypeAt = 45, HasKeyAt = 46, IdAt = 47, KeyAt = 63;

    public string Write(ScimCaller caller, string endpoint, ListParameters asked, int count, CursorPlace place)
    {
        var key = place.Position?.Key;
        var content = new byte[KeyAt + (key?.Length ?? 0)];
        content[0] = Form;
        BinaryPrimitives.WriteInt64BigEndian(content.AsSpan(TimeAt), time.GetUtcNow().UtcTicks);
        BinaryPrimitives.WriteInt32BigEndian(content.AsSpan(CountAt), count);
        Digest(caller, endpoint, asked).CopyTo(content, RequestAt);
        content[TypeAt] = (byte)place.Type;
        content[HasKeyAt] = (byte)((place.Position is null ? 0 : 1) | (key is null ? 0 : 2));
        if (place.Position is not null) Ids.ToBytes(place.Position.Id).CopyTo(content, IdAt);
        key?.CopyTo(content, KeyAt);
        return seal.Close(content);
    }

    /// <summary>
    /// Not ours, of another caller, endpoint or parameters: <see cref="InvalidCursor"/>, which says no more. Too old:
    /// <see cref="ExpiredCursor"/>. Another count: <see cref="InvalidCount"/> (checklist K3).
    /// </summary>
    public Outcome<CursorPlace> Read(ScimCaller caller, string endpoint, ListParameters asked, int count)
    {
        if (string.IsNullOrEmpty(asked.Cursor)) return new CursorPlace(0, null);
        if (seal.Open(asked.Cursor) is not { Length: >= KeyAt } content || content[0] != Form
            || !CryptographicOperations.FixedTimeEquals(content.AsSpan(RequestAt, 32), Digest(caller, endpoint, asked)))
            return new InvalidCursor("The cursor is not one this list gave out for these parameters; start again with an empty cursor.");
        if (time.GetUtcNow().UtcTicks - BinaryPrimitives.ReadInt64BigEndian(content.AsSpan(TimeAt)) > limits.CursorLife.Ticks) return new ExpiredCursor("The cursor is too old; start again with an empty cursor.");
        var before = BinaryPrimitives.ReadInt32BigEndian(content.AsSpan(CountAt));
        if (before != count) return new InvalidCount($"'count' must be {before}, as in the request that gave out this cursor.");
        var flags = content[HasKeyAt];
        return new CursorPlace(content[TypeAt], (flags & 1) == 0 ? null : new ListPosition(
            (flags & 2) == 0 ? null : content[KeyAt..], ResourceId.From(new Guid(content.AsSpan(IdAt, 16), bigEndian: true))));
    }

    private static byte[] Digest(ScimCaller caller, string endpoint, ListParameters asked)
    {
        var text = new StringBuilder();
        foreach (var part in (string?[])
            [
                caller.Organization.Id.ToString(), caller.Actor.Id, endpoint, asked.Filter, asked.SortBy, asked.SortOrder, asked.Attributes,
                asked.ExcludedAttributes,
            ])
            text.Append(part is null ? "-" : part.Length.ToString(System.Globalization.CultureInfo.InvariantCulture)).Append(':').Append(part);
        return SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()));
    }
}
