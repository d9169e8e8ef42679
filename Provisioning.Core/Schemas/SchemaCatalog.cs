using System.Text.Json.Nodes;

namespace Provisioning.Core.Schemas;

/// <summary>Every schema and resource type of the service, read once at start and never changed (design D4).</summary>
public sealed class SchemaCatalog
{
    private readonly Dictionary<string, SchemaDefinition> schemas = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, ResourceType> resourceTypes = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The schemas that resource types name.</summary>
    private readonly HashSet<string> named = new(StringComparer.OrdinalIgnoreCase);

    private SchemaCatalog(string directory)
    {
        foreach (var file in Files(directory, "schemas"))
        {
            var schema = SchemaFileReader.Read(file);
            if (!schemas.TryAdd(schema.Id, schema)) throw file.Refuse("id", $"'{schema.Id}' is in another file too.");
            Schemas = [.. Schemas, schema];
        }
        var types = Files(directory, "resource-types").ToList();
        CheckExtensions(directory, types);
        foreach (var file in types)
        {
            var type = Type(file);
            if (!resourceTypes.TryAdd(type.Name, type)) throw file.Refuse("name", $"'{type.Name}' is in another file too.");
            ResourceTypes = [.. ResourceTypes, type];
        }
        User = Needed(directory, "User");
        Group = Needed(directory, "Group");
    }

    /// <summary>In the order in which /Schemas lists them.</summary>
    public IReadOnlyList<SchemaDefinition> Schemas { get; } = [];

    /// <summary>In the order in which /ResourceTypes lists them: User first.</summary>
    public IReadOnlyList<ResourceType> ResourceTypes { get; } = [];

    public ResourceType User { get; }
    public ResourceType Group { get; }

    /// <summary>Reads the folder <c>scim-schemas</c> and checks every file.</summary>
    /// <exception cref="SchemaFileException">A file is missing or cannot be obeyed; says which, where and why.</exception>
    public static SchemaCatalog Load(string directory) => new(directory);

    /// <summary>A schema by its URI in any letter case.</summary>
    public SchemaDefinition? FindSchema(string uri) => schemas.GetValueOrDefault(uri);

    /// <summary>A resource type by its name in any letter case.</summary>
    public ResourceType? FindResourceType(string name) => resourceTypes.GetValueOrDefault(name);

    /// <summary>
    /// A schema that no resource type names extends the one its URN ends with: <c>urn:example:badge:1.0:User</c> (RFC 7643 10.3 ends
    /// the URNs of extensions so). One that extends nothing is a mistake, not a decoration. A service that keeps no unique key for an
    /// attribute must not promise one (checklist A9).
    /// </summary>
    private void CheckExtensions(string directory, List<SchemaFileNode> types)
    {
        foreach (var type in types)
        {
            named.UnionWith(type.Objects("schemaExtensions").Select(extension => extension.Text("schema")));
            named.Add(type.Text("schema"));
        }
        foreach (var file in Files(directory, "schemas"))
        {
            var id = file.Text("id");
            if (!named.Contains(id) && !SchemaUris.Discovery.Contains(id) && !types.Exists(type => EndsWith(id, type.Text("name"))))
                throw file.Refuse("id", "is named by no resource type and ends with the name of none, such as ':User': it would extend nothing.");
            foreach (var attribute in file.Objects("attributes"))
                if (attribute.OptionalText("uniqueness") is not (null or "none") && !SchemaUris.HasUniqueKey(id, attribute.Text("name")))
                    throw attribute.Refuse("uniqueness", "must be none: the service keeps no unique key for this attribute.");
        }
    }

    private static bool EndsWith(string uri, string typeName) => uri.EndsWith(":" + typeName, StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<SchemaFileNode> Files(string directory, string folder)
    {
        var path = Path.Combine(directory, folder);
        if (!System.IO.Directory.Exists(path)) throw new SchemaFileException(folder, "", $"The folder is missing in {directory}.");
        return System.IO.Directory.EnumerateFiles(path, "*.json").Order(StringComparer.Ordinal).Select(file => SchemaFileNode.Open(directory, file));
    }

    private ResourceType Needed(string directory, string name) =>
        FindResourceType(name)
        ?? throw new SchemaFileException("resource-types", "", $"No file in {directory} describes the resource type {name}.");

    private ResourceType Type(SchemaFileNode file)
    {
        file.Allow("schemas", "id", "name", "description", "endpoint", "schema", "schemaExtensions");
        if (!file.Texts("schemas").SequenceEqual([SchemaUris.ResourceType]))
            throw file.Refuse("schemas", $"must be [\"{SchemaUris.ResourceType}\"].");
        var name = file.Text("name");
        if (file.OptionalText("id") is { } id && id != name) throw file.Refuse("id", "must equal the name.");
        var endpoint = file.Text("endpoint");
        if (endpoint[0] != '/') throw file.Refuse("endpoint", "must start with a slash.");
        var schema = Known(file, "schema");
        if (schema.Attributes.FirstOrDefault(attribute => CommonAttributes.Find(attribute.Name) is not null) is { } common)
            throw file.Refuse("schema", $"must not describe '{common.Name}': every resource has it.");
        var extensions = new List<SchemaExtension>();
        foreach (var node in file.Objects("schemaExtensions"))
        {
            node.Allow("schema", "required");
            var extension = Known(node, "schema");
            if (extension == schema || extensions.Any(other => other.Schema == extension))
                throw node.Refuse("schema", "is named twice.");
            extensions.Add(new SchemaExtension(extension, node.Flag("required")));
        }
        foreach (var unnamed in Schemas.Where(other => !named.Contains(other.Id) && EndsWith(other.Id, name)))
        {
            extensions.Add(new SchemaExtension(Known(new SchemaFileNode("schemas", "", new JsonObject { ["id"] = unnamed.Id }), "id"), Required: false));
            if (file.Json["schemaExtensions"] is not JsonArray listed) file.Json["schemaExtensions"] = listed = [];
            listed.Add((JsonNode)new JsonObject { ["schema"] = unnamed.Id, ["required"] = false });
        }
        return new ResourceType(name, endpoint, schema, extensions, file.Json);
    }

    /// <summary>
    /// RFC 7643 2.3.8: no complex attribute in a complex one. Only the schema of schemas, which no resource has, does that.
    /// </summary>
    private SchemaDefinition Known(SchemaFileNode node, string property)
    {
        var schema = FindSchema(node.Text(property)) ?? throw node.Refuse(property, "is not the id of a schema file.");
        var nested = schema.Attributes.SelectMany(attribute => attribute.SubAttributes).FirstOrDefault(sub => sub.IsComplex);
        return nested is null
            ? schema
            : throw node.Refuse(property, $"has the complex attribute '{nested.Name}' inside a complex attribute.");
    }
}
