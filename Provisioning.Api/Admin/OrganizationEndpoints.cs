using System.Text.RegularExpressions;
using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Directory;
using Provisioning.Core.Invitations;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Api.Admin;

/// <summary>The operator makes and supports organisations (domain.md section 8, last row).</summary>
public static partial class OrganizationEndpoints
{
    private const int MostTiers = 20, MostDomains = 200;

    private static readonly Dictionary<string, int> Nobody = [];

    public static void MapOrganizations(this IEndpointRouteBuilder routes)
    {
        var all = routes.MapGroup("/v1/organizations").WithTags("Operator");
        all.MapRest("POST", "", Access.Operator, CreateAsync).WithSummary("Create an organisation with tiers, seats and verified domains")
            .WithDescription("""Body: {"slug":"acme","name":"Acme","mode":"scim_and_jit"?,"billingZone":"UTC"?,"tiers":[{"tier":"premium","rank":20,"purchased":5,"features":{}?}],"domains":["acme.example"]?,"owner":{"email":"..."}?}. The owner is invited as primary owner.""")
            .Accepts<NewOrganizationBody>("application/json").Produces<OrganizationForm>(201).Refuses("slug_taken", "domain_taken");
        all.MapRest("GET", "", Access.Operator, ListAsync).WithSummary("List organisations; include=usage: with seats per tier and members by state")
            .WithDescription("Query: include=usage, limit (1-500), cursor.").Produces<OrganizationsForm>();
        var one = all.MapGroup("/{org}");
        one.MapRest("GET", "", Access.Admin, GetAsync).WithSummary("Read an organisation").Produces<OrganizationForm>();
        one.MapRest("PATCH", "", Access.Owner, ChangeAsync).WithSummary("Change name or billing zone")
            .WithDescription("""Body: {"name":"..."?,"billingZone":"Europe/Paris"?}. Needs If-Match. While there is a contract only the operator changes the zone.""")
            .Accepts<OrganizationChangeBody>("application/json").Produces<OrganizationForm>().NeedsVersion();
        one.MapRest("POST", "/suspend", Access.Operator, SuspendAsync).WithSummary("End or restore access of the whole organisation")
            .WithDescription("""Body: {"suspended":true|false}, or none for true. Sign-ins answer term_inactive while suspended; seats stay.""")
            .Accepts<SuspensionBody>(isOptional: true, "application/json").Produces<OrganizationForm>();
        one.MapRest("PUT", "/seats", Access.Operator, SetSeatsAsync).WithSummary("Set tiers and what was bought; new seats go to the waiting at once")
            .WithDescription("""Body: {"tiers":[{"tier":"premium","rank":20,"purchased":6,"features":{}?}]}. Seats are added or upgraded, never removed (409 seats_not_removable); with a contract they are bought by a quote instead (409 contract_exists).""")
            .Accepts<SeatsBody>("application/json").Produces<SeatsForm>().Refuses("seats_not_removable", "from_tier_in_use", "contract_exists");
        one.MapRest("PUT", "/domains", Access.Operator, SetDomainsAsync).WithSummary("Set the verified domains; the operator vouches for them")
            .Accepts<DomainsBody>("application/json").Produces<DomainsForm>().Refuses("domain_taken", "domain_routed");
    }

