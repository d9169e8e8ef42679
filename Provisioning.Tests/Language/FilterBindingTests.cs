using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Query;
using Provisioning.Core.Scim.Filters;

namespace Provisioning.Tests.Language;

[Description("Checklist section 10: what names and literals mean, and the evaluator that is the oracle of the SQL")]
public sealed class FilterBindingTests
{
    private const string Person = """
        {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
         "id":"2819c223","externalId":"jyoung","userName":"BJensen","name":{"familyName":"Jensen","givenName":"Bärbel"},"active":true,
         "emails":[{"value":"bjensen@work.example","type":"work","primary":true},{"value":"b@home.example","type":"home"}],
         "roles":[{"value":"admin","primary":true}],"nickName":"","ims":[],
         "meta":{"resourceType":"User","lastModified":"2011-05-13T04:42:34Z"},
         "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"701984","manager":{"value":"26118915"}}}
        """;

    private static Outcome<Predicate> Bind(string filter) =>
        ScimFilter.Parse(filter, FilterLimits.Default).Then(node => FilterBinder.Bind(node, Language.User));

    [TestCase("userName eq \"bjensen\"", true)]
    [TestCase("USERNAME EQ \"BJENSEN\"", true)]
    [TestCase("userName ne \"bjensen\"", false)]
    [TestCase("userName co \"JEN\"", true)]
    [TestCase("userName sw \"bj\" and userName ew \"SEN\"", true)]
    [TestCase("userName gt \"bjensem\" and userName lt \"bjenseo\"", true)]
    [TestCase("externalId eq \"jyoung\"", true)]
    [TestCase("externalId eq \"JYOUNG\"", false)]
    [TestCase("externalId eq jyoung", true)]
    [TestCase("id eq \"2819C223\"", false)]
    [TestCase("name.givenName eq \"BÄRBEL\"", true)]
    [TestCase("name pr and not (name.middleName pr)", true)]
    [TestCase("title pr", false)]
    [TestCase("nickName pr", false)]
    [TestCase("ims pr", false)]
    [TestCase("title eq null", true)]
    [TestCase("title ne null", false)]
    [TestCase("name eq null", false)]
    [TestCase("title ne \"x\"", true)]
    [TestCase("title eq \"x\"", false)]
    [TestCase("emails eq \"B@HOME.example\"", true)]
    [TestCase("emails co \"example\"", true)]
    [TestCase("emails.type eq \"home\"", true)]
    [TestCase("emails.value ne \"b@home.example\"", false)]
    [TestCase("emails[type eq \"work\" and value co \"home\"]", false)]
    [TestCase("emails[type eq \"home\" and value co \"home\"]", true)]
    [TestCase("emails[type eq \"work\"].value eq \"bjensen@work.example\"", true)]
    [TestCase("emails[type eq \"work\"].value ne \"b@home.example\"", true)]
    [TestCase("emails[type eq \"work\"].value ne \"bjensen@work.example\"", false)]
    [TestCase("emails[type eq \"work\"].display eq null", true)]
    [TestCase("emails[type eq \"work\"].value pr", true)]
    [TestCase("emails[not (type eq \"work\") and not (type eq \"home\")]", false)]
    [TestCase("roles[primary eq \"True\"].value eq \"admin\"", true)]
    [TestCase("active eq true", true)]
    [TestCase("ActiVe eq \"True\"", true)]
    [TestCase("active ne false", true)]
    [TestCase("meta.lastmodified eq \"2011-05-13T06:42:34.000+02:00\"", true)]
    [TestCase("meta.lastModified gt \"2011-05-13T04:42:33.9999Z\"", true)]
    [TestCase("meta.lastModified ge \"2011-05-13T04:42:35Z\"", false)]
    [TestCase("meta.resourceType eq \"User\"", true)]
    [TestCase("schemas eq \"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\"", true)]
    [TestCase("schemas[value ew \":User\"]", true)]
    [TestCase("employeeNumber eq 701984", true)]
    [TestCase("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User pr", true)]
    [TestCase("urn:ietf:params:scim:schemas:extension:seat:2.0:User pr", false)]
    [TestCase("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq \"26118915\"", true)]
    [TestCase("manager eq \"26118915\"", true)]
    [TestCase("groups.value eq \"g\"", false)]
    [TestCase("title pr or userName pr and active eq false", false)]
    [TestCase("(title pr or userName pr) and active eq true", true)]
    public void The_evaluator_decides(string filter, bool expected)
    {
        var predicate = Language.Ok(Bind(filter));
        Assert.That(PredicateEvaluator.Matches(predicate, Language.Json(Person)), Is.EqualTo(expected));
    }

