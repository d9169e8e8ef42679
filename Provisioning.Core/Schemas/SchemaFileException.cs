namespace Provisioning.Core.Schemas;

/// <summary>A schema file that cannot be obeyed: the service refuses to start (design D4).</summary>
public sealed class SchemaFileException(string file, string pointer, string reason)
    : Exception($"{file}{(pointer.Length == 0 ? "" : "#" + pointer)}: {reason}")
{
    /// <summary>The file, relative to the folder that was loaded.</summary>
    public string File { get; } = file;

    /// <summary>The place in it, as a JSON pointer (RFC 6901); empty for the file as a whole.</summary>
    public string Pointer { get; } = pointer;

    public string Reason { get; } = reason;
}
