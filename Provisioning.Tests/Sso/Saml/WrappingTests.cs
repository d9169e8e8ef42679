using System.Xml;
using NUnit.Framework;
using Provisioning.Api.Sso.Saml;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Sso.Saml;

/// <summary>
/// Signature wrapping, XSW1 to XSW8 of Somorovsky et al., "On Breaking SAML" (USENIX Security 2012): a good signed element is moved where its
/// signature still finds it, and a forged one takes its place. Each with the forged ID its own and the same as the original's, delivered to the service.
/// </summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class WrappingTests(string engine) : AttackFixture(engine)
{
    [Test]
    public Task XSW1_the_original_response_inside_the_signature_of_a_forged_one([Values] bool sameId) => RefuseAsync(ResponseWrapped(sameId, (root, original, signature) =>
    {
        signature.AppendChild(original);
    }));

    [Test]
    public Task XSW2_the_original_response_before_its_detached_signature([Values] bool sameId) => RefuseAsync(ResponseWrapped(sameId, (root, original, signature) =>
    {
        root.InsertBefore(original, signature);
    }));

    [Test]
    public Task XSW3_a_forged_assertion_before_the_original([Values] bool sameId) => RefuseAsync(AssertionWrapped(sameId, (root, original, signature, forged) =>
    {
        root.InsertBefore(forged, original);
    }));

    [Test]
    public Task XSW4_the_original_inside_a_forged_assertion([Values] bool sameId) => RefuseAsync(AssertionWrapped(sameId, (root, original, signature, forged) =>
    {
        root.ReplaceChild(forged, original);
        forged.AppendChild(original);
    }));

    [Test]
    public Task XSW5_the_signature_on_a_forged_assertion_and_the_original_behind_it([Values] bool sameId) => RefuseAsync(AssertionWrapped(sameId, (root, original, signature, forged) =>
    {
        original.RemoveChild(signature);
        forged.InsertAfter(signature, forged.FirstChild);
        root.InsertBefore(forged, original);
    }));

    [Test]
    public Task XSW6_the_original_inside_the_signature_of_a_forged_assertion([Values] bool sameId) => RefuseAsync(AssertionWrapped(sameId, (root, original, signature, forged) =>
    {
        root.ReplaceChild(forged, original);
        original.RemoveChild(signature);
        forged.InsertAfter(signature, forged.FirstChild);
        signature.AppendChild(original);
    }));

    [Test]
    public Task XSW7_a_forged_assertion_in_the_extensions([Values] bool sameId) => RefuseAsync(AssertionWrapped(sameId, (root, original, signature, forged) =>
    {
        var extensions = root.OwnerDocument.CreateElement("samlp", "Extensions", SamlNames.Protocol);
        extensions.AppendChild(forged);
        root.InsertBefore(extensions, original);
    }));

    [Test]
    public Task XSW8_the_original_in_an_object_of_the_signature_of_a_forged_assertion([Values] bool sameId) => RefuseAsync(AssertionWrapped(sameId, (root, original, signature, forged) =>
    {
        root.ReplaceChild(forged, original);
        original.RemoveChild(signature);
        forged.InsertAfter(signature, forged.FirstChild);
        var holder = root.OwnerDocument.CreateElement("ds", "Object", SamlNames.Signature);
        holder.AppendChild(original);
        signature.AppendChild(holder);
    }));

    [TestCase(true, false)]
    [TestCase(false, true)]
    public async Task What_is_not_wrapped_is_accepted(bool assertion, bool response)
    {
        // Only kept at the flow: the browser does not go on, so nobody comes in.
        var shown = await Stage.DeliverAsync(Browser, Stage.Encoded(Signed(Good, assertion, response).OuterXml));
        Assert.That(shown.Status, Is.EqualTo(303), shown.ToString());
    }

    private Task RefuseAsync(XmlDocument document) => RefusedAsync(SamlFault.Malformed, document);

    private XmlDocument ResponseWrapped(bool sameId, Action<XmlElement, XmlElement, XmlElement> move)
    {
        var said = Good;
        var document = Signed(said, assertion: false, response: true);
        var original = (XmlElement)document.DocumentElement!.CloneNode(true);
        original.RemoveChild(Child(original, "Signature"));
        var root = document.DocumentElement!;
        Forge(Child(root, "Assertion"));
        if (!sameId)
        {
            root.SetAttribute("ID", "_forged-response");
            Child(root, "Assertion").SetAttribute("ID", "_forged");
        }
        move(root, original, Child(root, "Signature"));
        return Said.Load(document.OuterXml);
    }

    private XmlDocument AssertionWrapped(bool sameId, Action<XmlElement, XmlElement, XmlElement, XmlElement> move)
    {
        var document = Signed(Good);
        var root = document.DocumentElement!;
        var original = Child(root, "Assertion");
        var forged = (XmlElement)original.CloneNode(true);
        forged.RemoveChild(Child(forged, "Signature"));
        Forge(forged);
        if (!sameId) forged.SetAttribute("ID", "_forged");
        move(root, original, Child(original, "Signature"), forged);
        return Said.Load(document.OuterXml);
    }

    private static void Forge(XmlElement assertion) => ((XmlElement)assertion.GetElementsByTagName("saml:NameID")[0]!).InnerText = Victim;

    private static XmlElement Child(XmlElement parent, string name) => parent.ChildNodes.OfType<XmlElement>().Single(child => child.LocalName == name);
}
