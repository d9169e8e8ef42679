using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Organizations;

/// <summary>A domain an organisation claims (rules DOM-1 to DOM-4).</summary>
/// <param name="Name">Lower-case A-label.</param>
/// <param name="Token">What the TXT record must say; null for a domain the operator vouched for. No secret.</param>
public sealed record ClaimedDomain(
    DomainId Id, OrganizationId Organization, string Name, DomainState State, string? Token, DateTimeOffset CreatedAt, DateTimeOffset? VerifiedAt)
{
    /// <summary>Since when a verified domain has been found without its record; null while it is there.</summary>
    public DateTimeOffset? ProofMissingSince { get; init; }

    /// <summary>The text of the TXT record at the root of the domain.</summary>
    public string? Record => Token is null ? null : "provisioning-verification=" + Token;

    internal JsonObject Describe() => new() { ["domain"] = Name, ["state"] = Words.Text(State) };
}

public enum DomainState { Pending, Verified, Removed }

/// <summary>Domains an organisation claims and has verified.</summary>
public interface IDomainStore
{
    /// <summary>The domain, unless removed.</summary>
    Task<ClaimedDomain?> FindAsync(ISession session, OrganizationId organization, DomainId id);

    /// <summary>The organisation's own claim of the name, unless removed.</summary>
    Task<ClaimedDomain?> FindByNameAsync(ISession session, OrganizationId organization, string name);

    /// <summary>By id, without removed ones.</summary>
    Task<Page<ClaimedDomain>> ListAsync(ISession session, OrganizationId organization, byte[]? after, int limit);

    /// <summary>A second pending claim of the organisation for the name is a key conflict.</summary>
    Task InsertAsync(ISession session, ClaimedDomain domain);

    /// <summary>Gives a pending claim a new token; false when it is not pending any more.</summary>
    Task<bool> SetTokenAsync(ISession session, DomainId id, string token, DateTimeOffset now);

    /// <summary>
    /// Makes a claim that is still pending with this token verified; false when it is not. Verified by another organisation is a key
    /// conflict (invariant I-1).
    /// </summary>
    Task<bool> VerifyAsync(ISession session, DomainId id, string token, DateTimeOffset now);

    /// <summary>Verified ones with a record of their own that nobody has looked for since then, the longest first.</summary>
    Task<IReadOnlyList<ClaimedDomain>> UncheckedSinceAsync(ISession session, DateTimeOffset before, int limit);

    /// <summary>Writes that somebody looked, and since when the record is missing; false when it is not verified by this token any more.</summary>
    Task<bool> SetCheckedAsync(ISession session, ClaimedDomain domain, DateTimeOffset? missingSince, DateTimeOffset now);

    /// <summary>Makes a verified domain pending again, with the same token; false when it is not verified by it any more.</summary>
    Task<bool> LoseAsync(ISession session, ClaimedDomain domain);

    /// <summary>False when it was removed already.</summary>
    Task<bool> RemoveAsync(ISession session, OrganizationId organization, DomainId id);
}

/// <summary>Asks the name servers for the TXT records of a name.</summary>
public interface ITxtLookup
{
    /// <summary>The texts, each record's strings joined; empty when there are none. Null when no server answered.</summary>
    Task<IReadOnlyList<string>?> FindAsync(string name, CancellationToken cancel);
}

/// <summary>Claims, proves and gives up domains (rules DOM-1 to DOM-3).</summary>
public sealed class DomainClaims(IDatabase database, IOrganizationStore organizations, IDomainStore domains, ITxtLookup txt, TimeProvider time)
{
    public Task<Page<ClaimedDomain>> ListAsync(Organization organization, byte[]? after, int limit, CancellationToken cancel) =>
        database.ReadAsync(session => domains.ListAsync(session, organization.Id, after, limit), cancel);

