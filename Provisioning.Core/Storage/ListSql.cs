using System.Text;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Query;

namespace Provisioning.Core.Storage;

/// <summary>How the lists of a resource type are asked for in SQL.</summary>
/// <param name="Columns">SELECT ... FROM ..., with its joins.</param>
/// <param name="Where">All resources of <c>@organization</c>.</param>
/// <param name="Count">SELECT COUNT(*) ... WHERE of the same.</param>
/// <param name="Total">The kept total.</param>
/// <param name="Id">The column of the id: oldest first.</param>
internal sealed record ListStatements(
    string Columns, string Where, string Count, string Total, string Id, Func<string, SqlPlace?> Places, Func<string, SqlSort?> Sorts)
{
    public string Select(string join, string condition) => $"{Columns} {join} WHERE {Where}{condition}";
}

/// <summary>What SQL can sort by: a column of key bytes or of microseconds.</summary>
/// <param name="IsNullable">Whether a resource may have no value.</param>
/// <param name="IsUnique">Whether no two resources have the same, so that the id need not decide.</param>
internal sealed record SqlSort(string Column, bool IsNullable, bool IsUnique)
{
    /// <summary>Joined to the list for this order only.</summary>
    public string Join { get; init; } = "";

    /// <summary>The value of the column behind a key of <see cref="SortKeys"/>.</summary>
    public Func<byte[], object> Value { get; init; } = static key => key;

    public static SqlSort Instant(string column) => new(column, false, false) { Value = static key => Instants.ToMicroseconds(SortKeys.Instant(key)) };

    /// <summary>Ids sort as their written form does.</summary>
    public static SqlSort Id(string column) => new(column, false, true)
    {
        Value = static key => Ids.TryParse<ResourceId>(Encoding.UTF8.GetString(key), out var id) ? Ids.ToBytes(id) : key,
    };
}

/// <summary>
/// The ORDER BY of a list and the condition that it goes on behind a place. Engines put NULL at different ends, so that end is written
/// out (checklist S1: last ascending, first descending).
/// </summary>
internal static class ListOrder
{
    public static string By(SqlSort? sort, bool descending, string id)
    {
        if (sort is null) return id;
        var direction = descending ? " DESC" : "";
        var order = sort.IsUnique ? $"{sort.Column}{direction}" : $"{sort.Column}{direction}, {id}";
        return sort.IsNullable ? $"CASE WHEN {sort.Column} IS NULL THEN {(descending ? "0 ELSE 1" : "1 ELSE 0")} END, {order}" : order;
    }

    /// <summary>What stands behind the place; <paramref name="parameter"/> makes a parameter of a value.</summary>
    public static string Behind(SqlSort? sort, bool descending, string id, ListPosition place, Func<object, string> parameter)
    {
        var later = $"{id} > {parameter(Ids.ToBytes(place.Id))}";
        if (sort is null) return later;
        var column = sort.Column;
        if (place.Key is null) return descending ? $"(({column} IS NULL AND {later}) OR {column} IS NOT NULL)" : $"({column} IS NULL AND {later})";
        var key = parameter(sort.Value(place.Key));
        var relation = descending ? "<" : ">";
        if (sort.IsUnique) return $"{column} {relation} {key}";
        var behind = $"{column} {relation} {key} OR ({column} = {key} AND {later})";
        return sort.IsNullable && !descending ? $"({behind} OR {column} IS NULL)" : $"({column} {relation}= {key} AND ({behind}))";
    }
}
