namespace Provisioning.Api.Configuration;

/// <summary>How the SCIM door answers.</summary>
public sealed record ScimSettings
{
    /// <summary>A PATCH of a group answers with a body up to this many members, above with 204; 0 = always 204.</summary>
    public int GroupPatchBodyLimit { get; init; } = 100;
}
