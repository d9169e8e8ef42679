using System.Diagnostics;
using System.Text.RegularExpressions;
using Provisioning.Core.Common;

namespace Provisioning.Core.Storage;

/// <summary>A span per statement that says its kind and its table. Never the text, and never a parameter: those are people.</summary>
internal static partial class StatementTrace
{
    /// <summary>Whether the statement is part of a trace that somebody records; the polling of jobs is part of none.</summary>
    public static bool IsWanted => Instruments.Source.HasListeners() && Activity.Current is { IsAllDataRequested: true };

    /// <summary>Null for what only frames units: savepoints and the like.</summary>
    public static Activity? Start(string sql, string engine)
    {
        var match = Statement().Match(sql);
        if (!match.Success) return null;
        var (operation, table) = (match.Groups["kind"].Value, match.Groups["table"].Value);
        if (Instruments.Source.StartActivity($"{operation} {table}", ActivityKind.Client) is not { } span) return null;
        // The names of the semantic conventions for database calls.
        span.SetTag("db.system.name", engine == "sqlserver" ? "microsoft.sql_server" : engine);
        span.SetTag("db.operation.name", operation);
        span.SetTag("db.collection.name", table);
        return span;
    }

    [GeneratedRegex(
        @"^\s*(?:(?<kind>SELECT)\b.*?\bFROM\s+(?<table>\w+)|(?<kind>INSERT)\s+INTO\s+(?<table>\w+)|(?<kind>UPDATE)\s+(?<table>\w+)|(?<kind>DELETE)\s+FROM\s+(?<table>\w+))",
        RegexOptions.Singleline)]
    private static partial Regex Statement();
}
