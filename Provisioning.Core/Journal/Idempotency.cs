using System.Security.Cryptography;
using Provisioning.Core.Common;

namespace Provisioning.Core.Journal;

/// <summary>An Idempotency-Key with what was asked under it (rule I-13).</summary>
/// <param name="Id">Made of caller and key, so that a replay meets the receipt.</param>
public sealed record Idempotency(UnitId Id, byte[] RequestHash)
{
    /// <summary>The same caller and key give the same id, on every node.</summary>
    public static Idempotency Of(string caller, string key, ReadOnlySpan<byte> request)
    {
        var digest = SHA256.HashData(TextKey.Exact($"{caller}\n{key}"));
        return new Idempotency(new UnitId(new Guid(digest.AsSpan(0, 16), bigEndian: true)), SHA256.HashData(request));
    }
}

/// <summary>What makes a unit one unit: its id, its instant and, when a client named it, a digest of the request.</summary>
public sealed record WriteStamp(UnitId Unit, DateTimeOffset Now, byte[]? RequestHash = null)
{
    public static WriteStamp Of(TimeProvider time, Idempotency? idempotency = null) =>
        new(idempotency?.Id ?? Ids.New<UnitId>(time), Instants.Now(time), idempotency?.RequestHash);
}