    [TestCase("nothing eq \"x\"", "nothing")]
    [TestCase("name.nothing pr", "name.nothing")]
    [TestCase("emails[nothing eq \"x\"]", "nothing")]
    [TestCase("urn:example:unknown:attr eq \"x\"", "urn:example:unknown:attr")]
    [TestCase("password eq \"x\"", "password")]
    [TestCase("password pr", "password")]
    [TestCase("name eq \"x\"", "name")]
    [TestCase("addresses co \"x\"", "addresses")]
    [TestCase("active gt true", "active")]
    [TestCase("active co \"t\"", "active")]
    [TestCase("active eq \"maybe\"", "active")]
    [TestCase("active eq 1", "active")]
    [TestCase("userName eq true", "userName")]
    [TestCase("userName gt null", "null")]
    [TestCase("meta.created eq \"yesterday\"", "meta.created")]
    [TestCase("meta.created sw \"2011\"", "meta.created")]
    [TestCase("x509Certificates.value gt \"AA==\"", "x509Certificates.value")]
    [TestCase("userName[value eq \"x\"]", "userName")]
    [TestCase("schemas[type eq \"x\"]", "type")]
    public void What_has_no_meaning_is_an_invalid_filter_F9_F14_F15(string filter, string named) =>
        Language.Refused<InvalidFilter, Predicate>(Bind(filter), named);

    [Test]
    public void Paths_carry_the_canonical_name_for_translators()
    {
        var any = (AnyValue)Language.Ok(Bind("EMAILS[TYPE eq \"work\"]"));
        var inner = (Compare)any.Element;
        Assert.That((any.Path.Name, inner.Path.Name, inner.Path.Steps.Single()), Is.EqualTo(("emails", "emails.type", "type")));
        var number = (Compare)Language.Ok(Bind("EMPLOYEENUMBER eq \"7\""));
        Assert.That(number.Path.Name, Is.EqualTo("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber"));
        Assert.That(number.Path.CaseExact, Is.False);
    }

    [Test]
    public void At_the_root_a_name_of_another_type_is_no_value_R4()
    {
        var node = Language.Ok(ScimFilter.Parse("userName eq \"x\" or displayName eq \"Tour\"", FilterLimits.Default));
        var predicate = Language.Ok(FilterBinder.Bind(node, Language.Group, Language.Catalog.ResourceTypes));
        Assert.That(PredicateEvaluator.Matches(predicate, Language.Json("""{"displayName":"tour"}""")), Is.True);
        Assert.That(PredicateEvaluator.Matches(predicate, Language.Json("""{"displayName":"x"}""")), Is.False);
        var unknown = Language.Ok(ScimFilter.Parse("nothing pr", FilterLimits.Default));
        Language.Refused<InvalidFilter, Predicate>(FilterBinder.Bind(unknown, Language.Group, Language.Catalog.ResourceTypes));
    }

    [Test]
    public void Text_is_ordered_by_code_point_as_the_key_columns_are()
    {
        var predicate = Language.Ok(Bind("externalId gt \"\uFF5E\""));
        Assert.That(PredicateEvaluator.Matches(predicate, Language.Json("{\"externalId\":\"\U0001F600\"}")), Is.True);
    }

    [Test]
    public void The_evaluator_never_throws_and_not_is_the_opposite([Values(31, 32, 33)] int seed)
    {
        var random = new Random(seed);
        string[] values = ["null", "5", "\"x\"", "[]", "{}", "[null,5,\"x\",{\"value\":7}]", "{\"value\":[\"x\"]}", "true", "1e999"];
        string[] names = ["userName", "name", "emails", "active", "meta", "schemas", "title"];
        for (var i = 0; i < 5_000; i++)
        {
            var person = names.Select(name => $"\"{name}\":{values[random.Next(values.Length)]}");
            var resource = Language.Json("{" + string.Join(',', person) + "}");
            if (!FilterBinder.Bind(RandomFilters.Node(random, 3), Language.User).Try(out var predicate, out _)) continue;
            Assert.That(PredicateEvaluator.Matches(new Not(predicate), resource), Is.Not.EqualTo(PredicateEvaluator.Matches(predicate, resource)));
        }
    }
}
