using Provisioning.Core.Common;

namespace Provisioning.Core.Storage;

/// <summary>Conversions between what the database keeps and what the rooms use.</summary>
internal static class Rows
{
    public static T Id<T>(byte[] bytes) where T : struct, IId<T> => T.From(new Guid(bytes, bigEndian: true));

    public static T? OptionalId<T>(byte[]? bytes) where T : struct, IId<T> => bytes is null ? null : Id<T>(bytes);

    public static byte[]? OptionalBytes<T>(T? id) where T : struct, IId<T> => id is { } value ? Ids.ToBytes(value) : null;

    public static DateTimeOffset? OptionalInstant(long? microseconds) => microseconds is { } value ? Instants.FromMicroseconds(value) : null;

    public static long? OptionalMicroseconds(DateTimeOffset? instant) => instant is { } value ? Instants.ToMicroseconds(value) : null;

    public static byte[]? OptionalFold(string? text) => text is null ? null : TextKey.Fold(text);

    public static byte[]? OptionalExact(string? text) => text is null ? null : TextKey.Exact(text);

    public static T? OptionalWord<T>(string? word) where T : struct, Enum => word is null ? null : Words.Parse<T>(word);

    public static int Flag(bool value) => value ? 1 : 0;
}
