using System.Security.Cryptography;

namespace Provisioning.Core.Common;

/// <summary>Random bytes for ids and salts: fetched from the system's generator in blocks, because each call to it costs a microsecond. Secrets are not made of them.</summary>
internal static class RandomBytes
{
    private const int Block = 1024;

    [ThreadStatic]
    private static byte[]? block;

    [ThreadStatic]
    private static int used;

    /// <summary>At most 64 bytes, each given out once.</summary>
    public static void Fill(Span<byte> target)
    {
        block ??= new byte[Block];
        if (used == 0 || used + target.Length > Block)
        {
            RandomNumberGenerator.Fill(block);
            used = 0;
        }
        block.AsSpan(used, target.Length).CopyTo(target);
        used += target.Length;
    }

    public static byte[] Get(int count)
    {
        var bytes = new byte[count];
        Fill(bytes);
        return bytes;
    }
}
