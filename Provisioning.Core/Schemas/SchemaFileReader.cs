using System.Text.RegularExpressions;

namespace Provisioning.Core.Schemas;

/// <summary>Reads one schema file and checks it against the rules of RFC 7643 7.</summary>
internal static partial class SchemaFileReader
{
    private static readonly Dictionary<string, AttributeType> Types = new(StringComparer.Ordinal)
    {
        ["string"] = AttributeType.Text, ["boolean"] = AttributeType.Boolean, ["decimal"] = AttributeType.Decimal,
        ["integer"] = AttributeType.Integer, ["dateTime"] = AttributeType.DateTime, ["binary"] = AttributeType.Binary,
        ["reference"] = AttributeType.Reference, ["complex"] = AttributeType.Complex,
    };

    private static readonly Dictionary<string, Mutability> Mutabilities = new(StringComparer.Ordinal)
    {
        ["readOnly"] = Mutability.ReadOnly, ["readWrite"] = Mutability.ReadWrite, ["immutable"] = Mutability.Immutable,
        ["writeOnly"] = Mutability.WriteOnly,
    };

    private static readonly Dictionary<string, Returned> Returns = new(StringComparer.Ordinal)
    {
        ["always"] = Returned.Always, ["never"] = Returned.Never, ["default"] = Returned.Default, ["request"] = Returned.Request,
    };

    private static readonly Dictionary<string, Uniqueness> Uniquenesses = new(StringComparer.Ordinal)
    {
        ["none"] = Uniqueness.None, ["server"] = Uniqueness.Server, ["global"] = Uniqueness.Global,
    };

    public static SchemaDefinition Read(SchemaFileNode file)
    {
        file.Allow("schemas", "id", "name", "description", "attributes");
        if (!file.Texts("schemas").SequenceEqual([SchemaUris.Schema]))
            throw file.Refuse("schemas", $"must be [\"{SchemaUris.Schema}\"].");
        var id = file.Text("id");
        if (!Uri.TryCreate(id, UriKind.Absolute, out _)) throw file.Refuse("id", "must be a URI.");
        var description = file.OptionalText("description") ?? "";
        return new SchemaDefinition(id, file.Text("name"), description, Attributes(file, "attributes"), file.Json);
    }

    private static List<AttributeDefinition> Attributes(SchemaFileNode parent, string property)
    {
        var nodes = parent.Objects(property);
        if (nodes.Count == 0) throw parent.Refuse(property, "must have at least one attribute.");
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var attributes = new List<AttributeDefinition>();
        foreach (var node in nodes)
        {
            var attribute = Attribute(node);
            if (!seen.Add(attribute.Name))
                throw node.Refuse("name", $"'{attribute.Name}' is there already; letter case makes no difference.");
            attributes.Add(attribute);
        }
        return attributes;
    }

    private static AttributeDefinition Attribute(SchemaFileNode node)
    {
        node.Allow("name", "type", "multiValued", "description", "required", "canonicalValues", "caseExact", "mutability", "returned",
            "uniqueness", "referenceTypes", "subAttributes");
        var name = node.Text("name");
        if (!AttributeName().IsMatch(name))
            throw node.Refuse("name", "must be a letter followed by letters, digits, '-' and '_' (or $ref).");
        var attribute = new AttributeDefinition
        {
            Name = name,
            Description = node.OptionalText("description") ?? "",
            Type = node.Choice("type", AttributeType.Text, Types),
            MultiValued = node.Flag("multiValued"),
            Required = node.Flag("required"),
            CaseExact = node.Flag("caseExact"),
            Mutability = node.Choice("mutability", Mutability.ReadWrite, Mutabilities),
            Returned = node.Choice("returned", Returned.Default, Returns),
            Uniqueness = node.Choice("uniqueness", Uniqueness.None, Uniquenesses),
            CanonicalValues = node.Texts("canonicalValues"),
            ReferenceTypes = node.Texts("referenceTypes"),
            SubAttributes = node.Json.ContainsKey("subAttributes") ? Attributes(node, "subAttributes") : [],
        };
        CheckTogether(node, attribute);
        return attribute;
    }

    private static void CheckTogether(SchemaFileNode node, AttributeDefinition attribute)
    {
        if (attribute.IsComplex && attribute.SubAttributes.Count == 0)
            throw node.Refuse("subAttributes", "must be there: the type is complex.");
        if (!attribute.IsComplex && attribute.SubAttributes.Count > 0)
            throw node.Refuse("subAttributes", "must not be there: only a complex attribute has parts.");
        if (attribute.IsComplex && attribute.Uniqueness != Uniqueness.None)
            throw node.Refuse("uniqueness", "must be none: a complex attribute has no uniqueness of its own.");
        if (attribute.Type == AttributeType.Reference && attribute.ReferenceTypes.Count == 0)
            throw node.Refuse("referenceTypes", "must say what a reference may point to.");
        if (attribute.Type != AttributeType.Reference && attribute.ReferenceTypes.Count > 0)
            throw node.Refuse("referenceTypes", "must not be there: the type is not reference.");
        if (attribute.Mutability == Mutability.WriteOnly && attribute.Returned != Returned.Never)
            throw node.Refuse("returned", "must be never: the attribute is writeOnly.");
        if (attribute.CanonicalValues.Count > 0 && attribute.Type is not (AttributeType.Text or AttributeType.Reference))
            throw node.Refuse("canonicalValues", "must not be there: only strings and references have them.");
    }

    [GeneratedRegex(@"\A(?:[A-Za-z][A-Za-z0-9_-]*|\$ref)\z")]
    private static partial Regex AttributeName();
}
