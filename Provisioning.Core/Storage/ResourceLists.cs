using Dapper;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Query;

namespace Provisioning.Core.Storage;

/// <summary>How the lists of a resource type are asked for in SQL.</summary>
/// <param name="Select">SELECT ... FROM ... WHERE of all resources of <c>@organization</c>.</param>
/// <param name="Count">The same, counting.</param>
/// <param name="Total">The kept total.</param>
internal sealed record ListStatements(string Select, string Count, string Total, string Order, Func<string, SqlPlace?> Places);

/// <summary>
/// Lists, exact whatever the filter (design D5): what SQL decides is paged and counted there; the rest is decided row by row over a
/// stream, up to a limit of rows, beyond which the answer is 400 tooMany.
/// </summary>
internal static class ResourceLists
{
    /// <param name="matcher">Made only when rows have to be looked at: it may have to load what the filter mentions.</param>
    public static async Task<Outcome<ResourcePage<TRow>>> ListAsync<TRow>(
        SqlSession session, OrganizationId organization, ListStatements statements, ResourceQuery query,
        Func<Task<Outcome<Func<TRow, bool>>>> matcher)
    {
        var parameters = new DynamicParameters();
        parameters.Add("organization", Ids.ToBytes(organization));
        if (query.Filter is null)
            return new ResourcePage<TRow>(
                await PageAsync<TRow>(session, statements, "", parameters, query), await session.ScalarAsync<long>(statements.Total, parameters));

        var condition = new FilterSql(session.Dialect, statements.Places, parameters).Translate(query.Filter);
        var where = condition is null ? "" : $" AND ({condition.Sql})";
        if (condition is not { IsExact: true })
            return (await matcher()).Try(out var matches, out var error)
                ? await ScanAsync(session, statements, where, parameters, query, matches) : error;
        var page = await PageAsync<TRow>(session, statements, where, parameters, query);
        // A first page that is not full has shown everything there is.
        var total = query.Start == 1 && page.Count < query.Count ? page.Count : await session.ScalarAsync<long>(statements.Count + where, parameters);
        return new ResourcePage<TRow>(page, total);
    }

    /// <summary>Whether the predicate looks at a root attribute.</summary>
    public static bool Mentions(Predicate predicate, string attribute) => predicate switch
    {
        And and => and.Predicates.Any(part => Mentions(part, attribute)),
        Or or => or.Predicates.Any(part => Mentions(part, attribute)),
        Not not => Mentions(not.Predicate, attribute),
        AnyValue any => any.Path.Steps[0] == attribute,
        Compare compare => compare.Path.Steps[0] == attribute,
        Present present => present.Path.Steps[0] == attribute,
        _ => false,
    };

    public static TooMany TooMuchToScan(int limit) =>
        new($"The filter would have to look at more than {limit} rows (Limits:FilterScan); add a condition on an indexed attribute such as userName or externalId.");

    private static async Task<List<TRow>> PageAsync<TRow>(
        SqlSession session, ListStatements statements, string where, DynamicParameters parameters, ResourceQuery query)
    {
        if (query.Count == 0) return [];
        parameters.Add("limit", query.Count);
        parameters.Add("offset", query.Start - 1);
        return await session.QueryAsync<TRow>($"{statements.Select}{where} ORDER BY {statements.Order} {session.Dialect.Page}", parameters);
    }

    private static async Task<Outcome<ResourcePage<TRow>>> ScanAsync<TRow>(
        SqlSession session, ListStatements statements, string where, DynamicParameters parameters, ResourceQuery query, Func<TRow, bool> matches)
    {
        var page = new List<TRow>();
        long total = 0, scanned = 0;
        await foreach (var row in session.StreamAsync<TRow>($"{statements.Select}{where} ORDER BY {statements.Order}", parameters))
        {
            if (++scanned > query.ScanLimit)
                return TooMuchToScan(query.ScanLimit);
            if (!matches(row)) continue;
            total++;
            if (total >= query.Start && page.Count < query.Count) page.Add(row);
        }
        return new ResourcePage<TRow>(page, total);
    }
}
