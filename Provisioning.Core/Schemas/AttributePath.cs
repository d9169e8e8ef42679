namespace Provisioning.Core.Schemas;

/// <summary>
/// Where a value is in a resource: an attribute, a sub-attribute, or a whole extension (RFC 7644 3.10). Made by
/// <see cref="ResourceType.Resolve"/>.
/// </summary>
/// <param name="Extension">The extension whose container holds the attribute; null for core and common attributes.</param>
/// <param name="Attribute">Null only for an extension as a whole.</param>
/// <param name="SubAttribute">Null for the attribute as a whole.</param>
public sealed record AttributePath(SchemaDefinition? Extension, AttributeDefinition? Attribute, AttributeDefinition? SubAttribute)
{
    /// <summary>
    /// The canonical full name: <c>userName</c>, <c>name.familyName</c>, <c>urn:...:enterprise:2.0:User:manager.value</c>, or the
    /// extension's URN alone.
    /// </summary>
    public string Name => string.Concat(
        Extension?.Id, Extension is not null && Attribute is not null ? ":" : "", Attribute?.Name,
        SubAttribute is not null ? "." : "", SubAttribute?.Name);

    /// <summary>The key of the resource tree's root that holds the value: the attribute's name or the extension's URN.</summary>
    public string TopLevel => Extension?.Id ?? Attribute!.Name;

    /// <summary>The attribute or sub-attribute meant; null for an extension as a whole.</summary>
    public AttributeDefinition? Leaf => SubAttribute ?? Attribute;

    /// <summary>Whether no client can write here (RFC 7643 7): by itself, through its parent, or as a read-only extension.</summary>
    public bool IsReadOnly =>
        Attribute is null
            ? Extension!.IsReadOnly
            : Attribute.Mutability == Mutability.ReadOnly || SubAttribute?.Mutability == Mutability.ReadOnly;

    /// <summary>The attribute as a whole.</summary>
    public AttributePath Whole => SubAttribute is null ? this : new AttributePath(Extension, Attribute, null);

    /// <summary>The same attribute with one of its sub-attributes.</summary>
    public AttributePath With(AttributeDefinition subAttribute) => new(Extension, Attribute, subAttribute);
}
