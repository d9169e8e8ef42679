using System.Xml;
using System.Xml.Linq;
using Provisioning.Api.Sso.Saml;
using Provisioning.Core.Common;

namespace Provisioning.Tests.Sso.Saml;

/// <summary>What the identity provider of a test says; the defaults are a good answer to <see cref="Request"/>.</summary>
internal sealed record Said(string Issuer, string Audience, string Consumer, DateTimeOffset Now)
{
    public const string Namespaces = "xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"";

    public string ResponseId { get; init; } = SamlMessages.NewId();
    public string AssertionId { get; init; } = SamlMessages.NewId();
    public string? Request { get; init; } = "_request";
    public string? ResponseRequest { get; init; } = "same";
    public string? ResponseIssuer { get; init; } = "same";
    public string? Destination { get; init; } = "same";
    public string? Recipient { get; init; } = "same";
    public string Status { get; init; } = SamlNames.Success;
    public string NameId { get; init; } = "00u-ada";
    public string? Format { get; init; } = SamlNames.PersistentFormat;
    public string Method { get; init; } = SamlNames.Bearer;
    public TimeSpan From { get; init; } = TimeSpan.FromMinutes(-1);
    public TimeSpan Until { get; init; } = TimeSpan.FromMinutes(5);
    public TimeSpan? ConfirmedUntil { get; init; } = TimeSpan.FromMinutes(5);
    public TimeSpan? SessionUntil { get; init; }
    public string? SessionIndex { get; init; } = "_session";
    public string? MoreConditions { get; init; }
    public bool WithConditions { get; init; } = true;
    public bool WithAudience { get; init; } = true;
    public bool WithStatement { get; init; } = true;
    public string? RawNameId { get; init; }
    public IReadOnlyList<(string Name, string[] Values)> Attributes { get; init; } = [("email", ["ada@acme.example"]), ("displayName", ["Ada & Co"]), ("groups", ["eng", "ops"])];

    public string AssertionXml => $"""
        <saml:Assertion {Namespaces.Split(' ')[1]} ID="{AssertionId}" Version="2.0" IssueInstant="{Time(TimeSpan.Zero)}">
          <saml:Issuer>{Escape(Issuer)}</saml:Issuer>
          <saml:Subject>
            {RawNameId ?? $"<saml:NameID{(Format is null ? "" : $" Format=\"{Format}\"")}>{Escape(NameId)}</saml:NameID>"}
            <saml:SubjectConfirmation Method="{Method}">
              <saml:SubjectConfirmationData{Attribute("Recipient", Same(Recipient, Consumer))}{Attribute("InResponseTo", Request)}{Attribute("NotOnOrAfter", ConfirmedUntil is { } end ? Time(end) : null)}/>
            </saml:SubjectConfirmation>
          </saml:Subject>
          {(WithConditions ? $"<saml:Conditions NotBefore=\"{Time(From)}\" NotOnOrAfter=\"{Time(Until)}\">{(WithAudience ? $"<saml:AudienceRestriction><saml:Audience>{Escape(Audience)}</saml:Audience></saml:AudienceRestriction>" : "")}{MoreConditions}</saml:Conditions>" : "")}
          {(WithStatement ? $"<saml:AuthnStatement AuthnInstant=\"{Time(TimeSpan.FromSeconds(-5))}\"{Attribute("SessionIndex", SessionIndex)}{Attribute("SessionNotOnOrAfter", SessionUntil is { } ends ? Time(ends) : null)}><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>" : "")}
          <saml:AttributeStatement>{string.Concat(Attributes.Select(attribute => $"<saml:Attribute Name=\"{Escape(attribute.Name)}\">{string.Concat(attribute.Values.Select(value => $"<saml:AttributeValue>{Escape(value)}</saml:AttributeValue>"))}</saml:Attribute>"))}</saml:AttributeStatement>
        </saml:Assertion>
        """;

    public string ResponseXml(string content) => $"""
        <samlp:Response {Namespaces} ID="{ResponseId}" Version="2.0" IssueInstant="{Time(TimeSpan.Zero)}"{Attribute("Destination", Same(Destination, Consumer))}{Attribute("InResponseTo", Same(ResponseRequest, Request))}>
          {(Same(ResponseIssuer, Issuer) is { } issuer ? $"<saml:Issuer>{Escape(issuer)}</saml:Issuer>" : "")}
          <samlp:Status><samlp:StatusCode Value="{Status}"/></samlp:Status>
          {content}
        </samlp:Response>
        """;

    /// <summary>The response, unsigned, as a document that signatures can be made in.</summary>
    public XmlDocument Document() => Load(ResponseXml(AssertionXml));

    public static XmlDocument Load(string xml)
    {
        var document = new XmlDocument { PreserveWhitespace = true };
        document.LoadXml(xml);
        return document;
    }

    private static string? Same(string? text, string? usual) => text == "same" ? usual : text;

    private static string Attribute(string name, string? value) => value is null ? "" : $" {name}=\"{Escape(value)}\"";

    private string Time(TimeSpan from) => Instants.Text(Now + from);

    private static string Escape(string text) => new XText(text).ToString().Replace("\"", "&quot;", StringComparison.Ordinal);
}
