using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Organizations;
using Provisioning.Core.Scim.Filters;
using Provisioning.Core.Scim.Operations;
using Provisioning.Tests.Coverage;

namespace Provisioning.Tests.Core;

/// <summary>What a group of 100,000 costs (design D5), in statements and rows, never in time.</summary>
public sealed class LargeGroupTests
{
    private const int Large = 100_000;

    private CoreStack stack = null!;
    private FaultyDialect engine = null!;
    private Organization org = null!;
    private GroupOperations operations = null!;
    private ScimCaller caller = null!;
    private ResourceId user, small, large;

    [OneTimeSetUp]
    public async Task FillAsync()
    {
        stack = await CoreStack.StartAsync(inner => engine = new FaultyDialect(inner));
        org = await stack.ScimAsync();
        user = (await stack.PushAsync(org, "ada")).Value.Entry.Id;
        var limits = new ScimLimits(FilterLimits.Default, 1000, 100_000, 2000, 100);
        var lists = new ListRequests(limits, new ListCursors(new PlainSeal(), limits, stack.Time));
        operations = new GroupOperations(stack.Groups, new MemberLists(stack.Groups), lists, Language.Language.Catalog, limits);
        caller = new ScimCaller(org, CoreStack.Actor, "https://scim.example/scim/v2");
        (small, large) = (await FilledAsync("Small", 10), await FilledAsync("Large", Large));
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await stack.DisposeAsync();

    [Test]
    [Checklist("X22", "X2")]
    public async Task One_member_more_or_less_costs_a_large_group_what_it_costs_a_small_one()
    {
        var add = Patch("add", "members", new JsonArray(new JsonObject { ["value"] = user.ToString() }));
        var remove = Patch("remove", $"members[value eq \"{user}\"]", null);
        var byArray = Patch("remove", "members", new JsonArray(new JsonObject { ["value"] = user.ToString() }));
        foreach (var body in new[] { add, remove, add, byArray })
        {
            var (few, many) = (await CostAsync(small, body), await CostAsync(large, body));
            // Only the small one is shown with the answer, so only its list is read.
            Assert.That((many.Read, many.Statements), Is.LessThanOrEqualTo((few.Read, few.Statements)), $"{few}; {many}");
            Assert.That(many.Written, Is.EqualTo(few.Written), $"{few}; {many}");
        }
    }

    [Test]
    [Checklist("R7", "X2")]
    public async Task Excluding_the_members_never_touches_them()
    {
        foreach (var ask in (Func<ResourceId, Task<Outcome<ScimReply>>>[])
            [
                id => operations.GetAsync(caller, id.ToString(), null, "members", default),
                id => operations.ListAsync(caller, new ListParameters($"id eq \"{id}\"", null, null, null, "members"), default),
                id => operations.PatchAsync(caller, id.ToString(), null, Patch("replace", "externalId", Guid.NewGuid().ToString()), null, "members", default),
            ])
        {
            var (few, many) = (await CountAsync(() => ask(small)), await CountAsync(() => ask(large)));
            Assert.That(many.ToString(), Is.EqualTo(few.ToString()));
        }
    }

    [Test]
    public async Task A_full_read_is_written_in_slices_and_holds_everybody_once()
    {
        engine.Counts.Reset();
        var reply = Language.Language.Ok(await operations.GetAsync(caller, large.ToString(), null, null, default));
        using var body = new SliceStream();
        await WriteAsync(reply, body);
        Assert.That(engine.Counts.MostOfOne, Is.LessThanOrEqualTo(MemberLists.Slice), "rows of one statement");
        Assert.That(body.Largest, Is.LessThan(2_000_000).And.LessThan(body.Length / 5), "bytes at once");
        using var json = JsonDocument.Parse(body.ToArray());
        Assert.That(json.RootElement.GetProperty("members").EnumerateArray().Select(member => member.GetProperty("value").GetString()).Distinct().Count(), Is.EqualTo(Large));
        Assert.That(json.RootElement.GetProperty("displayName").GetString(), Is.EqualTo("Large"));
    }

    [Test]
    public async Task A_list_with_a_large_group_among_others_is_written_in_slices_in_its_order()
    {
        engine.Counts.Reset();
        var asked = new ListParameters(null, null, null, null, null) { SortBy = "displayName" };
        var reply = Language.Language.Ok(await operations.ListAsync(caller, asked, default));
        using var body = new SliceStream();
        await WriteAsync(reply, body);
        Assert.That(engine.Counts.MostOfOne, Is.LessThanOrEqualTo(MemberLists.Slice + 1), "rows of one statement");
        Assert.That(body.Largest, Is.LessThan(body.Length / 5));
        using var json = JsonDocument.Parse(body.ToArray());
        Assert.That(json.RootElement.GetProperty("Resources").EnumerateArray().Select(group => (group.GetProperty("displayName").GetString(), group.GetProperty("members").GetArrayLength())),
            Is.EqualTo(new[] { ("Large", Large), ("Small", 10) }));
    }

    private static async Task WriteAsync(ScimReply reply, Stream body)
    {
        Assert.That(reply.Stream, Is.Not.Null, "not built in memory");
        await using var writer = new Utf8JsonWriter(body);
        await reply.Stream!(writer, default);
    }

    private async Task<StatementCounts> CostAsync(ResourceId group, JsonObject body) =>
        await CountAsync(() => operations.PatchAsync(caller, group.ToString(), null, body, null, null, default));

    private async Task<StatementCounts> CountAsync(Func<Task<Outcome<ScimReply>>> run)
    {
        engine.Counts.Reset();
        var answer = await run();
        Assert.That(answer.IsOk, Is.True, answer.Error?.ToString());
        return new StatementCounts { Statements = engine.Counts.Statements, Read = engine.Counts.Read, Written = engine.Counts.Written };
    }

    private async Task<ResourceId> FilledAsync(string name, int members)
    {
        var group = (await stack.Groups.CreateAsync(org, CoreStack.Actor, GroupContent.Of(new JsonObject { ["displayName"] = name }), [], default)).Value;
        // Rows as pushes would have left them; nothing here looks at the people.
        foreach (var some in Enumerable.Range(0, members).Chunk(20_000))
            await stack.UnitAsync<Done>(async scope =>
            {
                await stack.GroupRows.InsertMembersAsync(scope.Session, org.Id, group.Id,
                    [.. some.Select(_ => new GroupMember(Ids.New<ResourceId>(stack.Time), false, null, null, null))]);
                return default(Done);
            });
        return group.Id;
    }

    private static JsonObject Patch(string op, string path, JsonNode? value)
    {
        var operation = new JsonObject { ["op"] = op, ["path"] = path };
        if (value is not null) operation["value"] = value;
        return new JsonObject { ["schemas"] = new JsonArray("urn:ietf:params:scim:api:messages:2.0:PatchOp"), ["Operations"] = new JsonArray(operation) };
    }

    /// <summary>Remembers the largest piece it was given.</summary>
    private sealed class SliceStream : MemoryStream
    {
        public int Largest { get; private set; }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            Largest = Math.Max(Largest, buffer.Length);
            base.Write(buffer);
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Write(buffer.Span);
            return ValueTask.CompletedTask;
        }
    }
}

/// <summary>A seal that hides nothing, for tests of what is in a cursor.</summary>
internal sealed class PlainSeal : ICursorSeal
{
    public string Close(byte[] content) => Convert.ToHexString(content);

    public byte[]? Open(string text)
    {
        try
        {
            return Convert.FromHexString(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
