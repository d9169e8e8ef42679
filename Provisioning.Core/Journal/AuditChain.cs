using System.Buffers.Binary;
using System.Security.Cryptography;
using Provisioning.Core.Common;

namespace Provisioning.Core.Journal;

/// <summary>What the chain covers of an audit record, beside the digest of its detail (domain.md section 11).</summary>
public sealed record ChainedRecord(
    Guid Id, OrganizationId Organization, DateTimeOffset At, string ActorKind, string ActorId, string Channel, string Action, Target Target,
    string? Reason, string CorrelationId);

/// <summary>The part of an audit record that may hold personal data, as it is kept.</summary>
/// <param name="Salt">16 random bytes: without them nobody can try out what an erased detail said.</param>
/// <param name="ErasedBy">The erasure that emptied it; null while it is there.</param>
public sealed record AuditDetail(byte[] Salt, string? Before, string? After, Guid? ErasedBy);

/// <summary>
/// The hash chain over an organisation's audit records: each link is SHA-256 over the link before it, the sequence number, the fields
/// of the record, and the digest of its detail. Every field is written with its length, so no two records have the same bytes.
/// </summary>
public static class AuditChain
{
    /// <summary>The link before the first record.</summary>
    public static byte[] Start(OrganizationId organization) => SHA256.HashData([.. "provisioning audit chain 1"u8, .. Ids.ToBytes(organization)]);

    public static byte[] Next(ReadOnlySpan<byte> previous, long sequence, ChainedRecord record, byte[]? detailDigest)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(previous);
        Append(hash, sequence);
        hash.AppendData(record.Id.ToByteArray(bigEndian: true));
        hash.AppendData(Ids.ToBytes(record.Organization));
        Append(hash, Instants.ToMicroseconds(record.At));
        foreach (var text in (string?[])[record.ActorKind, record.ActorId, record.Channel, record.Action, record.Target.Kind, record.Target.Id, record.Reason, record.CorrelationId])
            Append(hash, text is null ? null : TextKey.Exact(text));
        Append(hash, detailDigest);
        return hash.GetHashAndReset();
    }

    /// <summary>The salted digest that stands for a detail in the chain, also after the detail is erased.</summary>
    public static byte[] Digest(AuditDetail detail)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(detail.Salt);
        Append(hash, detail.Before is null ? null : TextKey.Exact(detail.Before));
        Append(hash, detail.After is null ? null : TextKey.Exact(detail.After));
        return hash.GetHashAndReset();
    }

    /// <summary>Stands in the record of an erasure for the details that it emptied, so that no other detail can be passed off as erased.</summary>
    /// <param name="records">In any order.</param>
    public static string DigestOfErased(IEnumerable<Guid> records)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var id in records.Select(id => Convert.ToHexString(id.ToByteArray(bigEndian: true))).Order(StringComparer.Ordinal)) hash.AppendData(TextKey.Exact(id));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Append(IncrementalHash hash, byte[]? bytes)
    {
        Append(hash, bytes?.Length ?? -1L);
        if (bytes is not null) hash.AppendData(bytes);
    }

    private static void Append(IncrementalHash hash, long number)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        hash.AppendData(bytes);
    }
}
