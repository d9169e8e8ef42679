using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Directory;

/// <summary>Everything a new organisation starts with.</summary>
/// <param name="Secrets">Tokens whose secrets the caller made; the secrets are not kept.</param>
public sealed record NewOrganization(
    string Slug, string Name, string BillingZone, ProvisioningMode Mode, IReadOnlyList<TierSeats> Tiers, IReadOnlyList<string> Domains,
    IReadOnlyList<NewConnection> Connections, IReadOnlyList<NewToken> Tokens);

/// <summary>The operator's commands that make and change a whole organisation, each one unit.</summary>
public sealed class OrganizationSetup(
    IDatabase database, IOrganizationStore organizations, IConnectionStore connections, ITokenStore tokens, SeatEngine seats, TimeProvider time)
{
    /// <summary>An organisation with its tiers, verified domains, connections and tokens: all or nothing.</summary>
    /// <param name="also">What else belongs to the beginning, in the same unit: the first primary owner's invitation.</param>
    public Task<Outcome<Organization>> CreateAsync(
        Actor actor, NewOrganization wanted, Idempotency? idempotency, CancellationToken cancel,
        Func<UnitScope, Organization, Task<Error?>>? also = null)
    {
        var id = Ids.New<OrganizationId>(time);
        return database.WriteAsync(new WriteUnit<Organization>(
            idempotency?.Id ?? Ids.New<UnitId>(time), "organization.create", actor, Instants.Now(time), async scope =>
        {
            if (await organizations.FindAsync(scope.Session, wanted.Slug) is not null)
                return new Conflict("slug_taken", $"An organisation \"{wanted.Slug}\" exists already.");
            var organization = new Organization(
                id, wanted.Slug, wanted.Name, wanted.BillingZone, wanted.Mode, NoSeatPolicy.Waiting, false, null, scope.Now, 1);
            await organizations.InsertAsync(scope.Session, organization);
            scope.Note(id, "organization.created", Target.Organization(id), organization.Describe());
            if (wanted.Tiers.Count > 0 && await seats.SetPurchasedAsync(scope, id, wanted.Tiers) is { IsOk: false, Error: { } refused }) return refused;
            if (await SetDomainsAsync(scope, organization, wanted.Domains) is { } taken) return taken;
            foreach (var connection in wanted.Connections)
                await connections.InsertAsync(scope.Session, connection.For(id, time));
            foreach (var token in wanted.Tokens)
                await tokens.InsertAsync(scope.Session, token.For(id, time), TokenSecret.Hash(token.Secret));
            if (also is not null && await also(scope, organization) is { } error) return error;
            return organization;
        }) { RequestHash = idempotency?.RequestHash }, cancel);
    }

    /// <summary>Makes exactly these the verified domains (the operator vouches for them); 409 domain_taken by invariant I-1.</summary>
    public Task<Outcome<IReadOnlyList<string>>> SetDomainsAsync(
        Organization organization, Actor actor, IReadOnlyList<string> domains, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<IReadOnlyList<string>>(Ids.New<UnitId>(time), "domains.set", actor, Instants.Now(time), async scope =>
            await SetDomainsAsync(scope, organization, domains) is { } error
                ? error
                : Outcome.Of(await organizations.VerifiedDomainsAsync(scope.Session, organization.Id))) { Organization = organization.Id }, cancel);

    private async Task<Error?> SetDomainsAsync(UnitScope scope, Organization organization, IReadOnlyList<string> wanted)
    {
        var current = await organizations.VerifiedDomainsAsync(scope.Session, organization.Id);
        foreach (var domain in wanted.Except(current))
        {
            if (await organizations.DomainOwnerAsync(scope.Session, domain) is not null)
                return new Conflict("domain_taken", $"The domain {domain} is verified by another organisation.");
            await organizations.InsertVerifiedDomainAsync(scope.Session, Ids.New<DomainId>(time), organization.Id, domain, scope.Now);
            scope.Note(organization.Id, "domain.verified", Target.Organization(organization.Id), new JsonObject { ["domain"] = domain });
        }
        foreach (var domain in current.Except(wanted))
        {
            await organizations.RemoveDomainAsync(scope.Session, organization.Id, domain);
            scope.Note(organization.Id, "domain.removed", Target.Organization(organization.Id), new JsonObject { ["domain"] = domain });
        }
        return null;
    }
}
