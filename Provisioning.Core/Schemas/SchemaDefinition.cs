using System.Text.Json.Nodes;

namespace Provisioning.Core.Schemas;

/// <summary>One schema file: its attributes, and the JSON that <c>/Schemas</c> serves (RFC 7643 7).</summary>
public sealed class SchemaDefinition
{
    private readonly Dictionary<string, AttributeDefinition> attributes;
    private readonly JsonObject json;

    internal SchemaDefinition(string id, string name, string description, IReadOnlyList<AttributeDefinition> attributes, JsonObject json)
    {
        Id = id;
        Name = name;
        Description = description;
        Attributes = attributes;
        this.attributes = attributes.ToDictionary(attribute => attribute.Name, StringComparer.OrdinalIgnoreCase);
        this.json = json;
    }

    /// <summary>The URI of the schema as its file writes it: the canonical key of an extension's container.</summary>
    public string Id { get; }

    public string Name { get; }
    public string Description { get; }
    public IReadOnlyList<AttributeDefinition> Attributes { get; }

    /// <summary>Whether clients can write nothing of it: the seat extension (rule SCIM-4).</summary>
    public bool IsReadOnly => Attributes.All(attribute => attribute.Mutability == Mutability.ReadOnly);

    /// <summary>An attribute by its name in any letter case; null when there is none.</summary>
    public AttributeDefinition? Attribute(string name) => attributes.GetValueOrDefault(name);

    /// <summary>A fresh copy of the file's JSON, without <c>meta</c>, which the edge adds.</summary>
    public JsonObject ToJson() => (JsonObject)json.DeepClone();
}

/// <summary>An extension of a resource type (RFC 7643 3.3).</summary>
/// <param name="Required">Whether every resource must have it (checklist U12).</param>
public sealed record SchemaExtension(SchemaDefinition Schema, bool Required);
