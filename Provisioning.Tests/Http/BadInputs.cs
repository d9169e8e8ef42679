using NUnit.Framework;

namespace Provisioning.Tests.Http;

/// <summary>Bodies and filters that no honest client sends, each with what SCIM calls its fault.</summary>
internal static class BadInputs
{
    public const string PatchHead = """{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":""";

    public static IEnumerable<TestCaseData> ScimBodies()
    {
        (string Name, string Method, string Path, string Body, string ScimType)[] cases =
        [
            ("empty body", "POST", "/Users", "", "invalidSyntax"),
            ("blank body", "POST", "/Users", "   ", "invalidSyntax"),
            ("cut off", "POST", "/Users", """{"userName":"a""", "invalidSyntax"),
            ("trailing text", "POST", "/Users", """{"userName":"tail@x"} tail""", "invalidSyntax"),
            ("two objects", "POST", "/Users", """{"userName":"tail@x"}{}""", "invalidSyntax"),
            ("array", "POST", "/Users", "[]", "invalidSyntax"),
            ("text", "POST", "/Users", "\"x\"", "invalidSyntax"),
            ("number", "POST", "/Users", "7", "invalidSyntax"),
            ("null", "POST", "/Users", "null", "invalidSyntax"),
            ("not JSON at all", "POST", "/Users", "<user/>", "invalidSyntax"),
            ("comment", "POST", "/Users", """{/* x */"userName":"c@x"}""", "invalidSyntax"),
            ("deep nesting of an unknown attribute", "POST", "/Users", $$"""{"userName":"deep@x","x":{{Nested(200)}}}""", "invalidSyntax"),
            ("very deep nesting", "POST", "/Users", Nested(100_000), "invalidSyntax"),
            ("no userName", "POST", "/Users", """{"active":true}""", "invalidValue"),
            ("null userName", "POST", "/Users", """{"userName":null}""", "invalidValue"),
            ("empty userName", "POST", "/Users", """{"userName":""}""", "invalidValue"),
            ("userName a number", "POST", "/Users", """{"userName":5}""", "invalidValue"),
            ("userName an object", "POST", "/Users", """{"userName":{"value":"x"}}""", "invalidValue"),
            ("active a word", "POST", "/Users", """{"userName":"w@x","active":"perhaps"}""", "invalidValue"),
            ("active a number", "POST", "/Users", """{"userName":"w@x","active":1}""", "invalidValue"),
            ("name a text", "POST", "/Users", """{"userName":"w@x","name":"Ada"}""", "invalidValue"),
            ("displayName an object", "POST", "/Users", """{"userName":"w@x","displayName":{"a":1}}""", "invalidValue"),
            ("certificate that is not base64", "POST", "/Users", """{"userName":"w@x","x509Certificates":[{"value":7}]}""", "invalidValue"),
            ("U+0000 in userName", "POST", "/Users", """{"userName":"a\u0000b@x"}""", "invalidValue"),
            ("U+0000 in an attribute", "POST", "/Users", """{"userName":"w@x","displayName":"a\u0000b"}""", "invalidValue"),
            ("lone surrogate in userName", "POST", "/Users", """{"userName":"a\ud800b@x"}""", "invalidValue"),
            ("lone surrogate in an attribute", "POST", "/Users", """{"userName":"w@x","name":{"givenName":"\udc00"}}""", "invalidValue"),
            ("userName over 256 characters", "POST", "/Users", $$"""{"userName":"{{new string('a', 257)}}"}""", "invalidValue"),
            ("externalId over 256 characters", "POST", "/Users", $$"""{"userName":"w@x","externalId":"{{new string('a', 257)}}"}""", "invalidValue"),
            ("group without a name", "POST", "/Groups", """{"members":[]}""", "invalidValue"),
            ("group with an over-long name", "POST", "/Groups", $$"""{"displayName":"{{new string('g', 257)}}"}""", "invalidValue"),
            ("group members a number", "POST", "/Groups", """{"displayName":"g","members":7}""", "invalidValue"),
            ("PUT without userName", "PUT", "/Users/{user}", """{"active":true}""", "invalidValue"),
            ("PUT cut off", "PUT", "/Users/{user}", """{"userName":""", "invalidSyntax"),
            ("PATCH without operations", "PATCH", "/Users/{user}", """{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}""", "invalidSyntax"),
            ("PATCH with no operation", "PATCH", "/Users/{user}", PatchHead + "[]}", "invalidSyntax"),
            ("PATCH operations an object", "PATCH", "/Users/{user}", PatchHead + """{"op":5}}""", "invalidSyntax"),
            ("PATCH without op", "PATCH", "/Users/{user}", PatchHead + """[{"path":"active","value":true}]}""", "invalidSyntax"),
            ("PATCH unknown op", "PATCH", "/Users/{user}", PatchHead + """[{"op":"copy","path":"active","value":true}]}""", "invalidSyntax"),
            ("PATCH malformed path", "PATCH", "/Users/{user}", PatchHead + """[{"op":"replace","path":"emails[type eq","value":"x"}]}""", "invalidPath|invalidFilter"),
            ("PATCH path of blanks", "PATCH", "/Users/{user}", PatchHead + """[{"op":"replace","path":"a b","value":"x"}]}""", "invalidPath"),
            ("PATCH path a number", "PATCH", "/Users/{user}", PatchHead + """[{"op":"replace","path":5,"value":"x"}]}""", "invalidPath|invalidSyntax|invalidValue"),
            ("PATCH unknown core attribute", "PATCH", "/Users/{user}", PatchHead + """[{"op":"replace","path":"noSuchThing","value":"x"}]}""", "invalidPath"),
            ("PATCH bad filter in a path", "PATCH", "/Users/{user}", PatchHead + """[{"op":"replace","path":"emails[type zz \"work\"].value","value":"x"}]}""", "invalidFilter|invalidPath"),
            ("PATCH very deep filter in a path", "PATCH", "/Users/{user}", PatchHead + $$"""[{"op":"remove","path":"emails[{{new string('(', 3000)}}type eq \"work\"{{new string(')', 3000)}}]"}]}""", "invalidFilter|invalidPath"),
            ("PATCH remove without path", "PATCH", "/Users/{user}", PatchHead + """[{"op":"remove"}]}""", "noTarget"),
            ("PATCH replace that meets nothing", "PATCH", "/Users/{user}", PatchHead + """[{"op":"replace","path":"emails[value eq \"nobody\"].value","value":"x"}]}""", "noTarget"),
            ("PATCH add without value", "PATCH", "/Users/{user}", PatchHead + """[{"op":"add","path":"displayName"}]}""", "invalidValue"),
            ("PATCH of the id", "PATCH", "/Users/{user}", PatchHead + """[{"op":"replace","path":"id","value":"x"}]}""", "mutability"),
            ("PATCH of meta", "PATCH", "/Users/{user}", PatchHead + """[{"op":"replace","path":"meta.created","value":"2020-01-01T00:00:00Z"}]}""", "mutability"),
            ("PATCH of groups", "PATCH", "/Users/{user}", PatchHead + """[{"op":"add","path":"groups","value":[{"value":"x"}]}]}""", "mutability"),
            ("PATCH of the seat (SCIM-4)", "PATCH", "/Users/{user}", PatchHead + """[{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:seat:2.0:User:tier","value":"premium"}]}""", "mutability"),
            ("PATCH removes userName", "PATCH", "/Users/{user}", PatchHead + """[{"op":"remove","path":"userName"}]}""", "mutability"),
            ("PATCH wrong type", "PATCH", "/Users/{user}", PatchHead + """[{"op":"replace","path":"displayName","value":{"x":1}}]}""", "invalidValue"),
            ("PATCH first right, then wrong (X3)", "PATCH", "/Users/{user}", PatchHead + """[{"op":"replace","path":"active","value":false},{"op":"replace","path":"id","value":"x"}]}""", "mutability"),
            ("PATCH active a word", "PATCH", "/Users/{user}", PatchHead + """[{"op":"replace","path":"active","value":"off"}]}""", "invalidValue"),
            ("PATCH lone surrogate", "PATCH", "/Users/{user}", PatchHead + """[{"op":"replace","path":"displayName","value":"\ud800"}]}""", "invalidValue"),
            ("group PATCH removes the name", "PATCH", "/Groups/{group}", PatchHead + """[{"op":"remove","path":"displayName"}]}""", "mutability"),
            ("group PATCH members a number", "PATCH", "/Groups/{group}", PatchHead + """[{"op":"add","path":"members","value":7}]}""", "invalidValue"),
        ];
        return cases.Select(one => new TestCaseData(one.Method, one.Path, one.Body, one.ScimType).SetArgDisplayNames(one.Name));
    }

