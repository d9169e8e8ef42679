using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Provisioning.Core.Common;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Directory;

/// <summary>What the identity provider pushed about a person; SCIM reads and writes only entries (rule SCIM-0).</summary>
/// <param name="Active">As sent last.</param>
/// <param name="Stored">Every attribute as sent, in canonical names; without id, meta, groups and the seat extension.</param>
/// <param name="Member">The member that follows this entry; null while staged (rule SCIM-1).</param>
public sealed record DirectoryEntry(
    ResourceId Id, OrganizationId Organization, string UserName, string? ExternalId, bool Active, StoredJson Stored,
    long Version, DateTimeOffset Created, DateTimeOffset LastModified, MemberId? Member)
{
    public JsonObject Attributes => Stored.Tree;
}

/// <summary>What a create, replace or patch wants an entry to be.</summary>
/// <param name="Active">Null: not said; true on create, unchanged otherwise (checklist U3, W6).</param>
public sealed record EntryContent(string UserName, string? ExternalId, bool? Active, JsonObject Attributes)
{
    /// <summary>Reads the content out of a resource in canonical names.</summary>
    public static EntryContent Of(JsonObject attributes) => new(
        (string)attributes["userName"]!, (string?)attributes["externalId"], (bool?)attributes["active"], attributes);

    /// <summary>The name a person is shown by: displayName, else name.formatted; never made up.</summary>
    public string? DisplayName => (string?)Attributes["displayName"] ?? (string?)(Attributes["name"] as JsonObject)?["formatted"];
}

/// <summary>Which address a sign-in is matched by (rule SCIM-15).</summary>
public static partial class MatchEmail
{
    /// <summary>The primary or else the work address, if it is an address at all; else the userName when it is one; else none.</summary>
    public static string? Of(EntryContent content)
    {
        var emails = (content.Attributes["emails"] as JsonArray)?.OfType<JsonObject>().ToList() ?? [];
        var chosen = emails.Find(email => email["primary"] is JsonValue primary && primary.TryGetValue<bool>(out var yes) && yes)
            ?? emails.Find(email => string.Equals((string?)email["type"], "work", StringComparison.OrdinalIgnoreCase));
        if (EmailAddress.TryParse((string?)chosen?["value"], out var address)) return address.Normalized;
        return EmailAddress.TryParse(content.UserName, out address) ? address.Normalized : null;
    }

    /// <summary>
    /// Whether the match address follows this change: not while inactive, and not when Entra's soft delete renames
    /// <c>old</c> to 32 hexadecimal digits followed by <c>old</c>.
    /// </summary>
    public static bool Follows(string oldUserName, EntryContent content, bool active) =>
        active && !(SoftDeleted().IsMatch(content.UserName)
            && content.UserName.AsSpan(32).Equals(oldUserName, StringComparison.OrdinalIgnoreCase));

    [GeneratedRegex("^[0-9a-fA-F]{32}")]
    private static partial Regex SoftDeleted();
}
