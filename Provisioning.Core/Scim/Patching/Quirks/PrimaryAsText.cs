using System.Text.Json.Nodes;
using Provisioning.Core.Query;
using Provisioning.Core.Schemas;
using Provisioning.Core.Scim.Filters;

namespace Provisioning.Core.Scim.Patching.Quirks;

/// <summary>
/// Entra's SingleAppRoleAssignment compares a boolean with text, and replaces the primary role of people who have none yet.
/// Sent: <c>{"op":"Replace","path":"roles[primary eq \"True\"].value","value":"Admin"}</c>.
/// Meant: <c>{"op":"add","path":"roles[primary eq true].value","value":"Admin"}</c>, which creates the role or changes it.
/// </summary>
internal sealed class PrimaryAsText : IOperationQuirk
{
    public IEnumerable<JsonObject> Rewrite(ResourceType type, JsonObject operation)
    {
        if (PatchJson.Path(operation) is not { } text || !text.Contains('[', StringComparison.Ordinal)) return [operation];
        if (!ScimFilter.ParsePath(text, FilterLimits.Default).Try(out var path, out _)
            || path.Filter is not CompareNode { Operator: CompareOperator.Eq, Value: TextLiteral literal } compare
            || !compare.Path.Equals("primary", StringComparison.OrdinalIgnoreCase)
            || !literal.Text.Equals("true", StringComparison.OrdinalIgnoreCase))
            return [operation];
        operation["path"] = (path with { Filter = compare with { Value = new BooleanLiteral(true) } }).ToString();
        if (PatchJson.Op(operation) == "replace" && path.SubAttribute is not null) operation["op"] = "add";
        return [operation];
    }
}
