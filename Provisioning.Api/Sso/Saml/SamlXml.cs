using System.Security.Cryptography.Xml;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using Provisioning.Core.Common;

namespace Provisioning.Api.Sso.Saml;

/// <summary>
/// Reads XML that strangers send: no document type, no entities, nothing fetched, bounded in size, depth and number of nodes; and writes
/// the canonical bytes of an element.
/// </summary>
internal static class SamlXml
{
    /// <summary>Bytes of a message or of metadata; a response with a thousand groups has about a fifth of it.</summary>
    public const int MostBytes = 512 * 1024;

    private const int Deepest = 32, MostNodes = 40_000, MostAttributes = 64;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Parses UTF-8. Comments and blanks are kept, because signatures may cover them.</summary>
    /// <returns>Or <see cref="SamlFault.Malformed"/>.</returns>
    public static Outcome<XmlDocument> Parse(ReadOnlySpan<byte> utf8)
    {
        if (Check(utf8).Error is { } error) return error;
        var document = new XmlDocument { PreserveWhitespace = true, XmlResolver = null };
        using var reader = XmlReader.Create(new StringReader(Text(utf8)), Settings(ignoreComments: false));
        document.Load(reader);
        return document;
    }

    /// <summary>Parses UTF-8 for reading values: comments are dropped, so that they cut no text in two.</summary>
    public static Outcome<XElement> ParseValues(ReadOnlySpan<byte> utf8)
    {
        if (Check(utf8).Error is { } error) return error;
        using var reader = XmlReader.Create(new StringReader(Text(utf8)), Settings(ignoreComments: true));
        return XElement.Load(reader, LoadOptions.PreserveWhitespace);
    }

    /// <summary>
    /// Exclusive canonical XML (W3C xml-exc-c14n) of an element as it stands in its document, in UTF-8, optionally without one child:
    /// the enveloped signature.
    /// </summary>
    /// <param name="prefixes">The InclusiveNamespaces PrefixList; null for none.</param>
    public static byte[] Canonical(XmlElement element, bool withComments = false, string? prefixes = null, XmlElement? without = null)
    {
        var document = new XmlDocument { PreserveWhitespace = true, XmlResolver = null };
        var copy = (XmlElement)document.ImportNode(element, deep: true);
        if (without is not null)
        {
            var at = 0;
            while (element.ChildNodes[at] != without) at++;
            copy.RemoveChild(copy.ChildNodes[at]!);
        }
        // Namespaces declared outside belong to the element; exclusive canonicalization writes only those that it uses.
        for (var outer = element.ParentNode as XmlElement; outer is not null; outer = outer.ParentNode as XmlElement)
            foreach (XmlAttribute attribute in outer.Attributes)
                if (attribute.NamespaceURI == "http://www.w3.org/2000/xmlns/" && copy.GetAttributeNode(attribute.Name) is null)
                    copy.SetAttributeNode((XmlAttribute)document.ImportNode(attribute, deep: true));
        document.AppendChild(copy);
        var transform = new XmlDsigExcC14NTransform(withComments, prefixes ?? "");
        transform.LoadInput(document);
        using var output = (Stream)transform.GetOutput(typeof(Stream));
        using var bytes = new MemoryStream();
        output.CopyTo(bytes);
        return bytes.ToArray();
    }

    /// <summary>The child elements; text between them is refused by null.</summary>
    public static IReadOnlyList<XElement>? OnlyElements(this XElement parent) =>
        parent.Nodes().Any(node => node is XText text && !string.IsNullOrWhiteSpace(text.Value)) ? null : [.. parent.Elements()];

    /// <summary>The text of an element that holds nothing else, without blanks around it; null when it holds elements.</summary>
    public static string? OnlyText(this XElement element) => element.HasElements ? null : element.Value.Trim(' ', '\t', '\r', '\n');

    private static Outcome<Done> Check(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > MostBytes) return SamlFault.MalformedBecause($"The XML is larger than {MostBytes} bytes.");
        try
        {
            using var reader = XmlReader.Create(new StringReader(Text(utf8)), Settings(ignoreComments: false));
            var nodes = 0;
            while (reader.Read())
            {
                if (++nodes > MostNodes) return SamlFault.MalformedBecause($"The XML has more than {MostNodes} nodes.");
                if (reader.Depth > Deepest) return SamlFault.MalformedBecause($"The XML is nested deeper than {Deepest} levels.");
                if (reader.AttributeCount > MostAttributes) return SamlFault.MalformedBecause($"An XML element has more than {MostAttributes} attributes.");
                if (reader.NodeType is XmlNodeType.ProcessingInstruction or XmlNodeType.DocumentType or XmlNodeType.EntityReference)
                    return SamlFault.MalformedBecause("The XML holds a processing instruction or an entity.");
            }
            return new Done();
        }
        catch (XmlException)
        {
            return SamlFault.MalformedBecause("This is no well-formed XML without a document type.");
        }
        catch (DecoderFallbackException)
        {
            return SamlFault.MalformedBecause("The XML is not in UTF-8.");
        }
    }

    /// <summary>Decoded here, so that an encoding declaration cannot make two readers see two documents.</summary>
    private static string Text(ReadOnlySpan<byte> utf8) =>
        StrictUtf8.GetString(utf8.StartsWith("\uFEFF"u8) ? utf8[3..] : utf8);

    private static XmlReaderSettings Settings(bool ignoreComments) => new()
    {
        DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = MostBytes, MaxCharactersFromEntities = 1,
        ConformanceLevel = ConformanceLevel.Document, CheckCharacters = true, IgnoreComments = ignoreComments,
    };
}
