using System.Globalization;
using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Storage;

namespace Provisioning.Bench.Seeding;

/// <summary>The rows of one pushed person with a seat, table by table, as the service writes them.</summary>
internal sealed class UserRows(OrganizationId organization, ConnectionId connection)
{
    public static readonly BulkTable Members = new("members", "id", "organization_id", "user_name", "user_name_key", "match_email", "match_email_key",
        "display_name", "role", "state", "admin_suspended", "suspended_by", "source", "last_sign_in_on", "created_at", "version");

    public static readonly BulkTable Seats = new("member_seats", "member_id", "organization_id", "status", "tier", "desired_tier", "last_tier", "waiting_since", "version");

    public static readonly BulkTable Assignments = new("seat_assignments", "organization_id", "member_id", "tier_key", "from_at", "to_at");

    public static readonly BulkTable Entries = new("directory_entries", "id", "organization_id", "user_name", "user_name_key", "external_id", "external_id_key",
        "active", "active_shown", "attributes", "member_id", "created_at", "modified_at", "deleted_at", "version");

    public static readonly BulkTable Values = new("entry_values", "organization_id", "attribute", "value_key", "entry_id");

    public static readonly BulkTable Identities = new("member_identities", "organization_id", "connection_id", "subject_key", "subject", "member_id", "created_at");

    /// <summary>In the order of their references.</summary>
    public static readonly IReadOnlyList<BulkTable> Tables = [Members, Seats, Assignments, Entries, Values, Identities];

    private readonly byte[] organizationKey = Ids.ToBytes(organization);
    private readonly byte[] connectionKey = Ids.ToBytes(connection);

    public static string UserName(long number) => string.Create(CultureInfo.InvariantCulture, $"user{number:D7}@acme.example");

    public static string ExternalId(long number) => string.Create(CultureInfo.InvariantCulture, $"ext-{number:D7}");

    public static string Subject(long number) => string.Create(CultureInfo.InvariantCulture, $"sub-{number:D7}");

    public static string Tier(long number) => number % 2 == 0 ? "premium" : "standard";

    /// <summary>What an identity provider would push; names repeat as names do.</summary>
    public static JsonObject Attributes(string userName, string externalId, long number)
    {
        var given = string.Create(CultureInfo.InvariantCulture, $"Given{number % 997}");
        var family = string.Create(CultureInfo.InvariantCulture, $"Family{number % 4999}");
        return new JsonObject
        {
            ["userName"] = userName, ["externalId"] = externalId, ["active"] = true, ["displayName"] = $"{given} {family}",
            ["name"] = new JsonObject { ["givenName"] = given, ["familyName"] = family },
            ["emails"] = new JsonArray(new JsonObject { ["value"] = userName, ["type"] = "work", ["primary"] = true }),
        };
    }

    /// <summary>Hands over each row with its table.</summary>
    public void Write(string userName, string externalId, long number, Guid entry, Guid member, DateTimeOffset at, bool withIdentity, Action<BulkTable, object?[]> add)
    {
        var attributes = Attributes(userName, externalId, number);
        var (entryKey, memberKey) = (entry.ToByteArray(bigEndian: true), member.ToByteArray(bigEndian: true));
        var (nameKey, externalKey, tier, now) = (TextKey.Fold(userName), TextKey.Exact(externalId), Tier(number), Instants.ToMicroseconds(at));
        add(Members, [memberKey, organizationKey, userName, nameKey, userName, nameKey, (string?)attributes["displayName"], "user", "active", 0L, null, "scim",
            withIdentity ? (long)DateOnly.FromDateTime(at.UtcDateTime).DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber : null, now, 1L]);
        add(Seats, [memberKey, organizationKey, "assigned", tier, null, tier, null, 1L]);
        add(Assignments, [organizationKey, memberKey, TextKey.Exact(tier), now, null]);
        add(Entries, [entryKey, organizationKey, userName, nameKey, externalId, externalKey, 1L, 1L, attributes.ToJsonString(), memberKey, now, now, null, 1L]);
        foreach (var (attribute, key) in SearchedAttributes.Of(attributes)) add(Values, [organizationKey, (long)attribute, key, entryKey]);
        if (withIdentity) add(Identities, [organizationKey, connectionKey, TextKey.Exact(Subject(number)), Subject(number), memberKey, now]);
    }
}
