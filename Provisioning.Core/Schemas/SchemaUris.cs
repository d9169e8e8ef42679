namespace Provisioning.Core.Schemas;

/// <summary>The schema URIs the code itself has to name (RFC 7643 10.3, RFC 7644 8.2).</summary>
public static class SchemaUris
{
    public const string User = "urn:ietf:params:scim:schemas:core:2.0:User";
    public const string Group = "urn:ietf:params:scim:schemas:core:2.0:Group";
    public const string EnterpriseUser = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    public const string SeatUser = "urn:ietf:params:scim:schemas:extension:seat:2.0:User";
    public const string ResourceType = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
    public const string ServiceProviderConfig = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
    public const string Schema = "urn:ietf:params:scim:schemas:core:2.0:Schema";
    public const string PatchOp = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
    public const string ListResponse = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
    public const string SearchRequest = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
    public const string BulkRequest = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
    public const string BulkResponse = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";
    public const string Error = "urn:ietf:params:scim:api:messages:2.0:Error";

    /// <summary>The schemas of discovery itself (RFC 7643 5 to 7): no resource type of ours has them.</summary>
    public static readonly IReadOnlyList<string> Discovery = [ResourceType, ServiceProviderConfig, Schema];

    /// <summary>Whether the database keeps a unique key for an attribute: the userName of a user and the displayName of a group.</summary>
    public static bool HasUniqueKey(string schema, string attribute) => (schema, attribute) is (User, "userName") or (Group, "displayName");
}
