using System.Security.Cryptography.Xml;
using System.Xml;

namespace Provisioning.Tests.Sso.Saml;

/// <summary>What a signature could be made to do with what it signs, and must not.</summary>
internal static class Transforms
{
    /// <summary>These transforms and no others.</summary>
    public static void Chain(Reference reference, params Transform[] transforms)
    {
        reference.TransformChain = new TransformChain();
        foreach (var transform in transforms) reference.AddTransform(transform);
    }

    /// <summary>An XPath filter: only what it selects would be signed.</summary>
    public static XmlDsigXPathTransform Selecting(string path)
    {
        var transform = new XmlDsigXPathTransform();
        var document = new XmlDocument();
        document.LoadXml($"<XPath>{path}</XPath>");
        transform.LoadInnerXml(document.ChildNodes);
        return transform;
    }
}
