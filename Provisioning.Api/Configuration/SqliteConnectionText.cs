using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Provisioning.Api.Configuration;

/// <summary>
/// What a connection string of the embedded engine may say. Checked here by name, so that a misspelt keyword is told at start
/// and no driver is named outside Storage.
/// </summary>
internal static class SqliteConnectionText
{
    public static readonly string[] DataSourceNames = ["Data Source", "DataSource", "Filename"];

    private static readonly string[] Modes = ["ReadWriteCreate", "ReadWrite", "Memory"];
    private static readonly string[] Caches = ["Default", "Private", "Shared"];
    private static readonly string[] TimeoutNames = ["Default Timeout", "Command Timeout"];

    public static string? DataSource(DbConnectionStringBuilder parts)
    {
        foreach (var name in DataSourceNames)
            if (parts.TryGetValue(name, out var value)) return value as string;
        return null;
    }

    /// <summary>Whether the service can use it; if not, what is wrong, without any value from it.</summary>
    public static bool IsUsable(string text, [NotNullWhen(false)] out string? problem)
    {
        var parts = new DbConnectionStringBuilder();
        try
        {
            parts.ConnectionString = text;
        }
        catch (ArgumentException)
        {
            problem = "cannot be read as key=value pairs";
            return false;
        }
        problem = string.IsNullOrWhiteSpace(DataSource(parts)) ? "has no Data Source" : null;
        foreach (string keyword in parts.Keys)
        {
            if (problem is not null) break;
            problem = Check(keyword, parts[keyword] as string ?? "");
        }
        return problem is null;
    }

    private static string? Check(string keyword, string value)
    {
        if (Among(DataSourceNames, keyword)) return null;
        if (Is(keyword, "Mode")) return Among(Modes, value) ? null : "has a Mode other than " + string.Join(", ", Modes);
        if (Is(keyword, "Cache")) return Among(Caches, value) ? null : "has a Cache other than " + string.Join(", ", Caches);
        if (Is(keyword, "Pooling")) return bool.TryParse(value, out _) ? null : "has a Pooling other than True, False";
        if (!Among(TimeoutNames, keyword)) return $"has the keyword \"{keyword}\", which the embedded engine does not take";
        return int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? null : $"has a {keyword} that is not a number of seconds";
    }

    private static bool Is(string left, string right) => string.Equals(left, right, StringComparison.OrdinalIgnoreCase);

    private static bool Among(string[] accepted, string value) => accepted.Contains(value, StringComparer.OrdinalIgnoreCase);
}
