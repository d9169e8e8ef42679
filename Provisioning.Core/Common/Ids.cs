using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Provisioning.Core.Common;

/// <summary>An identifier: 128 bits, made by us, never reused, sorting by creation (UUID version 7, RFC 9562 6.2 method 3).</summary>
public interface IId<TSelf> where TSelf : struct, IId<TSelf>
{
    /// <summary>What the written form starts with, for example <c>mem_</c>; empty for SCIM ids.</summary>
    static abstract string Prefix { get; }

    static abstract TSelf From(Guid value);

    Guid Value { get; }
}

/// <summary>Makes, writes and reads identifiers.</summary>
public static class Ids
{
    /// <summary>A new identifier of the current instant; two made by one process in one microsecond differ in 62 random bits.</summary>
    public static T New<T>(TimeProvider time) where T : struct, IId<T> => T.From(NewGuid(time));

    /// <summary>A time-ordered UUID: 48 bits of milliseconds, 12 bits of their fraction, 62 random bits.</summary>
    public static Guid NewGuid(TimeProvider time)
    {
        var ticks = time.GetUtcNow().UtcTicks - DateTime.UnixEpoch.Ticks;
        var milliseconds = ticks / TimeSpan.TicksPerMillisecond;
        var fraction = (ushort)((ticks % TimeSpan.TicksPerMillisecond) * 4096 / TimeSpan.TicksPerMillisecond);
        Span<byte> bytes = stackalloc byte[16];
        RandomBytes.Fill(bytes[8..]);
        BinaryPrimitives.WriteInt64BigEndian(bytes, milliseconds << 16);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[6..], (ushort)(0x7000 | fraction));
        bytes[8] = (byte)(0x80 | (bytes[8] & 0x3F));
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>The written form: the prefix, then the UUID in lower-case hexadecimal with hyphens.</summary>
    public static string Text<T>(T id) where T : struct, IId<T> => T.Prefix + id.Value.ToString("D");

    /// <summary>Reads exactly what <see cref="Text{T}"/> writes: identifiers are case-exact (RFC 7643 3.1).</summary>
    public static bool TryParse<T>([NotNullWhen(true)] string? text, out T id) where T : struct, IId<T>
    {
        if (text is not null && text.StartsWith(T.Prefix, StringComparison.Ordinal)
            && Guid.TryParseExact(text.AsSpan(T.Prefix.Length), "D", out var value)
            && text.AsSpan(T.Prefix.Length).SequenceEqual(value.ToString("D")))
        {
            id = T.From(value);
            return true;
        }
        id = default;
        return false;
    }

    /// <summary>The 16 bytes kept in the database, big-endian, so that byte order is creation order.</summary>
    public static byte[] ToBytes<T>(T id) where T : struct, IId<T> => id.Value.ToByteArray(bigEndian: true);
}

/// <summary>An organisation: one tenant.</summary>
public readonly record struct OrganizationId(Guid Value) : IId<OrganizationId>
{
    public static string Prefix => "org_";
    public static OrganizationId From(Guid value) => new(value);
    public override string ToString() => Ids.Text(this);
}

/// <summary>A member of an organisation.</summary>
public readonly record struct MemberId(Guid Value) : IId<MemberId>
{
    public static string Prefix => "mem_";
    public static MemberId From(Guid value) => new(value);
    public override string ToString() => Ids.Text(this);
}

/// <summary>A SCIM resource, user or group: one space of ids over all resource types (RFC 7643 3.1).</summary>
public readonly record struct ResourceId(Guid Value) : IId<ResourceId>
{
    public static string Prefix => "";
    public static ResourceId From(Guid value) => new(value);
    public override string ToString() => Ids.Text(this);
}

/// <summary>A bearer token's row (never the secret).</summary>
public readonly record struct TokenId(Guid Value) : IId<TokenId>
{
    public static string Prefix => "tok_";
    public static TokenId From(Guid value) => new(value);
    public override string ToString() => Ids.Text(this);
}

/// <summary>A connection: a gateway or an identity provider that vouches for people.</summary>
public readonly record struct ConnectionId(Guid Value) : IId<ConnectionId>
{
    public static string Prefix => "con_";
    public static ConnectionId From(Guid value) => new(value);
    public override string ToString() => Ids.Text(this);
}

/// <summary>A domain of an organisation.</summary>
public readonly record struct DomainId(Guid Value) : IId<DomainId>
{
    public static string Prefix => "dom_";
    public static DomainId From(Guid value) => new(value);
    public override string ToString() => Ids.Text(this);
}

/// <summary>A seat hold: one seat reserved for a pending invitation.</summary>
public readonly record struct SeatHoldId(Guid Value) : IId<SeatHoldId>
{
    public static string Prefix => "hld_";
    public static SeatHoldId From(Guid value) => new(value);
    public override string ToString() => Ids.Text(this);
}

/// <summary>Suspensions that the mass-removal guard holds back (rule SCIM-14).</summary>
public readonly record struct ParkedEffectId(Guid Value) : IId<ParkedEffectId>
{
    public static string Prefix => "prk_";
    public static ParkedEffectId From(Guid value) => new(value);
    public override string ToString() => Ids.Text(this);
}

/// <summary>What an owner was shown before a change of mode or mapping (rule SCIM-12).</summary>
public readonly record struct PreviewId(Guid Value) : IId<PreviewId>
{
    public static string Prefix => "prv_";
    public static PreviewId From(Guid value) => new(value);
    public override string ToString() => Ids.Text(this);
}

/// <summary>A walk over everybody of an organisation: a sync, or the apply of a preview.</summary>
public readonly record struct DirectoryRunId(Guid Value) : IId<DirectoryRunId>
{
    public static string Prefix => "run_";
    public static DirectoryRunId From(Guid value) => new(value);
    public override string ToString() => Ids.Text(this);
}

/// <summary>An invitation.</summary>
public readonly record struct InvitationId(Guid Value) : IId<InvitationId>
{
    public static string Prefix => "ivt_";
    public static InvitationId From(Guid value) => new(value);
    public override string ToString() => Ids.Text(this);
}

/// <summary>A unit of work; its receipt has this id.</summary>
public readonly record struct UnitId(Guid Value) : IId<UnitId>
{
    public static string Prefix => "unit_";
    public static UnitId From(Guid value) => new(value);
    public override string ToString() => Ids.Text(this);
}

/// <summary>A session of a signed-in member; applications know it by this id, the browser by a secret of its own.</summary>
public readonly record struct SessionId(Guid Value) : IId<SessionId>
{
    public static string Prefix => "ses_";
    public static SessionId From(Guid value) => new(value);
    public override string ToString() => Ids.Text(this);
}
