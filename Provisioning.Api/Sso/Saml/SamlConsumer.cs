using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.SignIn;

namespace Provisioning.Api.Sso.Saml;

/// <summary>
/// The assertion consumer (design D6). The POST of an identity provider carries no cookie of ours, so it only checks and keeps; the GET that
/// follows carries the browser's cookie, and only that one decides.
/// </summary>
internal sealed class SamlConsumer(SamlParties parties, SignInFlows flows, SignInSettingsChanges settings, SamlPages pages, SecretProtection secrets, TimeProvider time)
{
    /// <summary>Base64 of the largest message, written as a form.</summary>
    public const int MostFormBytes = SamlXml.MostBytes * 2;

    public async Task ConsumeAsync(HttpContext context)
    {
        using var party = await parties.FindAsync(context);
        if (party is not { Connection.SignsPeopleIn: true })
        {
            await SsoEndpoints.NothingHereAsync(context);
            return;
        }
        if (await SsoEndpoints.FormAsync(context, MostFormBytes) is not { } form) return;
        if (!Read(party, form["SAMLResponse"]).Try(out var read, out var error)) await pages.RefusedAsync(context, party, error);
        else if (read.Confirmation.InResponseTo is { } request) await AnswerAsync(context, party, read, request);
        else await AskAsync(context, party, read, form["RelayState"]);
    }

    private sealed record Accepted(SamlAssertion Assertion, BearerConfirmation Confirmation);

    private Outcome<Accepted> Read(SamlParty party, string? encoded)
    {
        var bytes = new byte[encoded?.Length ?? 0];
        if (encoded is null || !Convert.TryFromBase64String(encoded, bytes, out var written))
            return SamlFault.MalformedBecause("There is no SAMLResponse in base64.");
        var now = Instants.Now(time);
        using var key = party.OwnKey;
        return new SamlResponseReader(party.KeysAt(now), key).Read(bytes.AsSpan(0, written)).Then(response =>
            AssertionRules.Check(response, party.ExpectedAt(party.Consumer), now).Select(confirmation => new Accepted(response.Assertion, confirmation)));
    }

    /// <summary>The answer to a request of ours: it waits at the flow for the browser that asked.</summary>
    private async Task AnswerAsync(HttpContext context, SamlParty party, Accepted read, string request)
    {
        var flow = FlowSecrets.StateHashOf(request) is { } hash ? await flows.FindAsync(hash, context.RequestAborted) : null;
        if (flow is null || flow.Connection != party.Connection.Id)
        {
            await pages.RefusedAsync(context, party, SamlFault.Of(SamlFault.WrongRequest, "The response answers no request of this service."));
            return;
        }
        if (await UseUpAsync(context, party, read) && await KeepAsync(context, party, flow, read, unsolicited: false))
            Page.Redirect(context, $"/sso/saml/{party.Connection.Id}/continue?request={request}");
    }

    /// <summary>The identity provider began: where the connection allows it, the person is asked first.</summary>
    private async Task AskAsync(HttpContext context, SamlParty party, Accepted read, string? relayState)
    {
        if (!party.Settings.AllowIdpInitiated)
        {
            await pages.RefusedAsync(context, party, SamlFault.Of(SamlFault.Unsolicited, "Nobody asked for this sign-in here. Begin at the application, or let the connection allow sign-ins that the identity provider begins."));
            return;
        }
        if (!await UseUpAsync(context, party, read)) return;
        var cancel = context.RequestAborted;
        var returnTo = (await settings.FindAsync(party.Organization, cancel)).Allows(relayState) ? relayState : null;
        // Bound to no browser yet: nobody has this secret. The page that asks binds it.
        var begun = await flows.BeginAsync(party.Connection, SignInCompletion.ActorOf(party.Connection, context.CorrelationId()), SignInSecret.New(), returnTo, cancel);
        if (!begun.Try(out var secret, out var error)) await SsoPages.ErrorAsync(context, error);
        else if (await KeepAsync(context, party, (await flows.FindAsync(SignInSecret.Hash(secret.State), cancel))!, read, unsolicited: true))
            Page.Redirect(context, $"/sso/saml/{party.Connection.Id}/confirm?ticket={secret.State}");
    }

    /// <summary>An assertion is used once; false after a page was written.</summary>
    private async Task<bool> UseUpAsync(HttpContext context, SamlParty party, Accepted read)
    {
        var used = await flows.UseOnceAsync(
            party.Connection, SignInCompletion.ActorOf(party.Connection, context.CorrelationId()), read.Assertion.Id,
            AssertionRules.Forgettable(read.Assertion, read.Confirmation), context.RequestAborted);
        if (used is { IsOk: true, Value: true }) return true;
        await pages.RefusedAsync(context, party, used.Error ?? SamlFault.Of(SamlFault.Replayed, "This response was used before."));
        return false;
    }

    /// <summary>Keeps what the assertion said at the flow; false after a page was written.</summary>
    private async Task<bool> KeepAsync(HttpContext context, SamlParty party, SignInFlow flow, Accepted read, bool unsolicited)
    {
        var kept = await flows.AnswerAsync(
            flow, SignInCompletion.ActorOf(party.Connection, context.CorrelationId()),
            SamlAnswer.Of(party.Connection, read.Assertion, party.Settings.Attributes, unsolicited).Seal(secrets), context.RequestAborted);
        if (kept is { IsOk: true, Value: true }) return true;
        await pages.RefusedAsync(context, party, kept.Error ?? SamlFault.Of(SamlFault.WrongRequest, "The sign-in that this answers was answered before, or took too long."));
        return false;
    }
}