    public static IEnumerable<TestCaseData> Filters()
    {
        (string Name, string Filter)[] cases =
        [
            ("empty", ""),
            ("blank", "   "),
            ("one word", "userName"),
            ("no value", "userName eq"),
            ("unknown operator", "userName is \"a\""),
            ("unbalanced bracket", "(userName eq \"a\""),
            ("closing bracket too many", "userName eq \"a\")"),
            ("unbalanced square bracket", "emails[type eq \"work\""),
            ("open text", "userName eq \"a"),
            ("trailing text", "userName eq \"a\" tail"),
            ("two filters", "userName eq \"a\" userName eq \"b\""),
            ("not without brackets", "not userName eq \"a\""),
            ("and without right side", "userName eq \"a\" and"),
            ("or without left side", "or userName eq \"a\""),
            ("unknown attribute", "noSuchAttribute eq \"a\""),
            ("unknown sub-attribute", "name.noSuchPart eq \"a\""),
            ("unknown extension", "urn:example:none:User:x eq \"a\""),
            ("gt on a boolean", "active gt true"),
            ("SQL as text outside quotes", "userName eq '' OR 1=1 --"),
            ("SQL as attribute", "userName;DROP TABLE member eq \"a\""),
            ("bad escape", "userName eq \"\\x\""),
            ("very long", "userName eq \"" + new string('a', 9000) + "\""),
            ("very many conditions", string.Join(" or ", Enumerable.Range(0, 600).Select(i => $"userName eq \"{i}\""))),
            ("very deep", new string('(', 500) + "userName eq \"a\"" + new string(')', 500)),
            ("very deep not", string.Concat(Enumerable.Repeat("not (", 500)) + "userName eq \"a\"" + new string(')', 500)),
            ("U+0000", "userName eq \"\\u0000\""),
            ("lone surrogate", "userName eq \"\\ud800\""),
            ("dateTime that is none", "meta.created gt \"yesterday\""),
        ];
        return cases.Select(one => new TestCaseData(one.Filter).SetArgDisplayNames(one.Name));
    }

    private static string Nested(int depth) => string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "1" + new string('}', depth);
}
