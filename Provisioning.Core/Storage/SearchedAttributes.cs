using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Schemas;

namespace Provisioning.Core.Storage;

/// <summary>
/// The searched attributes of users that have rows in <c>entry_values</c> (design D5). The codes are in the database: never reuse one.
/// </summary>
internal static class SearchedAttributes
{
    private static readonly Dictionary<string, int> Codes = new()
    {
        ["displayName"] = 1,
        ["name.familyName"] = 2,
        ["name.givenName"] = 3,
        ["name.formatted"] = 4,
        ["name.middleName"] = 5,
        ["name.honorificPrefix"] = 6,
        ["name.honorificSuffix"] = 7,
        ["emails.value"] = 8,
        [SchemaUris.EnterpriseUser + ":employeeNumber"] = 9,
    };

    /// <summary>The code of a canonical attribute name, if it has rows.</summary>
    public static int? Code(string name) => Codes.TryGetValue(name, out var code) ? code : null;

    /// <summary>The rows of an entry: each value once.</summary>
    public static IReadOnlyList<(int Attribute, byte[] Key)> Of(JsonObject attributes)
    {
        var rows = new List<(int Attribute, byte[] Key)>(6);
        Add(Codes["displayName"], attributes["displayName"]);
        if (attributes["name"] is JsonObject name)
            foreach (var (part, value) in name)
                if (Code("name." + part) is { } code) Add(code, value);
        if (attributes["emails"] is JsonArray emails)
            foreach (var email in emails.OfType<JsonObject>()) Add(Codes["emails.value"], email["value"]);
        if (attributes[SchemaUris.EnterpriseUser] is JsonObject enterprise)
            Add(Codes[SchemaUris.EnterpriseUser + ":employeeNumber"], enterprise["employeeNumber"]);
        return rows;

        void Add(int code, JsonNode? value)
        {
            if (value is not JsonValue text || !text.TryGetValue<string>(out var content)) return;
            var key = TextKey.Fold(content);
            if (!rows.Exists(row => row.Attribute == code && row.Key.AsSpan().SequenceEqual(key))) rows.Add((code, key));
        }
    }
}
