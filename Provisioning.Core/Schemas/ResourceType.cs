using System.Collections.Frozen;
using System.Text.Json.Nodes;

namespace Provisioning.Core.Schemas;

/// <summary>A resource type: its base schema, its extensions, and the names that lead to their attributes (RFC 7643 6).</summary>
public sealed class ResourceType
{
    private readonly JsonObject json;
    private readonly FrozenSet<string> shown;

    internal ResourceType(string name, string endpoint, SchemaDefinition schema, IReadOnlyList<SchemaExtension> extensions, JsonObject json)
    {
        Name = name;
        Endpoint = endpoint;
        Schema = schema;
        Extensions = extensions;
        this.json = json;
        shown = CommonAttributes.All.Concat(schema.Attributes).Where(IsShown).Select(attribute => attribute.Name)
            .Concat(extensions.Where(extension => extension.Schema.Attributes.All(IsShown)).Select(extension => extension.Schema.Id))
            .ToFrozenSet(StringComparer.Ordinal);
    }

    /// <summary>Whether nothing that is kept is left out of an answer by default. Write-only attributes are not kept.</summary>
    public bool ShowsAllByDefault => Schema.Attributes.Concat(Extensions.SelectMany(extension => extension.Schema.Attributes))
        .All(attribute => attribute.Mutability == Mutability.WriteOnly || IsShown(attribute));

    /// <summary>Whether all of a root attribute or extension is returned when nothing in particular was asked for.</summary>
    /// <param name="topLevelName">Its canonical name.</param>
    public bool IsShownByDefault(string topLevelName) => shown.Contains(topLevelName);

    private static bool IsShown(AttributeDefinition attribute) =>
        attribute.Returned is Returned.Default or Returned.Always && attribute.SubAttributes.All(IsShown);

    /// <summary>The value of <c>meta.resourceType</c>.</summary>
    public string Name { get; }

    /// <summary>Relative to the base URL, with a leading slash.</summary>
    public string Endpoint { get; }

    public SchemaDefinition Schema { get; }
    public IReadOnlyList<SchemaExtension> Extensions { get; }

    /// <summary>A fresh copy of the file's JSON, without <c>meta</c>, which the edge adds.</summary>
    public JsonObject ToJson() => (JsonObject)json.DeepClone();

    /// <summary>An extension by its URN in any letter case; null when this type has none of that name.</summary>
    public SchemaDefinition? Extension(string urn) =>
        Extensions.FirstOrDefault(extension => extension.Schema.Id.Equals(urn, StringComparison.OrdinalIgnoreCase))?.Schema;

    /// <summary>A common or base attribute by its bare name in any letter case; null when there is none.</summary>
    public AttributeDefinition? CoreAttribute(string name) => CommonAttributes.Find(name) ?? Schema.Attribute(name);

    /// <summary>
    /// Finds an attribute by <c>name</c>, <c>name.sub</c>, <c>urn:name.sub</c> or an extension's URN alone, in any letter case
    /// (RFC 7644 3.10). A bare name is looked for among the common and base attributes, then in the extensions, where it must be
    /// in exactly one (checklist F14). Null when nothing has the name.
    /// </summary>
    public AttributePath? Resolve(string path)
    {
        if (path.Length == 0) return null;
        if (Extension(path) is { } whole) return new AttributePath(whole, null, null);
        foreach (var extension in Extensions)
            if (After(path, extension.Schema.Id) is { } name) return Within(extension.Schema, name);
        if (After(path, Schema.Id) is { } core) return Core(core);
        if (path.Contains(':', StringComparison.Ordinal)) return null;
        return Core(path) ?? InOneExtension(path);
    }

    /// <summary>Whether the path starts with a URI that is neither the base schema nor an extension of this type.</summary>
    public bool NamesUnknownSchema(string path) =>
        path.Contains(':', StringComparison.Ordinal)
        && !path.StartsWith(Schema.Id, StringComparison.OrdinalIgnoreCase)
        && Extension(path) is null
        && !Extensions.Any(extension => After(path, extension.Schema.Id) is not null);

    private static string? After(string path, string urn) =>
        path.Length > urn.Length + 1 && path[urn.Length] == ':' && path.StartsWith(urn, StringComparison.OrdinalIgnoreCase)
            ? path[(urn.Length + 1)..]
            : null;

    private AttributePath? Core(string name)
    {
        var (first, rest) = Split(name);
        return CoreAttribute(first) is { } attribute ? Path(null, attribute, rest) : null;
    }

    private static AttributePath? Within(SchemaDefinition extension, string name)
    {
        var (first, rest) = Split(name);
        return extension.Attribute(first) is { } attribute ? Path(extension, attribute, rest) : null;
    }

    private AttributePath? InOneExtension(string name)
    {
        AttributePath? found = null;
        foreach (var extension in Extensions)
        {
            if (Within(extension.Schema, name) is not { } path) continue;
            if (found is not null) return null;
            found = path;
        }
        return found;
    }

    private static AttributePath? Path(SchemaDefinition? extension, AttributeDefinition attribute, string? rest)
    {
        if (rest is null) return new AttributePath(extension, attribute, null);
        return attribute.Sub(rest) is { } sub ? new AttributePath(extension, attribute, sub) : null;
    }

    private static (string First, string? Remainder) Split(string name)
    {
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? (name, null) : (name[..dot], name[(dot + 1)..]);
    }
}
