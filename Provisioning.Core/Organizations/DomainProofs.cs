using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Organizations;

/// <summary>
/// Looks again for the records by which domains were verified: a domain that was sold or given up must not vouch for addresses for ever. A
/// record that is gone is told at once, and only after a grace is the domain lost; then it is as one that was given up (rule DOM-3).
/// </summary>
public sealed class DomainProofs(IDatabase database, IDomainStore domains, ITxtLookup txt, TimeProvider time)
{
    /// <summary>How often each is looked for.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromHours(24);

    /// <summary>How long a record may be missing.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromDays(14);

    /// <summary>Domains whose turn it is. One the operator vouched for has no record.</summary>
    public Task<IReadOnlyList<ClaimedDomain>> DueAsync(CancellationToken cancel) =>
        database.ReadAsync(session => domains.UncheckedSinceAsync(session, Instants.Now(time) - Interval, 100), cancel);

    /// <summary>Looks for one. No answer of a name server proves nothing, in either direction.</summary>
    public async Task<Outcome<Done>> CheckAsync(ClaimedDomain domain, Actor actor, Lease? lease, CancellationToken cancel)
    {
        bool? isThere = await txt.FindAsync(domain.Name, cancel) is { } records ? records.Contains(domain.Record!, StringComparer.Ordinal) : null;
        return await database.WriteAsync(new WriteUnit<Done>(Ids.New<UnitId>(time), "domain.check", actor, Instants.Now(time), async scope =>
        {
            if (await domains.FindAsync(scope.Session, domain.Organization, domain.Id) is not { State: DomainState.Verified } now || now.Token != domain.Token)
                return default(Done);
            var missing = isThere switch
            {
                true => null,
                false => now.ProofMissingSince ?? scope.Now,
                null => now.ProofMissingSince,
            };
            if (isThere == false && missing <= scope.Now - Grace)
            {
                if (await domains.LoseAsync(scope.Session, now)) Tell(scope, now, "domain.lost", null);
                return default(Done);
            }
            if (!await domains.SetCheckedAsync(scope.Session, now, missing, scope.Now)) throw new UnitConflictException("The domain was decided meanwhile.");
            if (missing is not null && now.ProofMissingSince is null) Tell(scope, now, "domain.proof_missing", missing + Grace);
            if (missing is null && now.ProofMissingSince is not null) Tell(scope, now, "domain.proof_found", null);
            return default(Done);
        }) { Organization = domain.Organization, Lease = lease }, cancel);
    }

    private static void Tell(UnitScope scope, ClaimedDomain domain, string what, DateTimeOffset? lostAt) =>
        scope.Record(domain.Organization, what, Target.Domain(domain.Id), domain.Describe(), new JsonObject
        {
            ["domain"] = domain.Name, ["record"] = domain.Record, ["lostAt"] = lostAt is { } at ? Instants.Text(at) : null,
        });
}
