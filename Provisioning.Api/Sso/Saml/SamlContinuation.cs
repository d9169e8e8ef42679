using System.Security.Cryptography;
using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.SignIn;

namespace Provisioning.Api.Sso.Saml;

/// <summary>The browser comes for what the identity provider said: by itself after a request of ours, by the person's own press otherwise.</summary>
internal sealed class SamlContinuation(
    SamlParties parties, SignInFlows flows, SignInFinish finish, SessionDirectory sessions, SignInCookies cookies, SecretProtection secrets)
{
    /// <summary>GET after the POST of the identity provider: good in the browser that began, once.</summary>
    public async Task ContinueAsync(HttpContext context)
    {
        using var party = await parties.FindAsync(context);
        var flow = await FindAsync(context, party, FlowSecrets.StateHashOf(context.Request.Query["request"]));
        if (party is null || flow is null || SamlAnswer.Open(secrets, flow.Answer) is not { Unsolicited: false } answer || !flow.IsOf(cookies.BrowserOf(context)))
            await NotHereAsync(context, party);
        else await TakeAsync(context, party, flow, answer);
    }

    /// <summary>GET: asks whether the person wants this. Who is signed in already is not replaced.</summary>
    public async Task AskAsync(HttpContext context)
    {
        using var party = await parties.FindAsync(context);
        string? ticket = context.Request.Query["ticket"];
        if (party is null || await FindTicketAsync(context, party, ticket) is not var (_, answer)) await NotHereAsync(context, party);
        else if (await SignedInAsync(context)) await SamlPages.SignedInAlreadyAsync(context);
        else await SamlPages.ConfirmAsync(context, party, answer, ticket!, FlowSecrets.Of(ticket!, cookies.EnsureBrowser(context)).Nonce);
    }

    /// <summary>POST: the press, with the proof that this browser saw the question; a form of another site brings no cookie, so no proof fits.</summary>
    public async Task ConfirmAsync(HttpContext context)
    {
        if (await SsoEndpoints.FormAsync(context) is not { } form) return;
        using var party = await parties.FindAsync(context);
        string? ticket = form["ticket"], proof = form["proof"];
        if (party is null || await FindTicketAsync(context, party, ticket) is not var (flow, answer) || cookies.BrowserOf(context) is not { } browser
            || !CryptographicOperations.FixedTimeEquals(SignInSecret.Hash(FlowSecrets.Of(ticket!, browser).Nonce), SignInSecret.Hash(proof ?? "")))
            await NotHereAsync(context, party);
        else if (await SignedInAsync(context)) await SamlPages.SignedInAlreadyAsync(context);
        else await TakeAsync(context, party, flow, answer);
    }

    private async Task TakeAsync(HttpContext context, SamlParty party, SignInFlow flow, SamlAnswer answer)
    {
        var taken = await flows.TakeAsync(flow, SignInCompletion.ActorOf(party.Connection, context.CorrelationId()), context.RequestAborted);
        if (taken.Error is { } error) await SsoPages.ErrorAsync(context, error, SignInFinish.Start(party.Organization, party.Connection, flow.ReturnTo));
        else if (!taken.Value) await NotHereAsync(context, party);
        else await finish.AnswerAsync(context, party.Organization, answer.For(party.Connection), flow.ReturnTo);
    }

    private async Task<(SignInFlow Flow, SamlAnswer Answer)?> FindTicketAsync(HttpContext context, SamlParty party, string? ticket) =>
        ticket is not null && await FindAsync(context, party, SignInSecret.Hash(ticket)) is { } flow
        && SamlAnswer.Open(secrets, flow.Answer) is { Unsolicited: true } answer ? (flow, answer) : null;

    /// <summary>A flow of this connection that waits for its browser.</summary>
    private async Task<SignInFlow?> FindAsync(HttpContext context, SamlParty? party, byte[]? stateHash) =>
        party is { Connection.SignsPeopleIn: true } && stateHash is not null && await flows.FindAsync(stateHash, context.RequestAborted) is { TakenAt: null } flow
        && flow.Connection == party.Connection.Id ? flow : null;

    private async Task<bool> SignedInAsync(HttpContext context) =>
        cookies.SessionOf(context) is { } secret && await sessions.FindByCookieAsync(secret, context.RequestAborted) is { View.Active: true };

    private static Task NotHereAsync(HttpContext context, SamlParty? party) => SsoPages.ErrorAsync(
        context, StatusCodes.Status400BadRequest, "This sign-in cannot go on",
        "It was finished already, took too long, or began in another browser. Begin again.",
        party is null ? "/sso" : SignInFinish.Start(party.Organization, party.Connection, null));
}
