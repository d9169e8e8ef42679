using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Scim.Patching;
using Provisioning.Core.Scim.Resources;

namespace Provisioning.Tests.Language;

[Description("Design D5: membership is rows; checklist U10, W9, X12, X22")]
public sealed class PatchMembersTests
{
    private static Outcome<PatchRequest> Read(string operations) =>
        PatchReader.Read(Language.Group, Language.Json($$"""{"Operations":[{{operations}}]}"""), 2_000);

    private static string Show(MemberOperation operation) => operation switch
    {
        AddMembers add => $"add {string.Join(',', add.Values.Select(value => value.Value))}",
        RemoveMembers remove => $"remove {string.Join(',', remove.Ids)}",
        RemoveMembersWhere => "remove where",
        ClearMembers => "clear",
        ReplaceMembers replace => $"replace {string.Join(',', replace.Values.Select(value => value.Value))}",
        _ => throw new InvalidOperationException(),
    };

    [TestCase("""{"op":"add","path":"members","value":[{"value":"a"},{"value":"b"}]}""", "add a,b")]
    [TestCase("""{"op":"Add","path":"members","value":[{"$ref":null,"value":"a"}]}""", "add a", Description = "Entra")]
    [TestCase("""{"op":"add","path":"members","value":{"value":"a"}}""", "add a")]
    [TestCase("""{"op":"add","path":"members","value":"a"}""", "add a")]
    [TestCase("""{"op":"add","value":{"Members":[{"value":"a"}]}}""", "add a")]
    [TestCase("""{"op":"add","path":"members","value":[]}""", "")]
    [TestCase("""{"op":"replace","path":"members","value":[{"value":"a"}]}""", "replace a", Description = "Okta push now")]
    [TestCase("""{"op":"replace","path":"members","value":[]}""", "replace ", Description = "Okta, empty group")]
    [TestCase("""{"op":"replace","value":{"displayName":"x","members":[{"value":"a"}]}}""", "replace a")]
    [TestCase("""{"op":"replace","value":{"id":"g","displayName":"x"}}""", "", Description = "Okta rename")]
    [TestCase("""{"op":"remove","path":"members"}""", "clear")]
    [TestCase("""{"op":"remove","path":"members","value":null}""", "clear")]
    [TestCase("""{"op":"remove","path":"members[value eq \"a\"]"}""", "remove a")]
    [TestCase("""{"op":"remove","path":"members[value eq \"a\" or value eq \"b\"]"}""", "remove a,b")]
    [TestCase("""{"op":"remove","path":"members[value eq \"a\"]"},{"op":"remove","path":"members[value eq \"b\"]"}""", "remove a,b")]
    [TestCase("""{"op":"remove","path":"members[display sw \"a\"]"}""", "remove where")]
    [TestCase("""{"op":"remove","path":"members[type eq \"User\" and value eq \"a\"]"}""", "remove where")]
    [TestCase("""{"op":"Remove","path":"members","value":[{"$ref":null,"value":"a"},{"value":"b"}]}""", "remove a,b", Description = "Entra default")]
    [TestCase("""{"op":"remove","path":"members","value":[{"value":"a","type":"User","display":"A"}]}""", "remove a")]
    [TestCase("""{"op":"remove","path":"members","value":[]}""", "")]
    [TestCase("""{"op":"remove","path":"members[value eq \"a\"]","value":"x"}""", "remove a")]
    [TestCase("""{"op":"remove","path":"members[value eq \"a\"]"},{"op":"add","path":"members","value":[{"value":"b","display":"b@y"}]}""", "remove a;add b", Description = "Okta")]
    public void Members_are_taken_apart_in_order(string operations, string expected) =>
        Assert.That(string.Join(';', Language.Ok(Read(operations)).Members.Select(Show)), Is.EqualTo(expected));

