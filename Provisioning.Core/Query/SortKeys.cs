using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Provisioning.Core.Common;

namespace Provisioning.Core.Query;

/// <summary>
/// The value by which a resource is sorted, as bytes in that order: the oracle of the ORDER BY of SQL. Of a multi-valued attribute the
/// primary value counts, else the first (RFC 7644 3.4.2.3, checklist S1).
/// </summary>
public static class SortKeys
{
    /// <summary>Digits after the point of the finest decimal.</summary>
    private const int Scale = 28;

    /// <summary>Above every decimal in units of its finest digit: 2^96 times 10^28 is below 2^190.</summary>
    private static readonly BigInteger Offset = BigInteger.One << 190;

    /// <summary>Null when the resource has no value of the path's kind there.</summary>
    /// <param name="resource">The whole representation in canonical names.</param>
    public static byte[]? Of(BoundPath path, JsonObject resource)
    {
        JsonNode? node = resource;
        foreach (var step in path.Steps) node = Chosen(node) is JsonObject json ? json[step] : null;
        return Chosen(node) is { } value ? Bytes(path, value) : null;
    }

    /// <summary>What has no value comes last ascending and first descending; equal values are in order of creation.</summary>
    public static int Compare((byte[]? Key, Guid Id) one, (byte[]? Key, Guid Id) other, bool descending)
    {
        var order = (one.Key, other.Key) switch
        {
            (null, null) => 0,
            (null, _) => 1,
            (_, null) => -1,
            _ => one.Key.AsSpan().SequenceCompareTo(other.Key),
        };
        if (order != 0) return descending ? -order : order;
        return one.Id.ToByteArray(bigEndian: true).AsSpan().SequenceCompareTo(other.Id.ToByteArray(bigEndian: true));
    }

    /// <summary>The instant behind the key of a dateTime path.</summary>
    public static DateTimeOffset Instant(ReadOnlySpan<byte> key) => new(BinaryPrimitives.ReadInt64BigEndian(key), TimeSpan.Zero);

    private static JsonNode? Chosen(JsonNode? node) => node is not JsonArray array
        ? node
        : array.FirstOrDefault(element => element is JsonObject json && json["primary"]?.GetValueKind() == JsonValueKind.True)
            ?? array.FirstOrDefault(element => element is not null);

    private static byte[]? Bytes(BoundPath path, JsonNode value)
    {
        switch (path.Kind, value.GetValueKind())
        {
            case (ValueKind.Text or ValueKind.Reference or ValueKind.Binary, JsonValueKind.String):
                return path.CaseExact ? TextKey.Exact(value.GetValue<string>()) : TextKey.Fold(value.GetValue<string>());
            case (ValueKind.Boolean, JsonValueKind.True):
                return [1];
            case (ValueKind.Boolean, JsonValueKind.False):
                return [0];
            case (ValueKind.DateTime, JsonValueKind.String) when XsdDateTime.TryParse(value.GetValue<string>(), out var instant):
                var ticks = new byte[8];
                BinaryPrimitives.WriteInt64BigEndian(ticks, instant.UtcTicks);
                return ticks;
            case (ValueKind.Integer or ValueKind.Decimal, JsonValueKind.Number)
                when decimal.TryParse(value.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number):
                return Bytes(number);
            default:
                return null;
        }
    }

    private static byte[] Bytes(decimal number)
    {
        var parts = decimal.GetBits(number);
        var digits = new BigInteger((uint)parts[2]) << 64 | new BigInteger((uint)parts[1]) << 32 | (uint)parts[0];
        digits *= BigInteger.Pow(10, Scale - (parts[3] >> 16 & 0xFF));
        var bytes = new byte[24];
        var written = (Offset + (number < 0 ? -digits : digits)).ToByteArray(isUnsigned: true, isBigEndian: true);
        written.CopyTo(bytes, bytes.Length - written.Length);
        return bytes;
    }
}
