using System.Security.Cryptography;
using System.Xml.Linq;
using Provisioning.Core.Common;

namespace Provisioning.Api.Sso.Saml;

/// <summary>The messages that the service sends (SAML Core 3.4.1, 3.7; Metadata 2.4.4), as XML text.</summary>
internal static class SamlMessages
{
    /// <summary>A fresh message id: 160 random bits, as SAML Core 1.3.4 asks for.</summary>
    public static string NewId() => "_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20));

    /// <param name="nameIdFormat">Null: whatever the identity provider is set to.</param>
    public static string AuthnRequest(string id, DateTimeOffset now, string destination, string service, string consumer, string? nameIdFormat) =>
        Message("AuthnRequest", id, now, destination, service,
            new XAttribute("ProtocolBinding", SamlNames.PostBinding), new XAttribute("AssertionConsumerServiceURL", consumer),
            new XElement(SamlNames.Samlp + "NameIDPolicy", new XAttribute("AllowCreate", "true"),
                nameIdFormat is null ? null : new XAttribute("Format", nameIdFormat)));

    public static string LogoutRequest(string id, DateTimeOffset now, string destination, string service, LogoutName name) =>
        Message("LogoutRequest", id, now, destination, service,
            new XElement(SamlNames.Saml + "NameID", name.NameIdFormat is null ? null : new XAttribute("Format", name.NameIdFormat), name.NameId),
            name.SessionIndex is null ? null : new XElement(SamlNames.Samlp + "SessionIndex", name.SessionIndex));

    /// <summary>Tells the identity provider that its request was carried out: the sessions named are over here.</summary>
    public static string LogoutResponse(string id, DateTimeOffset now, string destination, string service, string inResponseTo) =>
        Message("LogoutResponse", id, now, destination, service, new XAttribute("InResponseTo", inResponseTo),
            new XElement(SamlNames.Samlp + "Status", new XElement(SamlNames.Samlp + "StatusCode", new XAttribute("Value", SamlNames.Success))));

    /// <summary>The service's metadata, for one connection.</summary>
    public static string Metadata(string service, string consumer, string logout, string certificate, bool signsRequests) =>
        new XElement(SamlNames.Md + "EntityDescriptor", new XAttribute(XNamespace.Xmlns + "md", SamlNames.Metadata),
            new XAttribute(XNamespace.Xmlns + "ds", SamlNames.Signature), new XAttribute("entityID", service),
            new XElement(SamlNames.Md + "SPSSODescriptor", new XAttribute("protocolSupportEnumeration", SamlNames.Protocol),
                new XAttribute("AuthnRequestsSigned", signsRequests), new XAttribute("WantAssertionsSigned", "true"),
                Key("signing", certificate), Key("encryption", certificate),
                Endpoint("SingleLogoutService", SamlNames.RedirectBinding, logout), Endpoint("SingleLogoutService", SamlNames.PostBinding, logout),
                new XElement(SamlNames.Md + "NameIDFormat", SamlNames.PersistentFormat), new XElement(SamlNames.Md + "NameIDFormat", SamlNames.EmailFormat),
                Endpoint("AssertionConsumerService", SamlNames.PostBinding, consumer, new XAttribute("index", "0"), new XAttribute("isDefault", "true"))))
        .ToString(SaveOptions.DisableFormatting);

    private static XElement Key(string use, string certificate) =>
        new(SamlNames.Md + "KeyDescriptor", new XAttribute("use", use),
            new XElement(SamlNames.Ds + "KeyInfo", new XElement(SamlNames.Ds + "X509Data", new XElement(SamlNames.Ds + "X509Certificate", certificate))));

    private static XElement Endpoint(string name, string binding, string location, params XAttribute[] more) =>
        new(SamlNames.Md + name, new XAttribute("Binding", binding), new XAttribute("Location", location), more);

    private static string Message(string name, string id, DateTimeOffset now, string destination, string service, params object?[] content) =>
        new XElement(SamlNames.Samlp + name, new XAttribute(XNamespace.Xmlns + "samlp", SamlNames.Protocol), new XAttribute(XNamespace.Xmlns + "saml", SamlNames.Assertion),
            new XAttribute("ID", id), new XAttribute("Version", "2.0"), new XAttribute("IssueInstant", Instants.Text(now)), new XAttribute("Destination", destination),
            content.OfType<XAttribute>(), new XElement(SamlNames.Saml + "Issuer", service), content.OfType<XElement>())
        .ToString(SaveOptions.DisableFormatting);
}

/// <summary>How the identity provider knows a session: what it wants back at sign-out.</summary>
internal sealed record LogoutName(string NameId, string? NameIdFormat, string? SessionIndex);