    [TestCase("""{"op":"replace","path":"members[value eq \"a\"].display","value":"x"}""")]
    [TestCase("""{"op":"add","path":"members[value eq \"a\"].type","value":"x"}""")]
    [TestCase("""{"op":"remove","path":"members[value eq \"a\"].display"}""")]
    [TestCase("""{"op":"replace","path":"members[value eq \"a\"]","value":{"value":"b"}}""")]
    [TestCase("""{"op":"replace","path":"members.display","value":"x"}""")]
    public void A_member_cannot_be_changed_A6(string operation) => Language.Refused<MutabilityViolated, PatchRequest>(Read(operation));

    [TestCase("""{"op":"add","path":"members","value":[{"display":"x"}]}""")]
    [TestCase("""{"op":"add","path":"members","value":[5]}""")]
    public void A_member_needs_an_id(string operation) => Language.Refused<InvalidValue, PatchRequest>(Read(operation), "members");

    [Test]
    public void The_group_itself_is_patched_beside_its_members()
    {
        var request = Language.Ok(Read("""{"op":"Replace","path":"displayName","value":"New"},{"op":"Add","path":"members","value":[{"value":"a"}]}"""));
        var result = Language.Ok(Patcher.Apply(Language.Group, request, Language.Json("""{"displayName":"Old"}""")));
        Language.Same(result.Resource, """{"displayName":"New"}""");
        Assert.That(request.Members.Single(), Is.InstanceOf<AddMembers>());
    }

    [Test]
    public void A_group_keeps_its_name() =>
        Language.Refused<MutabilityViolated, PatchResult>(
            Read("""{"op":"remove","path":"displayName"}""").Then(request => Patcher.Apply(Language.Group, request, Language.Json("""{"displayName":"Old"}"""))));

    [Test]
    public void Values_keep_what_was_sent_U10()
    {
        var request = Language.Ok(Read("""{"op":"add","path":"members","value":[{"value":"a","$ref":"../Users/a","type":"User","displayName":"A"}]}"""));
        Assert.That(((AddMembers)request.Members[0]).Values[0], Is.EqualTo(new MemberValue("a", "../Users/a", "User", "A")));
    }

    [Test]
    public void A_thousand_operations_and_ten_thousand_members_are_read_X22()
    {
        var removals = string.Join(',', Enumerable.Range(0, 1_000).Select(i => $$"""{"op":"remove","path":"members[value eq \"{{i}}\"]"}"""));
        Assert.That(((RemoveMembers)Language.Ok(Read(removals)).Members.Single()).Ids, Has.Count.EqualTo(1_000));
        var values = string.Join(',', Enumerable.Range(0, 10_000).Select(i => $$"""{"value":"{{i}}"}"""));
        foreach (var op in new[] { "add", "replace", "remove" })
            Assert.That(Language.Ok(Read($$"""{"op":"{{op}}","path":"members","value":[{{values}}]}""")).Members, Has.Count.EqualTo(1));
    }

    [Test]
    public void The_samples_of_RFC_7644_3_5_2_are_read()
    {
        string Members(string name) => string.Join(';', Language.Ok(PatchReader.Read(Language.Group, Language.Sample(name), 10)).Members.Select(Show));
        Assert.That(Members("7644-3.5.2.1-add-member.json"), Is.EqualTo("add 2819c223-7f76-453a-919d-413861904646"));
        Assert.That(Members("7644-3.5.2.2-remove-one-member.json"), Is.EqualTo("remove 2819c223-7f76-...413861904646"));
        Assert.That(Members("7644-3.5.2.2-remove-all-members.json"), Is.EqualTo("clear"));
        Assert.That(Members("7644-3.5.2.2-remove-and-add-member.json"), Is.EqualTo("remove 2819c223...919d-413861904646;add 08e1d05d...473d93df9210"));
        Assert.That(Members("7644-3.5.2.3-replace-members.json"), Is.EqualTo("replace 2819c223...413861904646,08e1d05d...473d93df9210"));
    }
}
