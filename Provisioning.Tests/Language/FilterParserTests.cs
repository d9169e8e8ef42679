using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Query;
using Provisioning.Core.Scim.Filters;

namespace Provisioning.Tests.Language;

[Description("Checklist section 10: the grammar of RFC 7644 3.4.2.2")]
public sealed class FilterParserTests
{
    private static Outcome<FilterNode> Parse(string text) => ScimFilter.Parse(text, FilterLimits.Default);

    [TestCase("userName eq \"bjensen\"", "userName eq \"bjensen\"")]
    [TestCase("USERNAME Eq \"a\"", "USERNAME eq \"a\"")]
    [TestCase("  title   PR  ", "title pr")]
    [TestCase("a eq 1 or b eq 2 and c eq 3", "a eq 1 or b eq 2 and c eq 3")]
    [TestCase("(a eq 1 or b eq 2) and c eq 3", "(a eq 1 or b eq 2) and c eq 3")]
    [TestCase("not(a pr)", "not (a pr)")]
    [TestCase("NOT (a pr and b pr)", "not (a pr and b pr)")]
    [TestCase("not (a pr) and b pr", "not (a pr) and b pr")]
    [TestCase("((((a pr))))", "a pr")]
    [TestCase("emails[type eq \"work\" and value co \"@x\"]", "emails[type eq \"work\" and value co \"@x\"]")]
    [TestCase("emails[type eq \"work\"].value eq \"x\"", "emails[type eq \"work\"].value eq \"x\"")]
    [TestCase("emails[not (type eq \"work\")]", "emails[not (type eq \"work\")]")]
    [TestCase("urn:ietf:params:scim:schemas:core:2.0:User:userName sw \"J\"", "urn:ietf:params:scim:schemas:core:2.0:User:userName sw \"J\"")]
    [TestCase("externalId eq jyoung", "externalId eq jyoung")]
    [TestCase("a eq -1.5e3 or a eq true or a eq false or a eq null", "a eq -1.5e3 or a eq true or a eq false or a eq null")]
    [TestCase("a eq \"\\u00e4\\\"\\\\\"", "a eq \"ä\\\"\\\\\"")]
    [TestCase("members[$ref ew \"/x\"]", "members[$ref ew \"/x\"]")]
    public void Filters_are_read_and_printed(string text, string printed)
    {
        var node = Language.Ok(Parse(text));
        Assert.That(node.ToString(), Is.EqualTo(printed));
        Assert.That(Language.Ok(Parse(printed)).ToString(), Is.EqualTo(printed));
    }

    [TestCase("")]
    [TestCase("   ")]
    [TestCase("userName")]
    [TestCase("userName eq")]
    [TestCase("userName eq \"a")]
    [TestCase("userName eq \"a\" trailing")]
    [TestCase("userName is \"a\"")]
    [TestCase("userName eq 'a'")]
    [TestCase("userName eq \"a\" and")]
    [TestCase("and userName pr")]
    [TestCase("userName eq and userName pr")]
    [TestCase("(userName pr")]
    [TestCase("userName pr)")]
    [TestCase("not userName pr")]
    [TestCase("emails[type eq \"work\"")]
    [TestCase("emails[]")]
    [TestCase("emails[type eq \"a\"].")]
    [TestCase("emails[type eq \"a\"].value")]
    [TestCase("a[b[c pr]]")]
    [TestCase("a eq \"\\ud800\"")]
    [TestCase("a eq \"\\u0000\"")]
    [TestCase("a eq \"\\x\"")]
    [TestCase("1a eq 1")]
    [TestCase("a eq 1;drop table")]
    public void What_is_not_in_the_grammar_is_an_invalid_filter_F13(string text) => Language.Refused<InvalidFilter, FilterNode>(Parse(text));

    [Test]
    public void Precedence_is_not_then_and_then_or_F2()
    {
        var or = (OrNode)Language.Ok(Parse("a pr or not (b pr) and c pr or d pr"));
        Assert.That(or.Nodes, Has.Count.EqualTo(3));
        Assert.That(or.Nodes[1], Is.InstanceOf<AndNode>());
        Assert.That(((AndNode)or.Nodes[1]).Nodes[0], Is.InstanceOf<NotNode>());
    }

    [Test]
    public void Length_and_depth_are_limited_and_the_settings_named_F18()
    {
        Language.Refused<InvalidFilter, FilterNode>(ScimFilter.Parse("userName eq \"abc\"", new FilterLimits(10, 5)), "10", "Limits:FilterLength");
        Language.Refused<InvalidFilter, FilterNode>(ScimFilter.Parse("(((a pr)))", new FilterLimits(100, 2)), "2", "Limits:FilterDepth");
        var limits = new FilterLimits(int.MaxValue, int.MaxValue);
        Language.Refused<InvalidFilter, FilterNode>(ScimFilter.Parse(new string('(', 1_000_000), limits), "Limits:FilterDepth");
        Language.Refused<InvalidFilter, FilterNode>(
            ScimFilter.Parse(string.Concat(Enumerable.Repeat("not (", 100_000)), limits), "Limits:FilterDepth");
        Language.Ok(ScimFilter.Parse("a pr" + string.Concat(Enumerable.Repeat(" and a pr", 100_000)), limits));
    }

