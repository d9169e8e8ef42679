using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Provisioning.Tests.Http;

/// <summary>The runner of the conversations sees what is wrong: a runner that passes everything would prove nothing.</summary>
public sealed class ConversationRunnerTests
{
    [TestCase("""{"a":1}""", """{"a":1,"b":2}""", "", TestName = "More than asked for is right")]
    [TestCase("""{"a":1}""", """{"a":2}""", "/a is 2, expected 1", TestName = "Another number")]
    [TestCase("""{"a":1}""", """{"b":1}""", "/a is absent, expected 1", TestName = "An absent number")]
    [TestCase("""{"a":false}""", """{"a":"false"}""", "/a is \"false\", expected false", TestName = "A text for a boolean")]
    [TestCase("""{"a":"x"}""", """{"a":"X"}""", "/a is 'X', expected 'x'", TestName = "Another case")]
    [TestCase("""{"a":null}""", """{"a":1}""", "/a is 1, expected null or nothing", TestName = "Something for null")]
    [TestCase("""{"a":"$any"}""", """{}""", "/a is absent", TestName = "Nothing for any")]
    [TestCase("""{"a":"$known"}""", """{"a":"other"}""", "/a is other, was value", TestName = "Another value than captured")]
    [TestCase("""{"a":"$!known"}""", """{"a":"value"}""", "/a is still value", TestName = "The value that should have changed")]
    [TestCase("""{"a":"{known}!"}""", """{"a":"value!"}""", "", TestName = "A variable in a text")]
    [TestCase("""{"a":[{"v":1},{"v":2}]}""", """{"a":[{"v":2},{"v":1,"w":3}]}""", "", TestName = "Arrays in any order")]
    [TestCase("""{"a":[{"v":1}]}""", """{"a":[{"v":1},{"v":2}]}""", "expected 1 elements", TestName = "One element too many")]
    [TestCase("""{"a":[{"v":1},{"v":1}]}""", """{"a":[{"v":1},{"v":2}]}""", "no element like", TestName = "One element for two")]
    public void An_expected_body_is_compared(string expected, string actual, string wrong)
    {
        var found = Judge(new ConversationExpectation(200, JsonNode.Parse(expected), null, null), actual);
        Assert.That(string.Join(';', found), wrong.Length == 0 ? Is.Empty : Does.Contain(wrong));
    }

    [Test]
    public void Statuses_absent_paths_and_the_media_type_are_compared()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Judge(new ConversationExpectation(201, null, null, null), "{}"), Has.Count.EqualTo(1));
            Assert.That(Judge(new ConversationExpectation(new JsonArray(204, 200), null, null, null), "{}"), Is.Empty);
            Assert.That(Judge(new ConversationExpectation(200, null, ["a/0/b"], null), """{"a":[{"b":1}]}"""), Has.Count.EqualTo(1));
            Assert.That(Judge(new ConversationExpectation(200, null, null, new() { ["ETag"] = "$etag" }), "{}"), Has.Count.EqualTo(1));
            Assert.That(Judge(new ConversationExpectation(200, null, null, null), "{}", "application/json"), Has.Count.EqualTo(1));
        }
    }

    private static List<string> Judge(ConversationExpectation expectation, string body, string mediaType = "application/scim+json") => Conversation.Judge(
        new ConversationStep("step", "scim", "GET", "/Users", null, null, null, expectation, null),
        new Answer("GET /Users", 200, mediaType, new Dictionary<string, string> { ["X-Correlation-Id"] = "c" }, body),
        new Dictionary<string, string> { ["known"] = "value" });
}
