using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using NUnit.Framework;
using Provisioning.Core.Query;
using Provisioning.Core.Schemas;
using Provisioning.Core.Scim.Filters;
using Provisioning.Core.Scim.Patching;
using Provisioning.Core.Scim.Resources;
using Provisioning.Tests.Coverage;

namespace Provisioning.Tests.Language;

/// <summary>What holds for every filter, every PATCH and every order; a failure prints the case and its seed.</summary>
public sealed class LanguagePropertyTests
{
    private static readonly Config Thousands = Config.QuickThrowOnFailure.WithMaxTest(3000);

    private static readonly Gen<string> Texts = Gen.Frequency(
        (3, Gen.Elements("", " ", "work", "Ada", "ÄÖ", "😀", "\"", "\\", "a b", "True", "null", "7", "2011-05-13T04:42:34Z", "')--", "\uE000", "é")),
        (2, ArbMap.Default.GeneratorFor<NonNull<string>>().Select(text => string.Concat(text.Get.Where(c => c >= ' ' && !char.IsSurrogate(c) && c != '\uFFFE')))));

    private static readonly Gen<string> Names = Gen.Elements(
        "userName", "name.familyName", "emails", "emails.value", "active", "meta.created", "title", "$ref", "urn:ietf:params:scim:schemas:core:2.0:User:displayName",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value", "USERNAME", "x-y_z");

    private static readonly Gen<Literal> Literals = Gen.OneOf(
        Texts.Select(Literal (text) => new TextLiteral(text)), Gen.Elements<Literal>(new BooleanLiteral(true), new BooleanLiteral(false), new NullLiteral()),
        Gen.Elements<Literal>(new NumberLiteral("0"), new NumberLiteral("-12.50"), new NumberLiteral("1e9")), Gen.Elements<Literal>(new BareLiteral("jyoung"), new BareLiteral("True")));

    [Test]
    [Checklist("F1", "F2", "F3", "F4", "F5")]
    public void F2_every_filter_printed_is_read_back_as_the_same() => Check.One(Thousands, Prop.ForAll(Filters(4).ToArbitrary(), node =>
    {
        var back = Language.Ok(ScimFilter.Parse(node.ToString(), FilterLimits.Default with { Length = 1_000_000, Depth = 100 }));
        return RandomFilters.Shape(back) == RandomFilters.Shape(node);
    }));

    [Test]
    [Checklist("X3", "X4", "X18")]
    public void X3_every_PATCH_leaves_a_valid_user_or_none_and_never_touches_what_it_was_given() => Check.One(Thousands, Prop.ForAll(Patches.ToArbitrary(), operations =>
    {
        const string Person = """
            {"userName":"u","title":"T","active":true,"name":{"givenName":"G","familyName":"F"},"emails":[{"value":"a","type":"work","primary":true},{"value":"b","type":"home"}],
             "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"D","manager":{"value":"m"}}}
            """;
        var (person, body) = (Language.Json(Person), Language.Json($$"""{"Operations":[{{string.Join(',', operations)}}]}"""));
        var sent = body.ToJsonString();
        var outcome = PatchReader.Read(Language.User, body, 100).Then(request => Patcher.Apply(Language.User, request, person));
        Language.Same(person, Person);
        if (body.ToJsonString() != sent) return false;
        if (!outcome.Try(out var result, out var refused)) return refused.Detail.Length > 0;
        // Valid: a reader takes it whole, and what is required is there; deterministic: again gives the same; and once applied, no-op says so.
        var again = Language.Ok(ResourceReader.Read(Language.User, (JsonObject)result.Resource.DeepClone()));
        var second = Language.Ok(PatchReader.Read(Language.User, Language.Json(sent), 100).Then(request => Patcher.Apply(Language.User, request, Language.Json(Person))));
        return JsonNode.DeepEquals(again.Tree, result.Resource) && JsonNode.DeepEquals(second.Resource, result.Resource)
            && result.Changed != JsonNode.DeepEquals(result.Resource, person)
            && (result.Resource["emails"] as JsonArray ?? []).Count(IsPrimary) <= 1;
    }));

    [Test]
    [Checklist("S2", "F10", "A10")]
    public void S2_the_order_of_texts_is_that_of_the_comparisons() => Check.One(Thousands, Prop.ForAll(Gen.Zip(Texts, Texts).ToArbitrary(), pair =>
    {
        foreach (var isExact in (bool[])[true, false])
        {
            var path = new BoundPath("x", ValueKind.Text, isExact, ["x"]);
            var resource = new JsonObject { ["x"] = pair.Item1 };
            var order = Math.Sign(SortKeys.Of(path, resource).AsSpan().SequenceCompareTo(SortKeys.Of(path, new JsonObject { ["x"] = pair.Item2 })));
            foreach (var (relation, expected) in ((CompareOperator, bool)[])[(CompareOperator.Lt, order < 0), (CompareOperator.Gt, order > 0), (CompareOperator.Eq, order == 0)])
                if (PredicateEvaluator.Matches(new Compare(path, relation, new TextOperand(pair.Item2)), resource) != expected) return false;
        }
        return true;
    }));

    [Test]
    [Checklist("S1")]
    public void S1_numbers_are_ordered_by_value_and_what_has_none_comes_last() => Check.One(Thousands, Prop.ForAll(Gen.Zip(Numbers, Numbers).ToArbitrary(), pair =>
    {
        var path = new BoundPath("x", ValueKind.Decimal, false, ["x"]);
        var (one, other) = (SortKeys.Of(path, new JsonObject { ["x"] = pair.Item1 }), SortKeys.Of(path, new JsonObject { ["x"] = pair.Item2 }));
        var (first, second) = (Guid.Empty, Guid.AllBitsSet);
        return Math.Sign(one.AsSpan().SequenceCompareTo(other)) == pair.Item1.CompareTo(pair.Item2)
            && SortKeys.Compare((null, first), (one, second), false) > 0 && SortKeys.Compare((null, first), (one, second), true) < 0
            && SortKeys.Compare((one, first), (one, second), true) < 0;
    }));

    private static Gen<decimal> Numbers => Gen.OneOf(
        Gen.Elements(0m, -0.0m, 1m, 1.0m, -1m, decimal.MaxValue, decimal.MinValue, 0.0000000000000000000000000001m, -0.0000000000000000000000000001m),
        ArbMap.Default.GeneratorFor<int>().Select(number => number / 7m));

    private static bool IsPrimary(JsonNode? element) => element?["primary"] is JsonValue value && value.TryGetValue<bool>(out var yes) && yes;

    private static Gen<FilterNode> Filters(int depth)
    {
        var relation = from name in Names from relating in Gen.Elements(Enum.GetValues<CompareOperator>()) from literal in Literals select (FilterNode)new CompareNode(name, relating, literal);
        var leaf = Gen.Frequency((4, relation), (1, Names.Select(FilterNode (name) => new PresentNode(name))));
        if (depth == 0) return leaf;
        var inner = Filters(depth - 1);
        var several = inner.Three().Select(IReadOnlyList<FilterNode> (nodes) => [nodes.Item1, nodes.Item2, nodes.Item3]);
        var element = Gen.OneOf(relation, relation.Two().Select(FilterNode (pair) => new OrNode([pair.Item1, new NotNode(pair.Item2)])));
        var valuePath = from name in Gen.Elements("emails", "addresses") from chosen in element from then in Gen.OneOf(Gen.Constant<FilterNode?>(null), relation.Select(FilterNode? (node) => node))
                        select (FilterNode)new ValuePathNode(name, chosen, then);
        return Gen.Frequency((3, leaf), (1, several.Select(FilterNode (nodes) => new AndNode(nodes))), (1, several.Select(FilterNode (nodes) => new OrNode(nodes))),
            (1, inner.Select(FilterNode (node) => new NotNode(node))), (1, valuePath));
    }

    private static Gen<string[]> Patches
    {
        get
        {
            var paths = Gen.Elements(
                "userName", "title", "name", "name.givenName", "emails", "emails.value", "emails[type eq \\\"work\\\"]", "emails[type eq \\\"work\\\"].value",
                "emails[primary eq true].type", "emails[not (value pr)]", "phoneNumbers[type eq \\\"fax\\\"].value", "active", "manager", SchemaUris.EnterpriseUser,
                SchemaUris.EnterpriseUser + ":department", SchemaUris.EnterpriseUser + ":manager.value", "schemas", "password", "roles[primary eq \\\"True\\\"].value",
                "addresses[type eq \\\"work\\\"].locality", "id", "groups", SchemaUris.SeatUser + ":tier", "urn:nobody:1.0:User:x", "x[", "");
            var values = Gen.Elements(
                "null", "\"\"", "\"x\"", "true", "\"False\"", "5", "[]", "{}", "[null]", "{\"value\":\"y\",\"primary\":true}", "{\"value\":\"\"}",
                "[{\"value\":\"y\",\"type\":\"work\",\"primary\":\"True\"},{\"value\":\"z\",\"primary\":true}]", "{\"givenName\":\"G\",\"title\":\"T\"}", "[[\"x\"]]",
                "{\"emails[type eq \\\"home\\\"].value\":\"h\",\"name.givenName\":\"N\",\"active\":\"true\"}", "{\"" + SchemaUris.EnterpriseUser + ":department\":\"E\"}");
            var operation =
                from op in Gen.Elements("add", "replace", "remove", "Replace", "copy")
                from path in Gen.Frequency((3, paths.Select(path => $"\"path\":\"{path}\",")), (1, Gen.Constant("")))
                from value in values
                select $$"""{"op":"{{op}}",{{path}}"value":{{value}}}""";
            return operation.ArrayOf().Where(operations => operations.Length is > 0 and < 8);
        }
    }
}
