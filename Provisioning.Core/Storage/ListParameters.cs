using System.Collections;
using System.Text.RegularExpressions;
using Dapper;

namespace Provisioning.Core.Storage;

/// <summary>
/// Writes <c>IN @ids</c> out as <c>IN (@ids_0, @ids_1, ...)</c>. Dapper does so too, but not for drivers that know arrays, and one SQL
/// text is to serve all engines (design D3).
/// </summary>
internal static partial class ListParameters
{
    public static (string Sql, object? Parameters) Expand(string sql, object? parameters)
    {
        if (parameters is null || !sql.Contains(" IN @", StringComparison.Ordinal)) return (sql, parameters);
        var expanded = new DynamicParameters(parameters);
        var written = List().Replace(sql, match =>
        {
            var name = match.Groups[1].Value;
            var values = ((IEnumerable)parameters.GetType().GetProperty(name)!.GetValue(parameters)!).Cast<object>().ToList();
            if (values.Count == 0) return "IN (NULL)"; // nothing is in it
            for (var at = 0; at < values.Count; at++) expanded.Add($"{name}_{at}", values[at]);
            return $"IN ({string.Join(", ", Enumerable.Range(0, values.Count).Select(at => $"@{name}_{at}"))})";
        });
        return (written, expanded);
    }

    [GeneratedRegex(@"IN @(\w+)")]
    private static partial Regex List();
}
