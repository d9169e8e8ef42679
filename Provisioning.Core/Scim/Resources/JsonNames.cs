using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using Provisioning.Core.Common;

namespace Provisioning.Core.Scim.Resources;

/// <summary>Names in JSON from clients have any letter case (checklist C11).</summary>
public static class JsonNames
{
    /// <summary>The value of a name in any letter case; the exact case wins.</summary>
    public static bool TryGet(JsonObject json, string name, out JsonNode? value)
    {
        if (json.TryGetPropertyValue(name, out value)) return true;
        foreach (var (key, node) in json)
        {
            if (!key.Equals(name, StringComparison.OrdinalIgnoreCase)) continue;
            value = node;
            return true;
        }
        return false;
    }

    /// <summary>Two names that differ only in case say two things about one attribute: nobody can tell which is meant.</summary>
    internal static bool AreDistinct(JsonObject json, string where, [NotNullWhen(false)] out InvalidSyntax? error)
    {
        error = null;
        var seen = new HashSet<string>(json.Count, StringComparer.OrdinalIgnoreCase);
        foreach (var (name, _) in json)
            if (!seen.Add(name))
                error = new InvalidSyntax($"'{name}' is given twice in {where}; letter case makes no difference.");
        return error is null;
    }
}