    [TestCase("name.familyName", "name.familyName", null, null)]
    [TestCase("emails[type eq \"work\"]", "emails", "type eq \"work\"", null)]
    [TestCase("emails[type eq \"work\"].value", "emails", "type eq \"work\"", "value")]
    [TestCase("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", null, null)]
    public void Paths_are_read_X5(string text, string attribute, string? filter, string? sub)
    {
        var path = Language.Ok(ScimFilter.ParsePath(text, FilterLimits.Default));
        Assert.That((path.Attribute, path.Filter?.ToString(), path.SubAttribute), Is.EqualTo((attribute, filter, sub)));
    }

    [TestCase("")]
    [TestCase("emails[type eq \"work\"]value")]
    [TestCase("emails[type eq \"work\"].value.x y")]
    [TestCase("a b")]
    [TestCase("]")]
    [TestCase("emails [type pr]")]
    public void Malformed_paths_are_invalid_paths_X6(string text) =>
        Language.Refused<InvalidPath, PathNode>(ScimFilter.ParsePath(text, FilterLimits.Default));

    [TestCase("emails[type eq ]")]
    [TestCase("emails[type eq \"work\"")]
    [TestCase("emails[]")]
    public void A_malformed_filter_in_a_path_is_an_invalid_filter_X6(string text) =>
        Language.Refused<InvalidFilter, PathNode>(ScimFilter.ParsePath(text, FilterLimits.Default));

    [Test]
    public void Printed_filters_parse_to_the_same_tree([Values(11, 12, 13)] int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < 3_000; i++)
        {
            var node = RandomFilters.Node(random, 4);
            var back = Language.Ok(Parse(node.ToString()));
            Assert.That(RandomFilters.Shape(back), Is.EqualTo(RandomFilters.Shape(node)), node.ToString());
        }
    }

    [Test]
    public void No_text_makes_the_parser_or_the_binder_throw([Values(21, 22, 23)] int seed)
    {
        var random = new Random(seed);
        const string alphabet = "abuserName.emails[]()\"\\u00 eqneprandornot:$-1tru\ud83d\0'é\t";
        for (var i = 0; i < 20_000; i++)
        {
            var text = RandomFilters.Node(random, 3).ToString().ToCharArray();
            for (var n = random.Next(1, 5); n > 0; n--) text[random.Next(text.Length)] = alphabet[random.Next(alphabet.Length)];
            var mutated = new string(text);
            ScimFilter.ParsePath(mutated, FilterLimits.Default);
            if (Parse(mutated).Try(out var node, out _)) FilterBinder.Bind(node, Language.User);
        }
    }
}

internal static class RandomFilters
{
    private static readonly string[] Paths =
        ["userName", "name.familyName", "emails.value", "active", "meta.lastModified", "title", "emails", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"];

    private static readonly string[] Texts = ["bjensen", "", "Ä\"\\", "😀", "work", "True", "2011-05-13T04:42:34Z", "@"];

    public static FilterNode Node(Random random, int depth) => (depth == 0 ? random.Next(3, 6) : random.Next(6)) switch
    {
        0 => new AndNode(Many(random, depth - 1)),
        1 => new OrNode(Many(random, depth - 1)),
        2 => new NotNode(Node(random, depth - 1)),
        3 => new PresentNode(Paths[random.Next(Paths.Length)]),
        4 => new ValuePathNode("emails", Element(random), random.Next(2) == 0 ? null : Compare(random, "value")),
        _ => Compare(random, Paths[random.Next(Paths.Length)]),
    };

    private static FilterNode Element(Random random) => random.Next(3) switch
    {
        0 => new PresentNode("display"),
        1 => new OrNode([Compare(random, "type"), new NotNode(Compare(random, "value"))]),
        _ => Compare(random, "primary"),
    };

    private static List<FilterNode> Many(Random random, int depth) =>
        Enumerable.Range(0, random.Next(2, 4)).Select(_ => Node(random, depth)).ToList();

    private static CompareNode Compare(Random random, string path) => new(path, (CompareOperator)random.Next(9), random.Next(8) switch
    {
        0 => new BooleanLiteral(random.Next(2) == 0),
        1 => new NullLiteral(),
        2 => new NumberLiteral("-12.5"),
        3 => new BareLiteral("jyoung"),
        _ => new TextLiteral(Texts[random.Next(Texts.Length)]),
    });

    public static string Shape(FilterNode node) => node switch
    {
        AndNode and => $"and({string.Join(',', and.Nodes.Select(Shape))})",
        OrNode or => $"or({string.Join(',', or.Nodes.Select(Shape))})",
        NotNode not => $"not({Shape(not.Node)})",
        PresentNode present => $"pr({present.Path})",
        CompareNode compare => $"{compare.Operator}({compare.Path},{Value(compare.Value)})",
        ValuePathNode value => $"any({value.Path},{Shape(value.Element)},{(value.Then is null ? "" : Shape(value.Then))})",
        _ => throw new InvalidOperationException(),
    };

    private static string Value(Literal literal) => literal switch
    {
        TextLiteral text => $"t{text.Text}",
        NumberLiteral number => $"n{number.Raw}",
        BooleanLiteral flag => $"b{flag.Value}",
        BareLiteral bare => $"w{bare.Text}",
        _ => "null",
    };
}
