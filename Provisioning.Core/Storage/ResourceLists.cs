using System.Text.Json.Nodes;
using Dapper;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Query;

namespace Provisioning.Core.Storage;

/// <summary>A row of a list.</summary>
internal interface IListRow
{
    byte[] Id { get; }
}

/// <summary>
/// Lists, exact whatever the filter and order (design D5): what SQL decides is sorted, paged and counted there; the rest is decided row
/// by row over a stream, up to a limit of rows, beyond which the answer is 400 tooMany, and few at a time (<see cref="RunningScans"/>).
/// </summary>
internal static class ResourceLists
{
    /// <param name="trees">Makes whole representations. Called only when rows have to be looked at: it may have to load what is looked at.</param>
    public static async Task<Outcome<ResourcePage<TRow>>> ListAsync<TRow>(
        SqlSession session, OrganizationId organization, ListStatements statements, ResourceQuery query,
        Func<Task<Outcome<Func<TRow, JsonObject>>>> trees) where TRow : class, IListRow
    {
        var parameters = Of(organization);
        var condition = Condition(session, statements, query, parameters);
        var sort = query.Sort is null ? null : statements.Sorts(query.Sort.Path.Name);
        if (condition is { IsExact: true } && (query.Sort is null || sort is not null))
            return await PageAsync(session, statements, query, condition.Sql, sort, parameters, trees);
        using var place = RunningScans.TryEnter(organization);
        if (place is null) return RunningScans.Refused;
        if (!(await trees()).Try(out var tree, out var error)) return error;
        var where = condition is null ? "" : $" AND ({condition.Sql})";
        return query.Sort is null
            ? await ScanAsync(session, statements, where, parameters, query, tree)
            : await SortAsync(session, organization, statements, where, parameters, query, tree);
    }

    /// <summary>Where every match stands, in the order of the query.</summary>
    public static async Task<Outcome<IReadOnlyList<ListPosition>>> PositionsAsync<TRow>(
        SqlSession session, OrganizationId organization, ListStatements statements, ResourceQuery query,
        Func<Task<Outcome<Func<TRow, JsonObject>>>> trees) where TRow : class, IListRow
    {
        var parameters = Of(organization);
        var condition = Condition(session, statements, query, parameters);
        using var place = RunningScans.TryEnter(organization);
        if (place is null) return RunningScans.Refused;
        if (!(await trees()).Try(out var tree, out var error)) return error;
        return await PositionsAsync(session, statements, condition is null ? "" : $" AND ({condition.Sql})", parameters, query, tree);
    }

    /// <summary>Rows by their ids, in no order.</summary>
    public static async Task<List<TRow>> ManyAsync<TRow>(
        SqlSession session, OrganizationId organization, ListStatements statements, IReadOnlyCollection<ResourceId> ids)
    {
        var rows = new List<TRow>(ids.Count);
        foreach (var chunk in ids.Chunk(500))
            rows.AddRange(await session.QueryAsync<TRow>(
                statements.Select("", $" AND {statements.Id} IN @ids"), new { organization = Ids.ToBytes(organization), ids = chunk.Select(Ids.ToBytes) }));
        return rows;
    }

    /// <summary>Whether the filter or the order looks at a root attribute.</summary>
    public static bool Mentions(ResourceQuery query, string attribute) =>
        query.Sort?.Path.Steps[0] == attribute || (query.Filter is not null && Mentions(query.Filter, attribute));

    public static TooMany TooMuchToScan(int limit) =>
        new($"The filter or order would have to look at more than {limit} rows (Limits:FilterScan); add a condition on an indexed attribute such as userName or externalId.");

    private static bool Mentions(Predicate predicate, string attribute) => predicate switch
    {
        And and => and.Predicates.Any(part => Mentions(part, attribute)),
        Or or => or.Predicates.Any(part => Mentions(part, attribute)),
        Not not => Mentions(not.Predicate, attribute),
        AnyValue any => any.Path.Steps[0] == attribute,
        Compare compare => compare.Path.Steps[0] == attribute,
        Present present => present.Path.Steps[0] == attribute,
        _ => false,
    };

    private static DynamicParameters Of(OrganizationId organization)
    {
        var parameters = new DynamicParameters();
        parameters.Add("organization", Ids.ToBytes(organization));
        return parameters;
    }

    /// <summary>Null: SQL can say nothing about the filter. An empty text: there is none.</summary>
    private static SqlCondition? Condition(SqlSession session, ListStatements statements, ResourceQuery query, DynamicParameters parameters) =>
        query.Filter is null ? new SqlCondition("1 = 1", true) : new FilterSql(session.Dialect, statements.Places, parameters).Translate(query.Filter);

