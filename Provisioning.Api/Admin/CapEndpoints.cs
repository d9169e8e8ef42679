using System.Text.Json.Nodes;
using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Organizations;
using Provisioning.Core.Spend;

namespace Provisioning.Api.Admin;

/// <summary>Spend caps (rules CAP-1 to CAP-7): owners set them, members see what applies to them.</summary>
public static class CapEndpoints
{
    private const string Body =
        """Needs If-Match (* for a new one). Body: {"limit":{"amount":"300.00","currency":"USD"}}, a sum per calendar month; null is unlimited, 0.00 blocks. Effective at once.""";

    public static void MapCaps(this IEndpointRouteBuilder organization)
    {
        organization.MapRest("GET", "/spend-caps", Access.Owner, ListAsync).WithSummary("Every cap that is set, oldest first")
            .WithDescription($"Query: scope ({Words.All<CapScope>()}), limit (1-500), cursor.").Produces<CapsForm>();
        organization.MapRest("GET", "/spend-caps/effective", Access.OwnerOrSelf, EffectiveAsync)
            .WithSummary("The caps that apply to a member, what is left of each, and the one that stops first")
            .WithDescription("Query: memberId (required for an owner; a member sees himself).").Produces<EffectiveCapsForm>();
        foreach (var (path, of) in ((string, Func<RestRequest, Outcome<CapSubject>>)[])
            [("/spend-caps/organisation", _ => CapSubject.Organisation), ("/spend-caps/tier/{tier}", OfTier), ("/spend-caps/individual/{id}", OfMember)])
        {
            organization.MapRest("GET", path, Access.Owner, request => GetAsync(request, of)).WithSummary("Read a cap; the ETag is its version").Produces<CapForm>();
            organization.MapRest("PUT", path, Access.Owner, request => PutAsync(request, of)).WithSummary("Set a cap")
                .WithDescription(path.Contains("tier", StringComparison.Ordinal)
                    ? Body + " \"basis\" is required: aggregate (everybody of the tier together) or per_member (each by himself)." : Body)
                .Accepts(path.Contains("tier", StringComparison.Ordinal) ? typeof(TierCapBody) : typeof(CapBody), "application/json").Produces<CapForm>()
                .NeedsVersion().Refuses("no_contract", "cap_basis_required");
            organization.MapRest("DELETE", path, Access.Owner, request => DeleteAsync(request, of)).WithSummary("Remove a cap")
                .Produces(204).NeedsVersion();
        }
    }

    private static async Task<Outcome<RestReply>> ListAsync(RestRequest request)
    {
        if (!request.Limit().Try(out var limit, out var error)) return error;
        if (!Cursor.Read(request.Query("cursor"), 16).Try(out var after, out error)) return error;
        if (!request.QueryWord<CapScope>("scope").Try(out var scope, out error)) return error;
        var page = await request.Service<CapBook>().ListAsync(request.Organization.Id, scope, after, limit, request.Cancel);
        return RestReply.Ok(new CapsForm([.. page.Items.Select(CapForm.ToApi)], page.Next));
    }

    private static async Task<Outcome<RestReply>> EffectiveAsync(RestRequest request)
    {
        if (!Whom(request).Try(out var member, out var error)) return error;
        if (member is not { } whom) return new InvalidValue("'memberId' is required: whose caps?");
        return (await request.Service<CapBook>().EffectiveAsync(request.Organization.Id, whom, request.Cancel)).Select(caps => RestReply.Ok(EffectiveCapsForm.ToApi(caps)));
    }

    /// <summary>The member of the query, whom an owner may ask about; anybody else asks about himself.</summary>
    internal static Outcome<MemberId?> Whom(RestRequest request)
    {
        MemberId? named = null;
        if (request.Query("memberId") is { } text)
        {
            if (!MemberEndpoints.Parse(text).Try(out var id, out var error)) return error;
            named = id;
        }
        if (request.Authority.Role <= Role.Owner) return named;
        return named is null || named == request.Authority.Member ? request.Authority.Member : new Forbidden("A member sees what is his own; owners see everybody's.");
    }

    private static async Task<Outcome<RestReply>> GetAsync(RestRequest request, Func<RestRequest, Outcome<CapSubject>> of)
    {
        if (!of(request).Try(out var subject, out var error)) return error;
        return (await request.Service<CapBook>().FindAsync(request.Organization.Id, subject, request.Cancel)).Select(Reply);
    }

    private static async Task<Outcome<RestReply>> PutAsync(RestRequest request, Func<RestRequest, Outcome<CapSubject>> of)
    {
        if (!of(request).Try(out var subject, out var error)) return error;
        if (!request.Condition().Try(out var condition, out error)) return error;
        if (!(await request.BodyAsync()).Try(out var body, out error)) return error;
        var fields = body.Fields;
        var basis = subject.Scope == CapScope.Tier ? fields.OptionalWord<CapBasis>("basis") : null;
        var limit = Limit(fields);
        if (fields.Problem is { } problem) return problem;
        var wanted = new WantedCap(subject, basis, limit?.Minor, limit?.Currency);
        return (await request.Service<CapBook>().SetAsync(request.Organization.Id, request.Actor, condition, wanted, request.Cancel)).Select(Reply);
    }

    private static async Task<Outcome<RestReply>> DeleteAsync(RestRequest request, Func<RestRequest, Outcome<CapSubject>> of)
    {
        if (!of(request).Try(out var subject, out var error)) return error;
        if (!request.Condition().Try(out var condition, out error)) return error;
        return (await request.Service<CapBook>().RemoveAsync(request.Organization.Id, request.Actor, condition, subject, request.Cancel)).Select(_ => RestReply.NoContent);
    }

    /// <summary>Null, and said so: unlimited.</summary>
    private static Money? Limit(JsonFields fields)
    {
        if (!fields.Has("limit")) fields.Refuse("'limit' is required: {\"amount\":\"300.00\",\"currency\":\"USD\"}, or null for unlimited.");
        return fields.IsNull("limit") ? null : MoneyFields.Money(fields, "limit");
    }

    private static Outcome<CapSubject> OfTier(RestRequest request) => CapSubject.Of((string)request.Context.Request.RouteValues["tier"]!);

    private static Outcome<CapSubject> OfMember(RestRequest request) => MemberEndpoints.Parse(request.Id).Select(CapSubject.Of);

    private static RestReply Reply(Cap cap) => new(200, CapForm.ToApi(cap), cap.Version);
}
