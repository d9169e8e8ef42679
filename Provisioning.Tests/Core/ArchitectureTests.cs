using System.Text.RegularExpressions;
using NUnit.Framework;

namespace Provisioning.Tests.Core;

/// <summary>Who may know whom (design.md section 3), as data, against every using and qualified name in the sources.</summary>
public sealed partial class ArchitectureTests
{
    private const int LongestFile = 400;

    /// <summary>A room and the rooms it may import; it may always use itself and the rooms above it in its own path.</summary>
    private static readonly Dictionary<string, string[]> CoreRooms = new()
    {
        ["Common"] = [],
        ["Query"] = ["Common"],
        ["Schemas"] = ["Common"],
        ["Scim/Resources"] = ["Schemas", "Query", "Common"],
        ["Scim/Filters"] = ["Schemas", "Query", "Common"],
        // Quirks is a part of the room: the reader runs the list of them before it reads.
        ["Scim/Patching"] = ["Scim/Patching/Quirks", "Scim/Filters", "Scim/Resources", "Schemas", "Query", "Common"],
        ["Scim/Patching/Quirks"] = ["Scim/Patching", "Scim/Filters", "Scim/Resources", "Schemas", "Query", "Common"],
        ["Journal"] = ["Common"],
        // Journal: credentials and settings are written in units too, and every room that writes may import it.
        ["Organizations"] = ["Journal", "Common"],
        ["Seats"] = ["Organizations", "Journal", "Common"],
        ["Directory"] = ["Seats", "Organizations", "Journal", "Schemas", "Query", "Common"],
        ["Contracts"] = ["Directory", "Seats", "Organizations", "Journal", "Common"],
        ["Spend"] = ["Contracts", "Directory", "Seats", "Organizations", "Journal", "Common"],
        ["SignIn"] = ["Directory", "Seats", "Organizations", "Journal", "Common"],
        ["Invitations"] = ["Directory", "Seats", "Organizations", "Journal", "Common"],
        ["Scim/Operations"] = ["Scim/Resources", "Scim/Filters", "Scim/Patching", "Directory", "Organizations", "Schemas", "Query", "Common"],
        ["Notifications"] = ["Seats", "Organizations", "Journal", "Common"],
        ["Storage"] = ["Storage/Dialects", "Storage/Migrations", "Spend", "Contracts", "Notifications", "SignIn", "Directory", "Seats", "Organizations", "Journal", "Schemas", "Query", "Common"],
        ["Storage/Dialects"] = [],
        ["Storage/Migrations"] = ["Storage/Dialects", "Common"],
    };

    /// <summary>Which other rooms of Provisioning.Api a room may import. A door never imports another door.</summary>
    private static readonly Dictionary<string, string[]> ApiRooms = new()
    {
        [""] = ["Scim", "Sso", "Hook", "Admin", "Console", "Hosting", "Configuration"], // the composition root
        ["Configuration"] = [],
        ["Hosting"] = ["Configuration"],
        ["Scim"] = ["Hosting", "Configuration"],
        ["Sso"] = ["Hosting", "Configuration"],
        ["Hook"] = ["Hosting", "Configuration"],
        ["Admin"] = ["Hosting", "Configuration"],
        ["Console"] = ["Hosting", "Configuration"],
    };

    /// <summary>The start of the service opens and migrates the database; nothing else outside Storage names it.</summary>
    private static readonly string[] MayNameStorage = ["Provisioning.Api/Program.cs", "Provisioning.Api/Hosting/StorePreparation.cs", "Provisioning.Api/Hosting/DatabaseStart.cs"];

    private static readonly string[] Drivers = ["Dapper", "Microsoft.Data.Sqlite", "SQLitePCL", "Npgsql", "Microsoft.Data.SqlClient"];

    [Test]
    public void Rooms_of_the_core_import_only_the_rooms_of_the_table()
    {
        var wrong = new List<string>();
        foreach (var (room, file, text) in Sources.Of("Provisioning.Core"))
        {
            if (!CoreRooms.TryGetValue(room, out var allowed))
            {
                wrong.Add($"{file}: {room} is no room of the table");
                continue;
            }
            wrong.AddRange(Named(text, "Provisioning.Core", CoreRooms.Keys).Concat(PartlyNamed(text))
                .Where(other => other != room && !allowed.Contains(other) && !room.StartsWith(other + "/", StringComparison.Ordinal))
                .Select(other => $"{file} names {other}"));
            if (text.Contains("Provisioning.Api", StringComparison.Ordinal)) wrong.Add($"{file} names Provisioning.Api");
        }
        Assert.That(wrong, Is.Empty);
    }

