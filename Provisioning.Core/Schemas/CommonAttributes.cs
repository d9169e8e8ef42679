namespace Provisioning.Core.Schemas;

/// <summary>
/// The attributes of every resource, fixed by RFC 7643 3 and 3.1 and therefore not in the schema files: <c>schemas</c>,
/// <c>id</c>, <c>externalId</c> and <c>meta</c>.
/// </summary>
public static class CommonAttributes
{
    public static readonly AttributeDefinition Schemas = new()
    {
        Name = "schemas", Type = AttributeType.Reference, MultiValued = true, Required = true, Returned = Returned.Always,
        ReferenceTypes = ["uri"],
    };

    public static readonly AttributeDefinition Id = new()
    {
        Name = "id", CaseExact = true, Mutability = Mutability.ReadOnly, Returned = Returned.Always, Uniqueness = Uniqueness.Server,
    };

    public static readonly AttributeDefinition ExternalId = new() { Name = "externalId", CaseExact = true };

    public static readonly AttributeDefinition Meta = new()
    {
        Name = "meta", Type = AttributeType.Complex, Mutability = Mutability.ReadOnly,
        SubAttributes =
        [
            Part("resourceType", AttributeType.Text), Part("created", AttributeType.DateTime), Part("lastModified", AttributeType.DateTime),
            Part("location", AttributeType.Reference), Part("version", AttributeType.Text),
        ],
    };

    /// <summary>All four, in the order of an answer.</summary>
    public static readonly IReadOnlyList<AttributeDefinition> All = [Schemas, Id, ExternalId, Meta];

    /// <summary>One of them by its name in any letter case; null when there is none.</summary>
    public static AttributeDefinition? Find(string name) =>
        All.FirstOrDefault(attribute => attribute.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static AttributeDefinition Part(string name, AttributeType type) =>
        new() { Name = name, Type = type, CaseExact = type != AttributeType.DateTime, Mutability = Mutability.ReadOnly };
}
