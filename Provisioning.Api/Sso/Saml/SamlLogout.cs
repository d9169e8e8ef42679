using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.SignIn;

namespace Provisioning.Api.Sso.Saml;

/// <summary>
/// Single logout (SAML Profiles 4.4). The identity provider's word ends sessions by name and session, on whatever node and in whatever
/// browser, so it must be signed; ours are signed always.
/// </summary>
internal sealed class SamlLogout(
    SamlParties parties, SamlPages pages, SignInFlows flows, SessionDirectory sessions, TimeProvider time)
{
    /// <summary>SAML Bindings 3.4.3: a RelayState is at most this long, in bytes; a longer one is not carried back.</summary>
    private const int LongestRelayState = 80;

    /// <summary>Sessions that one request names; with more, all of the person's are meant.</summary>
    private const int MostIndexes = 20;

    /// <summary>GET or POST: a request of the identity provider, or its answer to ours.</summary>
    public async Task ReceiveAsync(HttpContext context)
    {
        using var party = await parties.FindAsync(context);
        if (party is not { Connection.SignsPeopleIn: true })
        {
            await SsoEndpoints.NothingHereAsync(context);
            return;
        }
        IFormCollection? form = null;
        if (HttpMethods.IsPost(context.Request.Method) && (form = await SsoEndpoints.FormAsync(context, SamlConsumer.MostFormBytes)) is null) return;
        if (Message(context, form, "SAMLRequest") is { } request) await EndAsync(context, party, request);
        else if (Message(context, form, "SAMLResponse") is { } response) await EndedAsync(context, party, response);
        else await pages.RefusedAsync(context, party, SamlFault.MalformedBecause("There is neither a SAMLRequest nor a SAMLResponse."));
    }

    private sealed record Received(Outcome<Func<PinnedKeys, Outcome<byte[]>>> Verify, string? RelayState);

    /// <summary>The message by either binding, to be verified; null when there is none of this name.</summary>
    private static Received? Message(HttpContext context, IFormCollection? form, string parameter)
    {
        if (form is not null)
        {
            if ((string?)form[parameter] is not { } encoded) return null;
            var bytes = new byte[encoded.Length];
            return new Received(
                Convert.TryFromBase64String(encoded, bytes, out var written)
                    ? Of(keys => LogoutReader.VerifyPosted(bytes.AsSpan(0, written), keys)) : SamlFault.MalformedBecause($"The {parameter} is no base64."),
                form["RelayState"]);
        }
        if (RedirectBinding.Read(context.Request.QueryString.Value, parameter) is not { } read) return null;
        return read.Try(out var message, out var error) ? new Received(Of(message.Verify), message.RelayState) : new Received(error, null);
    }

    private static Outcome<Func<PinnedKeys, Outcome<byte[]>>> Of(Func<PinnedKeys, Outcome<byte[]>> verify) => verify;

    private async Task EndAsync(HttpContext context, SamlParty party, Received message)
    {
        var now = Instants.Now(time);
        var read = message.Verify.Then(verify => verify(party.KeysAt(now))).Then(xml => LogoutReader.ReadRequest(xml, party.ExpectedAt(party.Logout), now));
        if (!read.Try(out var order, out var error))
        {
            await pages.RefusedAsync(context, party, error);
            return;
        }
        var (actor, cancel) = (SignInCompletion.ActorOf(party.Connection, context.CorrelationId()), context.RequestAborted);
        var used = await flows.UseOnceAsync(party.Connection, actor, order.Id, order.Forgettable, cancel);
        if (used is not { IsOk: true, Value: true })
        {
            await pages.RefusedAsync(context, party, used.Error ?? SamlFault.Of(SamlFault.Replayed, "This logout request was used before."));
            return;
        }
        var subject = SamlPerson.SubjectOf(order.NameId, order.NameIdFormat);
        foreach (var index in order.SessionIndexes.Count is 0 or > MostIndexes ? [null] : order.SessionIndexes.Cast<string?>())
        {
            if ((await sessions.EndAtProviderAsync(party.Organization, actor, party.Connection.Id, subject, index, cancel)).Error is not { } failed) continue;
            await SsoPages.ErrorAsync(context, failed);
            return;
        }
        if (party.Settings.SloUrl is not { Length: > 0 } address)
        {
            await SsoPages.SignedOutAsync(context);
            return;
        }
        using var key = party.OwnKey;
        var relayState = message.RelayState is { } state && System.Text.Encoding.UTF8.GetByteCount(state) <= LongestRelayState ? state : null;
        Page.Redirect(context, RedirectBinding.Url(
            address, "SAMLResponse", SamlMessages.LogoutResponse(SamlMessages.NewId(), now, address, party.Service, order.Id), relayState, key));
    }

    /// <summary>The session here was ended before the request left, so the answer changes nothing but the page.</summary>
    private async Task EndedAsync(HttpContext context, SamlParty party, Received message)
    {
        var now = Instants.Now(time);
        var read = message.Verify.Then(verify => verify(party.KeysAt(now))).Then(xml => LogoutReader.ReadResponse(xml, party.ExpectedAt(party.Logout), now));
        if (read.IsOk) Page.Redirect(context, "/sso/signed-out");
        else await SamlPages.SignedOutHereOnlyAsync(context);
    }
}
