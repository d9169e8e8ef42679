namespace Provisioning.Api.Configuration;

/// <summary>How the SCIM door answers.</summary>
public sealed record ScimSettings
{
    /// <summary>A PATCH of a group answers with a body up to this many members, above with 204; 0 = always 204.</summary>
    public int GroupPatchBodyLimit { get; init; } = 100;

    /// <summary>How long a cursor can be used, in seconds.</summary>
    public int CursorSeconds { get; init; } = 3600;

    /// <summary>The folder of the schema files; relative to the folder of the program.</summary>
    public string SchemaFolder { get; init; } = "scim-schemas";
}
