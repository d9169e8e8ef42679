using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Organizations;
using Provisioning.Core.Query;
using Provisioning.Core.Schemas;
using Provisioning.Core.Scim.Filters;
using Provisioning.Tests.Coverage;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Core;

/// <summary>What SQL answers is what the evaluator answers on the whole representation, whatever is asked (design D5).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class FilterSqlTests(string engine)
{
    private const int Users = 250, Groups = 15, UserFilters = 1200, GroupFilters = 400, Sorts = 80;

    private CoreStack stack = null!;
    private Organization org = null!;
    private FilterSamples samples = null!;
    private Random random = null!;
    private IReadOnlyList<EntryView> users = null!;
    private List<(Group Group, JsonObject Tree)> groups = null!;

    [OneTimeSetUp]
    public async Task FillAsync()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("PROVISIONING_TEST_SEED"), out var chosen) ? chosen : Random.Shared.Next();
        TestContext.Out.WriteLine($"PROVISIONING_TEST_SEED={seed}");
        random = new Random(seed);
        samples = new FilterSamples(random);
        stack = await CoreStack.StartOnAsync(engine);
        org = await stack.ScimAsync();
        var other = await stack.ScimAsync();
        for (var i = 0; i < Users; i++)
        {
            var made = await stack.PushAsync(i % 50 == 0 ? other : org, EntryContent.Of(samples.User(i)));
            Assert.That(made.IsOk, Is.True, made.Error?.ToString());
            samples.UserIds.Add(made.Value.Entry.Id.ToString());
            if (i % 7 == 0) stack.Time.Advance(TimeSpan.FromHours(random.Next(30)));
            if (i % 10 == 3) await stack.PatchAsync(org, made.Value.Entry.Id, ("nickName", "changed"), ("displayName", null));
            if (i % 25 == 4) await stack.DeleteAsync(org, made.Value.Entry.Id);
        }
        for (var i = 0; i < Groups; i++)
        {
            var members = samples.UserIds.Concat(samples.GroupIds).Where(_ => random.Next(6) == 0)
                .Select(id => new MemberRef(id, null, null, random.Next(2) == 0 ? samples.Text : null)).ToList();
            var made = await stack.Groups.CreateAsync(org, CoreStack.Actor, GroupContent.Of(samples.Group(i)), members, default);
            Assert.That(made.IsOk, Is.True, made.Error?.ToString());
            samples.GroupIds.Add(made.Value.Id.ToString());
        }
        users = (await stack.Users.ListAsync(org, All, true, default)).Value.Items;
        groups = [];
        foreach (var group in (await stack.Groups.ListAsync(org, All, default)).Value.Items)
            groups.Add((group, ResourceTree.Of(group, await stack.Groups.MembersAsync(group.Id, null, 1000, default), "")));
        samples.Instants.AddRange(users.SelectMany(view => new[] { Text(view.Entry.Created), Text(view.Entry.LastModified) }));
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (stack is null) return; // ignored: no such engine here
        await Books.CheckAsync(stack);
        await stack.DisposeAsync();
    }

    [Test]
    public void The_samples_are_all_there()
    {
        Assert.That(users, Has.Count.EqualTo(235));
        Assert.That(groups, Has.Count.EqualTo(Groups));
    }

    [Test]
    public async Task Users_found_by_SQL_are_those_the_evaluator_finds()
    {
        var trees = users.Select(view => (view.Entry.Id, Tree: ResourceTree.Of(view, ""))).ToList();
        var found = 0;
        for (var i = 0; i < UserFilters; i++)
        {
            var filter = samples.UserFilter(3);
            var predicate = Bind(filter, Language.Language.User);
            var expected = trees.Where(user => PredicateEvaluator.Matches(predicate, user.Tree)).Select(user => user.Id).ToList();
            found += expected.Count is > 0 and < 235 ? 1 : 0;
            await CompareAsync(filter, expected, async query =>
                (await stack.Users.ListAsync(org, query with { Filter = predicate }, random.Next(2) == 0, default)).Select(page =>
                    (page.Items.Select(view => view.Entry.Id).ToList(), page.Total)));
        }
        Assert.That(found, Is.GreaterThan(UserFilters / 3), "the filters are worth asking");
    }

    [Test]
    public async Task Groups_found_by_SQL_are_those_the_evaluator_finds()
    {
        for (var i = 0; i < GroupFilters; i++)
        {
            var filter = samples.GroupFilter(3);
            var predicate = Bind(filter, Language.Language.Group);
            var expected = groups.Where(group => PredicateEvaluator.Matches(predicate, group.Tree)).Select(group => group.Group.Id).ToList();
            await CompareAsync(filter, expected, async query =>
                (await stack.Groups.ListAsync(org, query with { Filter = predicate }, default)).Select(page =>
                    (page.Items.Select(group => group.Id).ToList(), page.Total)));
        }
    }

    [Test]
    public async Task S1_users_sorted_by_SQL_are_in_the_order_of_the_evaluator_by_index_and_by_cursor()
    {
        var trees = users.Select(view => (view.Entry.Id, Tree: ResourceTree.Of(view, ""))).ToList();
        for (var i = 0; i < Sorts; i++)
            await CompareOrderAsync(Language.Language.User, samples.UserSort, random.Next(2) == 0 ? null : samples.UserFilter(2), trees,
                async query => (await stack.Users.ListAsync(org, query, false, default)).Select(page =>
                    (page.Items.Select(view => view.Entry.Id).ToList(), page.Total, page.Last)));
    }

    [Test]
    public async Task S1_groups_sorted_by_SQL_are_in_the_order_of_the_evaluator_by_index_and_by_cursor()
    {
        var trees = groups.Select(group => (group.Group.Id, group.Tree)).ToList();
        for (var i = 0; i < Sorts / 4; i++)
            await CompareOrderAsync(Language.Language.Group, samples.GroupSort, random.Next(2) == 0 ? null : samples.GroupFilter(2), trees,
                async query => (await stack.Groups.ListAsync(org, query, default)).Select(page =>
                    (page.Items.Select(group => group.Id).ToList(), page.Total, page.Last)));
    }

    [Test]
    public async Task A_sort_order_that_would_look_at_too_many_resources_names_the_limit()
    {
        var limited = new ResourceQuery(null, 1, 10, 20, "") { Sort = new SortOrder(Path(Language.Language.User, "nickName"), false) };
        Assert.That((await stack.Users.ListAsync(org, limited, false, default)).Error?.Detail, Does.Contain("Limits:FilterScan").And.Contain("20"));
        var inSql = limited with { Sort = new SortOrder(Path(Language.Language.User, "displayName"), false) };
        Assert.That((await stack.Users.ListAsync(org, inSql, false, default)).IsOk, Is.True, "an indexed attribute is sorted by the database");
    }

    [Test]
    [Checklist("R5", "K13")]
    public async Task A_filter_that_would_look_at_too_many_resources_names_the_limit()
    {
        var limited = new ResourceQuery(Bind("nickName pr", Language.Language.User), 1, 10, 20, "");
        var refused = (await stack.Users.ListAsync(org, limited, false, default)).Error;
        Assert.That(refused, Is.InstanceOf<TooMany>());
        Assert.That(refused!.Detail, Does.Contain("Limits:FilterScan").And.Contain("20"));
        var narrowed = limited with { Filter = Bind($"nickName pr and id eq \"{samples.UserIds[1]}\"", Language.Language.User) };
        Assert.That((await stack.Users.ListAsync(org, narrowed, false, default)).IsOk, Is.True, "an indexed condition narrows what is looked at");
    }

    [TestCase("or")]
    [TestCase("and")]
    public async Task A_filter_as_long_as_the_limit_allows_is_answered(string word)
    {
        foreach (var leaf in new[] { "id eq 1", "externalId ne 1", "emails co 1", "title eq 1" })
        {
            var filter = string.Join($" {word} ", Enumerable.Repeat(leaf, FilterLimits.Default.Length / (leaf.Length + word.Length + 2)));
            Assert.That((await stack.Users.ListAsync(org, All with { Filter = Bind(filter, Language.Language.User) }, false, default)).IsOk, Is.True, leaf);
        }
    }

    [Test]
    public async Task Pages_cover_everything_once_and_the_kept_total_is_right()
    {
        var seen = new List<ResourceId>();
        for (var start = 1; start <= users.Count; start += 40)
        {
            var page = (await stack.Users.ListAsync(org, All with { Start = start, Count = 40 }, false, default)).Value;
            Assert.That(page.Total, Is.EqualTo(users.Count));
            seen.AddRange(page.Items.Select(view => view.Entry.Id));
        }
        Assert.That(seen, Is.EqualTo(users.Select(view => view.Entry.Id)));
        Assert.That(users.Select(view => view.Entry.Created), Is.Ordered, "oldest first");
    }

    [Test]
    public void A_user_written_from_the_store_is_the_tree_word_for_word()
    {
        foreach (var view in users)
        {
            var buffer = new System.Buffers.ArrayBufferWriter<byte>();
            using (var writer = new System.Text.Json.Utf8JsonWriter(buffer)) new ResourceJson(writer, "https://scim.example/scim/v2").Write(view);
            var written = System.Text.Json.Nodes.JsonNode.Parse(buffer.WrittenSpan)!.ToJsonString();
            Assert.That(written, Is.EqualTo(ResourceTree.Of(view, "https://scim.example/scim/v2").ToJsonString()));
        }
    }

    private static ResourceQuery All => new(null, 1, 1000, 100_000, "");

    private async Task CompareAsync(string filter, List<ResourceId> expected, Func<ResourceQuery, Task<Outcome<(List<ResourceId> Ids, long Total)>>> ask)
    {
        var query = All;
        if (random.Next(3) == 0) query = query with { Start = random.Next(1, 40), Count = random.Next(0, 30) };
        var answer = await ask(query);
        Assert.That(answer.IsOk, Is.True, filter + answer.Error);
        var ids = expected.Skip(query.Start - 1).Take(query.Count).ToList();
        if (answer.Value.Total == expected.Count && answer.Value.Ids.SequenceEqual(ids)) return;
        var odd = answer.Value.Ids.Except(ids).Concat(ids.Except(answer.Value.Ids)).Take(3).Select(Show);
        Assert.Fail($"{filter}\n{query}\nfound {answer.Value.Total}, not {expected.Count}: {string.Join("\n", odd)}");
    }

    /// <summary>One page by index, and all pages by cursor, of a sorted (or, by cursor, perhaps unsorted) list.</summary>
    private async Task CompareOrderAsync(ResourceType type, string sortBy, string? filter, List<(ResourceId Id, JsonObject Tree)> trees,
        Func<ResourceQuery, Task<Outcome<(List<ResourceId> Ids, long Total, ListPosition? Last)>>> ask)
    {
        var sort = random.Next(6) == 0 ? null : new SortOrder(Path(type, sortBy), random.Next(2) == 0);
        var predicate = filter is null ? null : Bind(filter, type);
        var matches = trees.Where(one => predicate is null || PredicateEvaluator.Matches(predicate, one.Tree))
            .Select(one => new ListPosition(sort is null ? null : SortKeys.Of(sort.Path, one.Tree), one.Id)).ToList();
        if (sort is not null) matches.Sort((one, other) => one.CompareTo(other, sort.Descending));
        var expected = matches.Select(place => place.Id).ToList();
        var query = All with { Filter = predicate, Sort = sort };
        var what = $"{sortBy} {sort?.Descending} {filter}";

        var (start, count) = (random.Next(1, 60), random.Next(0, 40));
        var page = (await ask(query with { Start = start, Count = count })).Value;
        Assert.That((page.Total, page.Ids), Is.EqualTo((expected.Count, expected.Skip(start - 1).Take(count).ToList())), what);

        var seen = new List<ResourceId>();
        var byCursor = query with { ByCursor = true, Count = random.Next(1, 4) switch { 1 => 17, 2 => 60, _ => Math.Max(1, expected.Count) } };
        do
        {
            page = (await ask(byCursor)).Value;
            seen.AddRange(page.Ids);
            Assert.That(page.Total, Is.EqualTo(expected.Count), what);
            Assert.That(page.Ids, page.Last is null ? Has.Count.LessThanOrEqualTo(byCursor.Count) : Has.Count.EqualTo(byCursor.Count), what);
            byCursor = byCursor with { After = page.Last };
        }
        while (page.Last is not null && seen.Count <= expected.Count);
        Assert.That(seen, Is.EqualTo(expected), what);
    }

    /// <summary>As a list request binds it: a complex attribute by its value.</summary>
    private static BoundPath Path(ResourceType type, string name)
    {
        var path = type.Resolve(name)!;
        return FilterBinder.BindPath(path.Leaf is { IsComplex: true } ? path.With(path.Attribute!.Sub("value")!) : path)!;
    }

    private string Show(ResourceId id) => (users.Where(view => view.Entry.Id == id).Select(view => ResourceTree.Of(view, ""))
        .Concat(groups.Where(group => group.Group.Id == id).Select(group => group.Tree)).FirstOrDefault() ?? []).ToJsonString();

    private static Predicate Bind(string filter, ResourceType type)
    {
        var bound = ScimFilter.Parse(filter, FilterLimits.Default).Then(node => FilterBinder.Bind(node, type));
        Assert.That(bound.IsOk, Is.True, $"{filter}: {bound.Error}");
        return bound.Value;
    }

    private static string Text(DateTimeOffset instant) => Instants.Text(instant);
}