    private static async Task<Outcome<RestReply>> CreateAsync(RestRequest request)
    {
        if (!(await request.BodyAsync()).Try(out var body, out var error)) return error;
        var fields = body.Fields;
        var slug = fields.Text("slug", 64);
        var name = fields.Text("name");
        var mode = fields.OptionalWord<ProvisioningMode>("mode") ?? ProvisioningMode.InviteOnly;
        var zone = fields.OptionalText("billingZone") ?? "UTC";
        var tiers = Tiers(fields);
        var domains = Domains(fields);
        if (!Slug().IsMatch(slug)) fields.Refuse("'slug' must be 1 to 64 of a-z, 0-9 and hyphen, not starting or ending with a hyphen.");
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _)) fields.Refuse("'billingZone' must be an IANA time zone such as Europe/Paris.");
        var owner = fields.OptionalObject("owner");
        var email = owner is null ? null : InvitationEndpoints.Email(owner);
        fields.Check(owner);
        if (fields.Problem is { } problem) return problem;
        var seed = await request.Service<InvitationTokens>().SeedAsync(request.Cancel);
        var desk = request.Service<InvitationDesk>();
        var created = await request.Service<OrganizationSetup>().CreateAsync(
            request.Actor, new NewOrganization(slug, name, zone, mode, tiers, domains, [], []), body.Idempotency, request.Cancel,
            email is null ? null : async (scope, made) => (await desk.InviteOwnerAsync(scope, made, email, seed)).Error);
        if (!created.Try(out var organization, out error)) return error;
        var pending = await request.Service<IDatabase>().ReadAsync(
            session => request.Service<IInvitationStore>().PendingOwnersAsync(session, organization.Id), request.Cancel);
        var form = OrganizationForm.ToApi(organization, domains, await SeatEndpoints.TiersAsync(request, organization.Id)) with
        {
            OwnerInvitation = pending is [var invitation, ..] ? await InvitationEndpoints.FormAsync(request, invitation) : null,
        };
        return new RestReply(201, form, Location: $"{request.Service<PublicUrl>().Root(request.Context.Request)}/v1/organizations/{organization.Slug}");
    }

    private static async Task<Outcome<RestReply>> ListAsync(RestRequest request)
    {
        if (!request.Limit().Try(out var limit, out var error)) return error;
        if (!Cursor.Read(request.Query("cursor"), 16).Try(out var after, out error)) return error;
        if (request.Query("include") is not (null or "usage")) return new InvalidValue("'include' must be usage.");
        var withUsage = request.Query("include") is not null;
        return await request.Service<IDatabase>().ReadAsync(async session =>
        {
            var page = await request.Service<IOrganizationStore>().ListAsync(session, after, limit);
            var forms = withUsage ? await WithUsageAsync(request, session, page.Items) : [.. page.Items.Select(item => OrganizationForm.ToApi(item))];
            return RestReply.Ok(new OrganizationsForm(forms, page.Next));
        }, request.Cancel);
    }

    /// <summary>Two queries for the whole page.</summary>
    private static async Task<IReadOnlyList<OrganizationForm>> WithUsageAsync(RestRequest request, Core.Journal.ISession session, IReadOnlyList<Organization> page)
    {
        var ids = page.Select(item => item.Id).ToList();
        var pools = await request.Service<ISeatStore>().PoolsOfAsync(session, ids);
        var members = await request.Service<IMemberStore>().CountAsync(session, ids);
        return
        [
            .. page.Select(item => OrganizationForm.ToApi(item, null, TierForm.ToApi([.. pools[item.Id]], Nobody)) with
            {
                MembersByState = Enum.GetValues<MemberState>().ToDictionary(
                    Words.Text, state => members.TryGetValue(item.Id, out var counted) ? counted.GetValueOrDefault(state) : 0),
            }),
        ];
    }

    private static async Task<Outcome<RestReply>> GetAsync(RestRequest request) =>
        new RestReply(200, await FormAsync(request, request.Organization), request.Organization.Version);

    private static async Task<Outcome<RestReply>> ChangeAsync(RestRequest request)
    {
        if (!request.Condition().Try(out var condition, out var error)) return error;
        if (!(await request.BodyAsync()).Try(out var body, out error)) return error;
        var name = body.Fields.OptionalText("name");
        var zone = body.Fields.OptionalText("billingZone");
        if (name is { } text && string.IsNullOrWhiteSpace(text)) body.Fields.Refuse("'name' must not be blank.");
        if (zone is not null && !TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _)) body.Fields.Refuse("'billingZone' must be an IANA time zone such as Europe/Paris.");
        if (body.Fields.Problem is { } problem) return problem;
        var changed = await request.Service<OrganizationChanges>().ChangeAsync(
            request.Organization.Id, request.Actor, "organization.changed", before => condition.Accepts(before.Version)
                ? before with { Name = name ?? before.Name, BillingZone = zone ?? before.BillingZone }
                : new VersionConflict($"The organisation was changed meanwhile; its version is \"{before.Version}\" now."), request.Cancel,
            refuse: request.Authority.IsOperator ? null : (session, before, after) => KeepZoneAsync(request, session, before, after));
        if (!changed.Try(out var organization, out error)) return error;
        return new RestReply(200, await FormAsync(request, organization), organization.Version);
    }

    /// <summary>Dates of the contract are dates of this zone (rule CON-5): another one would move the day on which a quote is priced.</summary>
    private static async Task<Error?> KeepZoneAsync(RestRequest request, Core.Journal.ISession session, Organization before, Organization after) =>
        after.BillingZone != before.BillingZone && await request.Service<IContractStore>().FindActiveAsync(session, before.Id) is not null
            ? new Forbidden("While there is a contract only the operator changes the billing zone.") : null;

    private static async Task<Outcome<RestReply>> SuspendAsync(RestRequest request)
    {
        if (!(await request.BodyAsync(mayBeEmpty: true)).Try(out var body, out var error)) return error;
        var suspended = body.Fields.OptionalFlag("suspended") ?? true;
        if (body.Fields.Problem is { } problem) return problem;
        var now = Instants.Now(request.Service<TimeProvider>());
        var changed = await request.Service<OrganizationChanges>().ChangeAsync(
            request.Organization.Id, request.Actor, suspended ? "organization.suspended" : "organization.restored",
            before => before with { SuspendedAt = suspended ? before.SuspendedAt ?? now : null }, request.Cancel, body.Idempotency);
        if (!changed.Try(out var organization, out error)) return error;
        return RestReply.Ok(await FormAsync(request, organization));
    }

    private static async Task<Outcome<RestReply>> SetSeatsAsync(RestRequest request)
    {
        if (!(await request.BodyAsync()).Try(out var body, out var error)) return error;
        var tiers = Tiers(body.Fields);
        if (body.Fields.Problem is { } problem) return problem;
        var set = await request.Service<SoldSeats>().SetAsync(request.Organization, request.Actor, tiers, request.Cancel);
        if (!set.IsOk) return set.Error;
        return RestReply.Ok(new SeatsForm(await SeatEndpoints.TiersAsync(request, request.Organization.Id)));
    }

    private static async Task<Outcome<RestReply>> SetDomainsAsync(RestRequest request)
    {
        if (!(await request.BodyAsync()).Try(out var body, out var error)) return error;
        if (!body.Fields.Has("domains")) body.Fields.Refuse($"'domains' is required: an array of at most {MostDomains} domain names.");
        var domains = Domains(body.Fields);
        if (body.Fields.Problem is { } problem) return problem;
        var set = await request.Service<OrganizationSetup>().SetDomainsAsync(request.Organization, request.Actor, domains, request.Cancel);
        return set.Select(verified => RestReply.Ok(new DomainsForm(verified)));
    }

    private static async Task<OrganizationForm> FormAsync(RestRequest request, Organization organization)
    {
        var domains = await request.Service<IDatabase>().ReadAsync(
            session => request.Service<IOrganizationStore>().VerifiedDomainsAsync(session, organization.Id), request.Cancel);
        return OrganizationForm.ToApi(organization, domains, await SeatEndpoints.TiersAsync(request, organization.Id));
    }

    private static List<TierSeats> Tiers(JsonFields fields)
    {
        var tiers = new List<TierSeats>();
        foreach (var tier in fields.Objects("tiers", MostTiers))
        {
            var code = tier.Text("tier", 64);
            var seats = new TierSeats(code, tier.Integer("rank", 0, 1_000_000), tier.Integer("purchased", 0, 10_000_000), tier.OptionalNode("features") ?? []);
            if (!TierCode().IsMatch(code)) tier.Refuse("'tier' must be 1 to 64 of a-z, 0-9, hyphen and underscore.");
            if (tiers.Exists(other => other.Tier == code)) tier.Refuse($"The tier {code} stands in 'tiers' twice.");
            if (tiers.Exists(other => other.Rank == seats.Rank)) tier.Refuse($"Two tiers have rank {seats.Rank}; the highest tier must be unambiguous.");
            fields.Check(tier);
            tiers.Add(seats);
        }
        return tiers;
    }

    private static List<string> Domains(JsonFields fields)
    {
        var domains = new List<string>();
        foreach (var text in fields.Texts("domains", MostDomains))
        {
            if (!DomainName.TryParse(text, out var domain)) fields.Refuse($"'domains' has something that is no domain name: {(text.Length <= 64 ? text : text[..64])}.");
            else if (!domains.Contains(domain)) domains.Add(domain);
        }
        return domains;
    }

    [GeneratedRegex(@"\A[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?\z")]
    private static partial Regex Slug();

    [GeneratedRegex(@"\A[a-z0-9_-]{1,64}\z")]
    private static partial Regex TierCode();
}
