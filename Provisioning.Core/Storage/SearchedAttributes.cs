using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Schemas;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Storage;

/// <summary>
/// The searched attributes of users (design D5): where SQL finds and sorts them. Those without a column have rows in
/// <c>entry_values</c>; their codes are in the database: never reuse one.
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

    private static readonly string[] Roots = [.. Codes.Keys.Select(name => name.Contains(':', StringComparison.Ordinal) ? SchemaUris.EnterpriseUser : name.Split('.')[0]).Distinct()];

    /// <summary>Where the values of a canonical attribute name are; null for what the evaluator decides.</summary>
    public static SqlPlace? Place(string name) => name switch
    {
        "id" => new SqlPlace.Id("e.id = {0}", IsAlwaysThere: true),
        "userName" => new SqlPlace.Key("e.user_name_key", IsNullable: false, IsExact: false),
        "externalId" => new SqlPlace.Key("e.external_id_key", IsNullable: true, IsExact: true),
        "active" => new SqlPlace.Flag("e.active = 1", "e.active_shown = 1"),
        "meta.created" => new SqlPlace.Instant("e.created_at"),
        "meta.lastModified" => new SqlPlace.Instant("e.modified_at"),
        "meta.resourceType" => new SqlPlace.Same("User"),
        "groups.value" => new SqlPlace.Id("e.id IN (SELECT gm.member_id FROM group_members gm WHERE gm.group_id = {0})", IsAlwaysThere: false),
        SchemaUris.SeatUser + ":seatStatus" => Seat("status", IsWord<SeatStatus>),
        SchemaUris.SeatUser + ":tier" => Seat("tier", IsCode),
        SchemaUris.SeatUser + ":desiredTier" => Seat("desired_tier", IsCode),
        SchemaUris.SeatUser + ":waitingSince" => Seat("waiting_since", null),
        SchemaUris.SeatUser + ":memberState" => new SqlPlace.Beside("members", "id", "state", IsWord<MemberState>),
        SchemaUris.SeatUser + ":suspendedBy" => new SqlPlace.Beside("members", "id", "suspended_by", IsWord<SuspensionCause>),
        _ => Code(name) is { } code ? new SqlPlace.Values(code) : null,
    };

    /// <summary>What SQL sorts by. Of several e-mail addresses the primary one counts, which no row says, so that is not here.</summary>
    public static SqlSort? Sort(string name) => name switch
    {
        "id" => SqlSort.Id("e.id"),
        "userName" => new SqlSort("e.user_name_key", IsNullable: false, IsUnique: true),
        "externalId" => new SqlSort("e.external_id_key", IsNullable: true, IsUnique: false),
        "meta.created" => SqlSort.Instant("e.created_at"),
        "meta.lastModified" => SqlSort.Instant("e.modified_at"),
        "emails.value" => null,
        _ => Code(name) is { } code ? new SqlSort("sv.value_key", IsNullable: true, IsUnique: false)
        {
            Join = FormattableString.Invariant($"LEFT JOIN entry_values sv ON sv.entry_id = e.id AND sv.attribute = {code}"),
        } : null,
    };

    /// <summary>The code of a canonical attribute name, if it has rows.</summary>
    public static int? Code(string name) => Codes.TryGetValue(name, out var code) ? code : null;

    private static SqlPlace.Beside Seat(string column, Func<string, bool>? isWord) => new("member_seats", "member_id", column, isWord);

    private static bool IsWord<T>(string text) where T : struct, Enum => Words.TryParse<T>(text, out _);

    /// <summary>Codes of tiers: what is none names no tier, whatever the collation of an engine thinks of it.</summary>
    private static bool IsCode(string text) =>
        text.Length is > 0 and <= 64 && text.All(static c => c is >= 'a' and <= 'z' or >= '0' and <= '9' or '-' or '_');

    /// <summary>Whether two entries have the same rows, or might not: what their rows are made of is compared.</summary>
    public static bool AreSame(JsonObject one, JsonObject other) => Array.TrueForAll(Roots, root => JsonNode.DeepEquals(one[root], other[root]));

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