    private static async Task<Outcome<ResourcePage<TRow>>> PageAsync<TRow>(
        SqlSession session, ListStatements statements, ResourceQuery query, string condition, SqlSort? sort, DynamicParameters parameters,
        Func<Task<Outcome<Func<TRow, JsonObject>>>> trees) where TRow : class, IListRow
    {
        var filter = query.Filter is null ? "" : $" AND ({condition})";
        var rows = await RowsAsync<TRow>(session, statements, query, filter, sort, parameters);
        var isWhole = query.Count > 0 && (query.ByCursor ? query.After is null : query.Start == 1) && rows.Count < query.Count + (query.ByCursor ? 1 : 0);
        var total = isWhole && query.Filter is not null ? rows.Count
            : await session.ScalarAsync<long>(query.Filter is null ? statements.Total : statements.Count + filter, parameters);
        if (!query.ByCursor || rows.Count <= query.Count || query.Count == 0) return new ResourcePage<TRow>(rows, total);
        rows.RemoveAt(query.Count);
        byte[]? key = null;
        if (query.Sort is not null)
        {
            if (!(await trees()).Try(out var tree, out var error)) return error;
            key = SortKeys.Of(query.Sort.Path, tree(rows[^1]));
        }
        return new ResourcePage<TRow>(rows, total, new ListPosition(key, IdOf(rows[^1])));
    }

    private static async Task<List<TRow>> RowsAsync<TRow>(
        SqlSession session, ListStatements statements, ResourceQuery query, string filter, SqlSort? sort, DynamicParameters parameters)
    {
        if (query.Count == 0) return [];
        var descending = query.Sort is { Descending: true };
        var behind = query.After is null ? "" : " AND " + ListOrder.Behind(sort, descending, statements.Id, query.After, Parameter);
        parameters.Add("limit", query.ByCursor ? query.Count + 1 : query.Count);
        parameters.Add("offset", query.ByCursor ? 0 : query.Start - 1);
        return await session.QueryAsync<TRow>(
            $"{statements.Select(sort?.Join ?? "", filter + behind)} ORDER BY {ListOrder.By(sort, descending, statements.Id)} {session.Dialect.Page}", parameters);

        string Parameter(object value)
        {
            var name = FormattableString.Invariant($"after{parameters.ParameterNames.Count()}");
            parameters.Add(name, value);
            return "@" + name;
        }
    }

    private static async Task<Outcome<ResourcePage<TRow>>> ScanAsync<TRow>(
        SqlSession session, ListStatements statements, string where, DynamicParameters parameters, ResourceQuery query,
        Func<TRow, JsonObject> tree) where TRow : class, IListRow
    {
        var page = new List<TRow>();
        var after = query.After is null ? [] : Ids.ToBytes(query.After.Id);
        long total = 0, scanned = 0;
        var isMore = false;
        await foreach (var row in session.StreamAsync<TRow>($"{statements.Select("", where)} ORDER BY {statements.Id}", parameters))
        {
            if (++scanned > query.ScanLimit) return TooMuchToScan(query.ScanLimit);
            if (!Matches(query, tree, row)) continue;
            total++;
            if (query.ByCursor ? row.Id.AsSpan().SequenceCompareTo(after) <= 0 : total < query.Start) continue;
            if (page.Count < query.Count) page.Add(row);
            else isMore = true;
        }
        return new ResourcePage<TRow>(page, total, query.ByCursor && isMore && page.Count > 0 ? new ListPosition(null, IdOf(page[^1])) : null);
    }

    private static async Task<Outcome<ResourcePage<TRow>>> SortAsync<TRow>(
        SqlSession session, OrganizationId organization, ListStatements statements, string where, DynamicParameters parameters, ResourceQuery query,
        Func<TRow, JsonObject> tree) where TRow : class, IListRow
    {
        if (!(await PositionsAsync(session, statements, where, parameters, query, tree)).Try(out var positions, out var error)) return error;
        var slice = positions.Slice(query);
        var rows = (await ManyAsync<TRow>(session, organization, statements, [.. slice.Items.Select(place => place.Id)])).ToDictionary(row => IdOf(row));
        return new ResourcePage<TRow>([.. slice.Items.Select(place => rows[place.Id])], positions.Count, slice.Last);
    }

    private static async Task<Outcome<IReadOnlyList<ListPosition>>> PositionsAsync<TRow>(
        SqlSession session, ListStatements statements, string where, DynamicParameters parameters, ResourceQuery query,
        Func<TRow, JsonObject> tree) where TRow : class, IListRow
    {
        var positions = new List<ListPosition>();
        var scanned = 0;
        await foreach (var row in session.StreamAsync<TRow>($"{statements.Select("", where)} ORDER BY {statements.Id}", parameters))
        {
            if (++scanned > query.ScanLimit) return TooMuchToScan(query.ScanLimit);
            if (Matches(query, tree, row)) positions.Add(new ListPosition(query.Sort is null ? null : SortKeys.Of(query.Sort.Path, tree(row)), IdOf(row)));
        }
        if (query.Sort is { } sort) positions.Sort((one, other) => one.CompareTo(other, sort.Descending));
        return Outcome.Of<IReadOnlyList<ListPosition>>(positions);
    }

    private static bool Matches<TRow>(ResourceQuery query, Func<TRow, JsonObject> tree, TRow row) =>
        query.Filter is null || PredicateEvaluator.Matches(query.Filter, tree(row));

    private static ResourceId IdOf<TRow>(TRow row) where TRow : class, IListRow => Rows.Id<ResourceId>(row.Id);
}
