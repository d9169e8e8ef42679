using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Organizations;
using Provisioning.Core.Query;
using Provisioning.Core.Schemas;
using Provisioning.Core.Scim.Filters;
using Provisioning.Tests.Coverage;

namespace Provisioning.Tests.Core;

/// <summary>
/// How the embedded engine finds the pages of lists: by an index and a key, without sorting and without looking at what came before, so
/// that a page costs the same wherever it is and however many people there are.
/// </summary>
public sealed partial class ListPlanTests
{
    private CoreStack stack = null!;
    private FaultyDialect engine = null!;
    private Organization org = null!;
    private EntryView user = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        stack = await CoreStack.StartAsync(inner => engine = new FaultyDialect(inner));
        org = await stack.ScimAsync();
        user = (await stack.PushAsync(org, "ada")).Value;
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await stack.DisposeAsync();

    [TestCase(null, false, "ix_directory_entries_list (organization_id=? AND id>?)")]
    [TestCase("userName", false, "ux_directory_entries_user_name (organization_id=? AND user_name_key>?)")]
    [TestCase("userName", true, "ux_directory_entries_user_name (organization_id=? AND user_name_key<?)")]
    [TestCase("meta.lastModified", false, "ix_directory_entries_modified (organization_id=? AND modified_at>?)")]
    [Checklist("K2", "K7", "K13")]
    public async Task A_page_by_cursor_is_found_by_its_key_alone(string? sortBy, bool descending, string index)
    {
        var sort = sortBy is null ? null : new SortOrder(FilterBinder.BindPath(Language.Language.User.Resolve(sortBy)!)!, descending);
        var key = sort is null ? null : SortKeys.Of(sort.Path, ResourceTree.Of(user, ""));
        var plan = await PlanAsync(new ResourceQuery(null, 1, 1000, 1, "") { Sort = sort, ByCursor = true, After = new ListPosition(key, user.Entry.Id) });
        Assert.That(plan, Does.Contain(index).And.Not.Contain("SCAN TABLE directory_entries").And.Not.Contain("TEMP B-TREE FOR ORDER BY"));
    }

    [TestCase("urn:ietf:params:scim:schemas:extension:seat:2.0:User:seatStatus eq \"waiting\"", "ix_member_seats_waiting")]
    [TestCase("userName eq \"ada\"", "ux_directory_entries_user_name")]
    [TestCase("externalId eq \"x\"", "ix_directory_entries_external_id")]
    [TestCase("emails.value eq \"x\"", "sqlite_autoindex_entry_values_1|PRIMARY KEY")]
    public async Task A_filter_on_a_searched_attribute_uses_its_index(string filter, string indexes)
    {
        var bound = ScimFilter.Parse(filter, FilterLimits.Default).Then(node => FilterBinder.Bind(node, Language.Language.User)).Value;
        var plan = await PlanAsync(new ResourceQuery(bound, 1, 100, 1, ""));
        Assert.That(indexes.Split('|').Any(index => plan.Contains(index, StringComparison.Ordinal)), Is.True, plan);
    }

    private async Task<string> PlanAsync(ResourceQuery query)
    {
        engine.Counts.Texts = [];
        Assert.That((await stack.Users.ListAsync(org, query, false, default)).IsOk, Is.True);
        var sql = engine.Counts.Texts.First(text => text.StartsWith("SELECT e.id", StringComparison.Ordinal));
        engine.Counts.Texts = null;
        await using var connection = new SqliteConnection(CoreStack.ConnectionString(stack.File) + ";Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "EXPLAIN QUERY PLAN " + sql;
        foreach (var name in Parameter().Matches(sql).Select(match => match.Value).Distinct()) command.Parameters.AddWithValue(name, new byte[16]);
        var plan = new List<string>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync()) plan.Add(reader.GetString(3));
        return string.Join('\n', plan);
    }

    [GeneratedRegex(@"@\w+")]
    private static partial Regex Parameter();
}