    [Test]
    public void A_door_never_imports_another_door()
    {
        var wrong = new List<string>();
        foreach (var (room, file, text) in Sources.Of("Provisioning.Api"))
        {
            var own = room.Split('/')[0];
            if (!ApiRooms.TryGetValue(own, out var allowed))
            {
                wrong.Add($"{file}: {own} is no room of the table");
                continue;
            }
            wrong.AddRange(Named(text, "Provisioning.Api", ApiRooms.Keys).Where(other => other != own && !allowed.Contains(other)).Select(other => $"{file} names {other}"));
        }
        Assert.That(wrong, Is.Empty);
    }

    [Test]
    public void Only_storage_names_a_driver_and_only_the_start_of_the_service_names_storage()
    {
        var wrong = new List<string>();
        foreach (var (room, file, text) in Sources.Of("Provisioning.Core").Concat(Sources.Of("Provisioning.Api")))
        {
            var code = WithoutComments(text);
            var isStorage = file.StartsWith("Provisioning.Core/Storage/", StringComparison.Ordinal);
            if (!isStorage)
                wrong.AddRange(Drivers.Where(driver => Regex.IsMatch(code, $@"(?<![\w.]){Regex.Escape(driver)}\b")).Select(driver => $"{file} names {driver}"));
            if (!isStorage && !MayNameStorage.Contains(file) && code.Contains("Provisioning.Core.Storage", StringComparison.Ordinal)) wrong.Add($"{file} names Storage");
        }
        Assert.That(wrong, Is.Empty);
    }

    [Test]
    public void The_language_of_scim_does_no_io_and_waits_for_nothing()
    {
        var rooms = new[] { "Scim/Resources", "Scim/Filters", "Scim/Patching", "Scim/Patching/Quirks", "Query", "Common" };
        var wrong = Sources.Of("Provisioning.Core").Where(source => rooms.Contains(source.Room))
            .Where(source => Waits().IsMatch(WithoutComments(source.Text))).Select(source => source.File);
        Assert.That(wrong, Is.Empty);
    }

    [Test]
    public void Files_are_short_and_names_say_a_role()
    {
        var wrong = new List<string>();
        foreach (var (_, file, text) in Sources.Of("Provisioning.Core").Concat(Sources.Of("Provisioning.Api")))
        {
            var lines = text.Count(letter => letter == '\n');
            if (lines > LongestFile) wrong.Add($"{file} has {lines} lines");
            wrong.AddRange(BadName().Matches(WithoutComments(text)).Select(match => $"{file}: {match.Value}"));
        }
        Assert.That(wrong, Is.Empty);
    }

    [Test]
    public void The_clock_is_injected()
    {
        var wrong = Sources.Of("Provisioning.Core").Where(source => Clock().IsMatch(WithoutComments(source.Text))).Select(source => source.File);
        Assert.That(wrong, Is.Empty, "TIME-1");
    }

    /// <summary>The rooms behind usings and fully qualified names: the longest room that the name starts with.</summary>
    private static IEnumerable<string> Named(string text, string root, IEnumerable<string> rooms) =>
        Regex.Matches(WithoutComments(text).Replace($"namespace {root}", "namespace ", StringComparison.Ordinal), Regex.Escape(root) + @"\.([A-Z]\w*(?:\.[A-Z]\w*)*)")
            .Select(match => match.Groups[1].Value.Replace('.', '/'))
            .Select(name => rooms.Where(room => room.Length > 0 && (name == room || name.StartsWith(room + "/", StringComparison.Ordinal))).MaxBy(room => room.Length) ?? name)
            .Distinct();

    /// <summary>Names that start at a room, as C# allows inside the root namespace; Directory is also a class of the platform.</summary>
    private static IEnumerable<string> PartlyNamed(string text) => PartName().Matches(WithoutComments(text)).Select(match => match.Groups[1].Value).Distinct();

    private static string WithoutComments(string text) => Comment().Replace(text, "");

    [GeneratedRegex(@"//.*$", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"(?<![\w.""/])(Common|Query|Schemas|Journal|Organizations|Seats|Contracts|Spend|SignIn|Invitations|Storage)\.(?=[A-Z]\w+[<({.\s?])")]
    private static partial Regex PartName();

    [GeneratedRegex(@"\b(async|await|Task)\b|System\.IO\b|\bFile\.")]
    private static partial Regex Waits();

    [GeneratedRegex(@"\b(?:class|record|struct|interface|enum)\s+(?:struct\s+|class\s+)?\w*(?:Manager|Helper|Helpers|Utils|Util|Impl)\b")]
    private static partial Regex BadName();

    [GeneratedRegex(@"\bDateTime(?:Offset)?\.(?:UtcNow|Now|Today)\b|TimeProvider\.System\b")]
    private static partial Regex Clock();
}
