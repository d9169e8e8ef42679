namespace Provisioning.Core.Schemas;

/// <summary>Every schema and resource type of the service, read once at start and never changed (design D4).</summary>
public sealed class SchemaCatalog
{
    private readonly Dictionary<string, SchemaDefinition> schemas = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, ResourceType> resourceTypes = new(StringComparer.OrdinalIgnoreCase);

    private SchemaCatalog(string directory)
    {
        foreach (var file in Files(directory, "schemas"))
        {
            var schema = SchemaFileReader.Read(file);
            if (!schemas.TryAdd(schema.Id, schema)) throw file.Refuse("id", $"'{schema.Id}' is in another file too.");
            Schemas = [.. Schemas, schema];
        }
        foreach (var file in Files(directory, "resource-types"))
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
