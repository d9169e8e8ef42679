using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Organizations;
using Provisioning.Core.SignIn;

namespace Provisioning.Api.Hook;

/// <summary>A sign-in, as the gateway saw it; other fields are ignored.</summary>
/// <param name="Connection">Name or id.</param>
/// <param name="Subject">The person at the connection.</param>
public sealed record DecisionBody(
    string Connection, string Subject, string? Email = null, bool? EmailVerified = null, string? Name = null, IReadOnlyList<string>? Groups = null,
    string? ExternalId = null);

/// <summary>The answer to a sign-in. A deny is a normal answer: 200, with the reason and what would help.</summary>
/// <param name="Decision"><c>allow</c> or <c>deny</c>.</param>
/// <param name="Reason">allow: existing, linked, restored, created; deny: a stable code such as <c>seat_unavailable</c>.</param>
/// <param name="ProductAccess">False with allow: an owner or admin without a seat, who may administer but not use the product (rule JIT-4).</param>
/// <param name="Message">deny: for the person, in plain words.</param>
public sealed record SignInForm(
    string Decision, string Reason, string? MemberId, string? Role, string? Tier, bool ProductAccess, string? Message, ExplanationForm? Explanation,
    string CorrelationId);

/// <summary>Why a seat was refused: how full each tier was at that moment, and what would help.</summary>
public sealed record ExplanationForm(IReadOnlyList<TierUseForm> Tiers, IReadOnlyList<string> WouldHelp);

public sealed record TierUseForm(string Tier, int Rank, int Purchased, int Assigned, int Held, int Queued, int Free);

/// <summary>The hook door: an identity gateway that does SSO itself asks whether a person may come in (rules JIT-1 to JIT-10).</summary>
public static class HookEndpoints
{
    private const int LongestSubject = TextKey.MaxLength, MostGroups = 5000;

    public static void MapHook(this IEndpointRouteBuilder routes) =>
        routes.MapGroup("/v1/organizations/{org}").WithTags("Sign-in")
            .MapRest("POST", "/sign-in-decisions", Access.Gateway, DecideAsync, Channel.Jit)
            .WithSummary("Decide a sign-in: link, create with the highest available tier, or refuse with the reason")
            .WithDescription("""Body: {"connection":"demo","subject":"00u1","email":"a@acme.example","emailVerified":true?,"name":"A B"?,"groups":["eng"]?,"externalId":"..."?}.""")
            .Accepts<DecisionBody>("application/json").Produces<SignInForm>().WithMetadata(new TakesNoKey());

    private static async Task<Outcome<RestReply>> DecideAsync(RestRequest request)
    {
        if (!(await request.BodyAsync()).Try(out var body, out var error)) return error;
        var fields = body.Fields;
        var named = fields.Text("connection");
        var subject = fields.Text("subject", LongestSubject);
        var email = fields.OptionalText("email");
        var verified = fields.OptionalFlag("emailVerified");
        var name = fields.OptionalText("name");
        var groups = fields.Texts("groups", MostGroups);
        var externalId = fields.OptionalText("externalId");
        if (!TextKey.Fits(subject)) fields.Refuse("'subject' is too long.");
        // Gateways pass on more claims than are used here; unknown fields are no error.
        if (fields.ProblemOfKnown is { } problem) return problem;
        if (await request.Service<ConnectionDirectory>().FindAsync(request.Organization, named, request.Cancel) is not { Kind: ConnectionKind.Gateway } connection)
            return new InvalidValue("'connection' names no gateway of the organisation.");
        var signIn = new SignInRequest(connection, subject, email, verified, name, groups, externalId);
        var decided = await request.Service<SignInDecision>().DecideAsync(request.Organization, request.Actor, signIn, request.Cancel);
        if (decided is { IsOk: true, Value: { Allowed: false, Reason: var reason } }) Instruments.Refused(Instruments.SignInDoor, reason);
        return decided.Select(answer => RestReply.Ok(ToApi(answer, request.Context.CorrelationId())));
    }

    private static SignInForm ToApi(SignInAnswer answer, string correlationId)
    {
        var denied = answer.Allowed ? null : DenyReason.All[answer.Reason];
        return new SignInForm(
            answer.Allowed ? "allow" : "deny", answer.Reason, answer.Member?.ToString(), answer.Role is { } role ? Words.Text(role) : null, answer.Tier,
            answer.ProductAccess, denied?.Message, denied is null ? null : new ExplanationForm(
                [.. answer.Tiers.Select(use => new TierUseForm(use.Tier, use.Rank, use.Purchased, use.Assigned, use.Held, use.Queued, use.Free))],
                denied.WouldHelp), correlationId);
    }
}
