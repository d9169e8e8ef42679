using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Schemas;

namespace Provisioning.Core.Scim.Resources;

/// <summary>
/// Which attributes an answer has: <c>attributes</c> or <c>excludedAttributes</c> (RFC 7644 3.9) against what the schemas say (<see
/// cref="ReturnTable"/>).
/// </summary>
public sealed class Projection
{
    private readonly ResourceType type;
    private readonly bool excludes;
    private readonly HashSet<string> names;

    private Projection(ResourceType type, bool isDefault, bool excludes, HashSet<string> names)
    {
        this.type = type;
        IsDefault = isDefault;
        this.excludes = excludes;
        this.names = names;
    }

    /// <summary>Whether the request asked for nothing in particular.</summary>
    public bool IsDefault { get; }

    /// <summary>The projection of a request that names neither parameter.</summary>
    public static Projection Default(ResourceType type) => new(type, isDefault: true, excludes: false, []);

    /// <summary>
    /// Both parameters: <see cref="InvalidValue"/> (checklist R8). Unknown names are ignored, also the only ones (R9); the value path
    /// form <c>emails[type eq "work"]</c> counts as <c>emails</c>.
    /// </summary>
    /// <param name="attributes">Comma-separated, null or blank when absent.</param>
    /// <param name="excludedAttributes">Comma-separated, null or blank when absent.</param>
    public static Outcome<Projection> Parse(ResourceType type, string? attributes, string? excludedAttributes)
    {
        var isNamed = !string.IsNullOrWhiteSpace(attributes);
        var isExcluded = !string.IsNullOrWhiteSpace(excludedAttributes);
        if (isNamed && isExcluded) return new InvalidValue("Only one of 'attributes' and 'excludedAttributes' can be given.");
        if (!isNamed && !isExcluded) return Default(type);
        return new Projection(type, isDefault: false, isExcluded, Resolve(type, isNamed ? attributes! : excludedAttributes!));
    }

    /// <summary>Whether an answer can have this root attribute or extension, so that what is costly need not be loaded.</summary>
    /// <param name="topLevelAttribute">Its canonical name, such as <c>members</c>, or the extension's URN.</param>
    public bool Includes(string topLevelAttribute)
    {
        if (type.Extension(topLevelAttribute) is { } extension)
            return extension.Attributes.Any(attribute =>
                Shows(attribute, $"{extension.Id}:{attribute.Name}", extension.Id, written: false));
        return type.CoreAttribute(topLevelAttribute) is { } core && Shows(core, core.Name, null, written: false);
    }

    /// <summary>The answer: the full tree itself when nothing is to be left out, else a new tree in its order.</summary>
    /// <param name="full">The whole representation in canonical names.</param>
    /// <param name="written">The tree this request wrote, for attributes that are returned on request (checklist A4); null for a
    /// read.</param>
    public JsonObject Apply(JsonObject full, JsonObject? written = null)
    {
        if (IsDefault && full.All(attribute => type.IsShownByDefault(attribute.Key))) return full;
        var answer = new JsonObject();
        foreach (var (name, node) in full)
        {
            if (node is null) continue;
            if (type.Extension(name) is { } extension)
            {
                if (node is not JsonObject container) continue;
                var shown = new JsonObject();
                foreach (var (inner, value) in container)
                    if (extension.Attribute(inner) is { } attribute)
                    {
                        var isWritten = (written?[extension.Id] as JsonObject)?[inner] is not null;
                        Put(shown, attribute, value, $"{extension.Id}:{attribute.Name}", extension.Id, isWritten);
                    }
                if (shown.Count > 0) answer[name] = shown;
            }
            else if (type.CoreAttribute(name) is { } attribute)
            {
                Put(answer, attribute, node, attribute.Name, null, written?[name] is not null);
            }
        }
        return answer;
    }

    private void Put(JsonObject answer, AttributeDefinition attribute, JsonNode? node, string path, string? parent, bool written)
    {
        if (node is null || !Shows(attribute, path, parent, written)) return;
        if (!attribute.IsComplex) answer[attribute.Name] = node.DeepClone();
        else if (node is JsonObject one && Parts(attribute, one, path, parent, written) is { } parts) answer[attribute.Name] = parts;
        else if (node is JsonArray many)
        {
            var shown = new JsonArray();
            foreach (var element in many)
                if (element is JsonObject json && Parts(attribute, json, path, parent, written) is { } kept) shown.Add((JsonNode)kept);
            if (shown.Count > 0) answer[attribute.Name] = shown;
        }
    }

    private JsonObject? Parts(AttributeDefinition attribute, JsonObject json, string path, string? parent, bool written)
    {
        var parts = new JsonObject();
        foreach (var (name, node) in json)
        {
            if (node is null || attribute.Sub(name) is not { } sub) continue;
            var asked = AskedFor($"{path}.{sub.Name}", path, parent);
            // An always-returned attribute nobody named is shown with its ordinary parts, not without any.
            if (asked == Asked.NotNamed && attribute.Returned == Returned.Always && !NamesPartOf(path)) asked = Asked.Nothing;
            if (ReturnTable.Decide(sub.Returned, asked, written)) parts[sub.Name] = node.DeepClone();
        }
        return parts.Count == 0 ? null : parts;
    }

    private bool Shows(AttributeDefinition attribute, string path, string? parent, bool written)
    {
        var asked = AskedFor(path, parent);
        if (asked == Asked.NotNamed && NamesPartOf(path)) asked = Asked.Named;
        return ReturnTable.Decide(attribute.Returned, asked, written);
    }

    private Asked AskedFor(string path, params ReadOnlySpan<string?> parents)
    {
        if (IsDefault) return Asked.Nothing;
        var hit = names.Contains(path);
        foreach (var parent in parents) hit |= parent is not null && names.Contains(parent);
        if (excludes) return hit ? Asked.Excluded : Asked.NotExcluded;
        return hit ? Asked.Named : Asked.NotNamed;
    }

    private bool NamesPartOf(string path) =>
        !excludes && names.Any(name => name.Length > path.Length && name[path.Length] == '.'
            && name.StartsWith(path, StringComparison.Ordinal));

    private static HashSet<string> Resolve(ResourceType type, string list)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in Split(list))
        {
            if (name.Equals(type.Schema.Id, StringComparison.OrdinalIgnoreCase))
                names.UnionWith(type.Schema.Attributes.Select(attribute => attribute.Name));
            else if (type.Resolve(name) is { } path)
                names.Add(path.Name);
        }
        return names;
    }

    /// <summary>Cuts at commas outside brackets and quotation marks, and leaves out what is inside brackets.</summary>
    private static IEnumerable<string> Split(string list)
    {
        var name = new System.Text.StringBuilder();
        var (isInBrackets, isQuoted) = (false, false);
        foreach (var c in list)
        {
            if (isInBrackets)
            {
                if (c == '"') isQuoted = !isQuoted;
                else if (c == ']' && !isQuoted) isInBrackets = false;
            }
            else if (c == '[')
            {
                isInBrackets = true;
            }
            else if (c == ',')
            {
                yield return name.ToString().Trim();
                name.Clear();
            }
            else
            {
                name.Append(c);
            }
        }
        yield return name.ToString().Trim();
    }
}
