using System.Xml;
using NUnit.Framework;
using Provisioning.Api.Sso.Saml;

namespace Provisioning.Tests.Sso.Saml;

/// <summary>
/// Signature wrapping, XSW1 to XSW8 of Somorovsky et al., "On Breaking SAML" (USENIX Security 2012): a good signed element is moved where its
/// signature still finds it, and a forged one takes its place. Each with the forged ID its own and the same as the original's.
/// </summary>
public sealed class WrappingTests : SamlFixture
{
    private const string Evil = "00u-owner";

    [Test]
    public void XSW1_the_original_response_inside_the_signature_of_a_forged_one([Values] bool sameId) => Refuse(ResponseWrapped(sameId, (root, original, signature) =>
    {
        signature.AppendChild(original);
    }));

    [Test]
    public void XSW2_the_original_response_before_its_detached_signature([Values] bool sameId) => Refuse(ResponseWrapped(sameId, (root, original, signature) =>
    {
        root.InsertBefore(original, signature);
    }));

    [Test]
    public void XSW3_a_forged_assertion_before_the_original([Values] bool sameId) => Refuse(AssertionWrapped(sameId, (root, original, signature, forged) =>
    {
        root.InsertBefore(forged, original);
    }));

    [Test]
    public void XSW4_the_original_inside_a_forged_assertion([Values] bool sameId) => Refuse(AssertionWrapped(sameId, (root, original, signature, forged) =>
    {
        root.ReplaceChild(forged, original);
        forged.AppendChild(original);
    }));

    [Test]
    public void XSW5_the_signature_on_a_forged_assertion_and_the_original_behind_it([Values] bool sameId) => Refuse(AssertionWrapped(sameId, (root, original, signature, forged) =>
    {
        original.RemoveChild(signature);
        forged.InsertAfter(signature, forged.FirstChild);
        root.InsertBefore(forged, original);
    }));

    [Test]
    public void XSW6_the_original_inside_the_signature_of_a_forged_assertion([Values] bool sameId) => Refuse(AssertionWrapped(sameId, (root, original, signature, forged) =>
    {
        root.ReplaceChild(forged, original);
        original.RemoveChild(signature);
        forged.InsertAfter(signature, forged.FirstChild);
        signature.AppendChild(original);
    }));

    [Test]
    public void XSW7_a_forged_assertion_in_the_extensions([Values] bool sameId) => Refuse(AssertionWrapped(sameId, (root, original, signature, forged) =>
    {
        var extensions = root.OwnerDocument.CreateElement("samlp", "Extensions", SamlNames.Protocol);
        extensions.AppendChild(forged);
        root.InsertBefore(extensions, original);
    }));

    [Test]
    public void XSW8_the_original_in_an_object_of_the_signature_of_a_forged_assertion([Values] bool sameId) => Refuse(AssertionWrapped(sameId, (root, original, signature, forged) =>
    {
        root.ReplaceChild(forged, original);
        original.RemoveChild(signature);
        forged.InsertAfter(signature, forged.FirstChild);
        var holder = root.OwnerDocument.CreateElement("ds", "Object", SamlNames.Signature);
        holder.AppendChild(original);
        signature.AppendChild(holder);
    }));

    [Test]
    public void A_signed_assertion_behind_another_root_is_refused()
    {
        var said = Good;
        var inner = Said.Load(said.AssertionXml);
        Key.Sign(inner, said.AssertionId);
        Refused(SamlFault.Malformed, inner);
        Refused(SamlFault.Malformed, Said.Load($"<x>{said.ResponseXml(inner.OuterXml)}</x>"));
    }

    [Test]
    public void A_signature_for_another_element_of_the_document_is_refused()
    {
        // The assertion is forged; the response's signature stands in it, and still refers to the response's ID, which the assertion has now.
        var said = Good;
        var document = Signed(said, assertion: false, response: true);
        var root = document.DocumentElement!;
        var signature = Child(root, "Signature");
        var assertion = Child(root, "Assertion");
        root.RemoveChild(signature);
        assertion.InsertAfter(signature, Child(assertion, "Issuer"));
        Refused(SamlFault.Malformed, document);
        root.RemoveAttribute("ID");
        assertion.SetAttribute("ID", said.ResponseId);
        Refused(SamlFault.SignatureInvalid, document);
    }

    private static void Refuse(XmlDocument document)
    {
        var outcome = Accept(document);
        Assert.That(outcome.IsOk, Is.False);
        Refused(SamlFault.Malformed, document);
    }

    private static XmlDocument ResponseWrapped(bool sameId, Action<XmlElement, XmlElement, XmlElement> move)
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

    private static XmlDocument AssertionWrapped(bool sameId, Action<XmlElement, XmlElement, XmlElement, XmlElement> move)
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

    private static void Forge(XmlElement assertion) => ((XmlElement)assertion.GetElementsByTagName("saml:NameID")[0]!).InnerText = Evil;

    private static XmlElement Child(XmlElement parent, string name) => parent.ChildNodes.OfType<XmlElement>().Single(child => child.LocalName == name);
}
