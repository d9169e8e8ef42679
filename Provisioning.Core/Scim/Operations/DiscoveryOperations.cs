using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Schemas;

namespace Provisioning.Core.Scim.Operations;

/// <summary>/ServiceProviderConfig, /ResourceTypes and /Schemas (RFC 7644 4): what is published is what is obeyed.</summary>
public sealed class DiscoveryOperations(SchemaCatalog catalog, ScimLimits limits)
{
    public ScimReply ServiceProviderConfig(string baseUrl) => new(200, new JsonObject
    {
        ["schemas"] = new JsonArray(SchemaUris.ServiceProviderConfig),
        ["patch"] = new JsonObject { ["supported"] = true },
        ["bulk"] = new JsonObject { ["supported"] = true, ["maxOperations"] = limits.BulkOperations, ["maxPayloadSize"] = limits.BulkBytes },
        ["filter"] = new JsonObject { ["supported"] = true, ["maxResults"] = limits.PageSize },
        ["changePassword"] = new JsonObject { ["supported"] = false },
        ["sort"] = new JsonObject { ["supported"] = true },
        ["etag"] = new JsonObject { ["supported"] = true },
        ["pagination"] = new JsonObject
        {
            ["cursor"] = true, ["index"] = true, ["defaultPaginationMethod"] = "index", ["defaultPageSize"] = limits.DefaultPage,
            ["maxPageSize"] = limits.PageSize, ["cursorTimeout"] = (int)limits.CursorLife.TotalSeconds,
        },
        ["authenticationSchemes"] = new JsonArray(new JsonObject
        {
            ["type"] = "oauthbearertoken", ["name"] = "Bearer token",
            ["description"] = "The organisation's SCIM token in the Authorization header (RFC 6750); the token decides the organisation.",
            ["specUri"] = "https://www.rfc-editor.org/rfc/rfc6750", ["primary"] = true,
        }),
        ["meta"] = Meta("ServiceProviderConfig", $"{baseUrl}/ServiceProviderConfig"),
    });

    public ScimReply ResourceTypes(string baseUrl) =>
        ListReply.Of([.. catalog.ResourceTypes.Select(type => Describe(type, baseUrl))]);

    public Outcome<ScimReply> ResourceType(string name, string baseUrl) => catalog.FindResourceType(name) is { } type
        ? new ScimReply(200, Describe(type, baseUrl)) : new NotFound("There is no such resource type.");

    public ScimReply Schemas(string baseUrl) =>
        ListReply.Of([.. catalog.Schemas.Select(schema => Describe(schema, baseUrl))]);

    public Outcome<ScimReply> Schema(string urn, string baseUrl) => catalog.FindSchema(urn) is { } schema
        ? new ScimReply(200, Describe(schema, baseUrl)) : new NotFound("There is no such schema.");

    private static JsonObject Describe(ResourceType type, string baseUrl)
    {
        var json = type.ToJson();
        json["meta"] = Meta("ResourceType", $"{baseUrl}/ResourceTypes/{type.Name}");
        return json;
    }

    private static JsonObject Describe(SchemaDefinition schema, string baseUrl)
    {
        var json = schema.ToJson();
        json["meta"] = Meta("Schema", $"{baseUrl}/Schemas/{schema.Id}");
        return json;
    }

    private static JsonObject Meta(string type, string location) => new() { ["resourceType"] = type, ["location"] = location };
}
