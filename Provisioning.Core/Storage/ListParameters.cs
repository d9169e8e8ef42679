using System.Collections;
using System.Collections.Concurrent;
using System.Data;
using System.Text.RegularExpressions;

namespace Provisioning.Core.Storage;

/// <summary>
/// Writes <c>IN @ids</c> out as <c>IN (@ids_0, @ids_1, ...)</c>, which every engine understands (design D3). The last value is repeated up
/// to a power of two, so that there are few texts, and those stay prepared.
/// </summary>
internal static partial class ListParameters
{
    private static readonly ConcurrentDictionary<(string Sql, Type Parameters, int Length), (string Sql, ParameterNames Names)> Known = new();

    public static bool AreIn(string sql) => sql.Contains(" IN @", StringComparison.Ordinal);

    public static KeptCommand Bind(string sql, ParameterReader reader, object parameters, Func<string, ParameterNames, KeptCommand> begin)
    {
        var values = Enumerable.Range(0, reader.Names.All.Count).Select(at => reader.Value(parameters, at)).ToArray();
        var lists = values.Select((value, at) => reader.Elements[at] is null ? null : ((IEnumerable)value!).Cast<object>().ToList()).ToArray();
        var longest = lists.Max(static list => list?.Count ?? 0);
        // All lists of a statement get the length of the longest; an empty one is all NULL, and nothing is in it.
        var length = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, longest));
        var (text, names) = Known.GetOrAdd((sql, parameters.GetType(), length), key => Write(key.Sql, reader, key.Length));
        var command = begin(text, names);
        var place = 0;
        for (var at = 0; at < values.Length; at++)
        {
            if (lists[at] is not { } list)
            {
                command.Set(place++, values[at]);
                continue;
            }
            for (var element = 0; element < length; element++)
                command.Set(place++, list.Count == 0 ? null : list[Math.Min(element, list.Count - 1)]);
        }
        return command;
    }

    private static (string Sql, ParameterNames Names) Write(string sql, ParameterReader reader, int length)
    {
        var written = List().Replace(sql, match =>
            $"IN ({string.Join(", ", Enumerable.Range(0, length).Select(at => $"@{match.Groups[1].Value}_{at}"))})");
        return (written, new ParameterNames([.. reader.Names.All.SelectMany((name, at) => reader.Elements[at] is { } element
            ? Enumerable.Range(0, length).Select(place => ($"{name.Name}_{place}", (DbType?)element))
            : [name])]));
    }

    [GeneratedRegex(@"IN @(\w+)")]
    private static partial Regex List();
}