    /// <summary>Claims a name. Again: a new token, as long as it is not verified (rule DOM-2).</summary>
    public Task<Outcome<ClaimedDomain>> ClaimAsync(
        Organization organization, Actor actor, string name, Idempotency? idempotency, CancellationToken cancel)
    {
        var (id, token, now) = (Ids.New<DomainId>(time), NewToken(), Instants.Now(time));
        return database.WriteAsync(new WriteUnit<ClaimedDomain>(idempotency?.Id ?? Ids.New<UnitId>(time), "domain.claim", actor, now, async scope =>
        {
            if (await IsTakenAsync(scope.Session, organization, name)) return Taken(name);
            if (await domains.FindByNameAsync(scope.Session, organization.Id, name) is { } own)
            {
                if (own.State == DomainState.Verified) return own;
                if (!await domains.SetTokenAsync(scope.Session, own.Id, token, now)) throw new UnitConflictException("The claim was decided meanwhile.");
                scope.Note(organization.Id, "domain.claimed", Target.Domain(own.Id), own.Describe());
                return own with { Token = token, CreatedAt = now };
            }
            var claimed = new ClaimedDomain(id, organization.Id, name, DomainState.Pending, token, now, null);
            await domains.InsertAsync(scope.Session, claimed);
            scope.Note(organization.Id, "domain.claimed", Target.Domain(id), claimed.Describe());
            return claimed;
        }) { Organization = organization.Id, RequestHash = idempotency?.RequestHash }, cancel);
    }

    /// <summary>Looks for the record and, if it is there, makes the domain verified; nobody's access changes by it (rule DOM-2).</summary>
    public async Task<Outcome<ClaimedDomain>> VerifyAsync(
        Organization organization, Actor actor, DomainId id, Idempotency? idempotency, CancellationToken cancel)
    {
        var found = await database.ReadAsync(session => domains.FindAsync(session, organization.Id, id), cancel);
        if (found is null) return NoSuchDomain(id);
        if (found.State != DomainState.Verified)
        {
            var records = await txt.FindAsync(found.Name, cancel);
            if (records is null || !records.Contains(found.Record!, StringComparer.Ordinal)) return NotProven(found, records);
        }
        var now = Instants.Now(time);
        return await database.WriteAsync(new WriteUnit<ClaimedDomain>(idempotency?.Id ?? Ids.New<UnitId>(time), "domain.verify", actor, now, async scope =>
        {
            if (await domains.FindAsync(scope.Session, organization.Id, id) is not { } claimed) return NoSuchDomain(id);
            if (claimed.State == DomainState.Verified) return claimed;
            if (await IsTakenAsync(scope.Session, organization, claimed.Name)) return Taken(claimed.Name);
            if (!await domains.VerifyAsync(scope.Session, id, found.Token!, now))
                return new Unprocessable("domain_not_verified", "The domain was claimed again meanwhile, with a new token; publish the new record.");
            scope.Note(organization.Id, "domain.verified", Target.Domain(id), claimed.Describe());
            return claimed with { State = DomainState.Verified, VerifiedAt = now };
        }) { Organization = organization.Id, RequestHash = idempotency?.RequestHash }, cancel);
    }

    /// <summary>Members stay, and sign in by identity as before; nobody new comes in by it (rule DOM-3).</summary>
    public Task<Outcome<Done>> RemoveAsync(Organization organization, Actor actor, DomainId id, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<Done>(Ids.New<UnitId>(time), "domain.remove", actor, Instants.Now(time), async scope =>
        {
            if (await domains.FindAsync(scope.Session, organization.Id, id) is not { } claimed
                || !await domains.RemoveAsync(scope.Session, organization.Id, id)) return NoSuchDomain(id);
            scope.Note(organization.Id, "domain.removed", Target.Domain(id), claimed.Describe());
            return default(Done);
        }) { Organization = organization.Id }, cancel);

    private async Task<bool> IsTakenAsync(ISession session, Organization organization, string name) =>
        await organizations.DomainOwnerAsync(session, name) is { } owner && owner != organization.Id;

    /// <summary>128 random bits in hexadecimal: name servers keep case, people who copy it may not.</summary>
    private static string NewToken() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    private static Conflict Taken(string name) => new("domain_taken", $"The domain {name} is verified by another organisation.");

    private static NotFound NoSuchDomain(DomainId id) => new($"There is no domain {id}.");

    private static Unprocessable NotProven(ClaimedDomain domain, IReadOnlyList<string>? records) => new("domain_not_verified", records switch
    {
        null => $"No name server answered for {domain.Name}; try again later.",
        [] => $"{domain.Name} has no TXT record; publish one at its root that says exactly {domain.Record}",
        _ => $"None of the {records.Count} TXT records of {domain.Name} says exactly {domain.Record}",
    });
}
