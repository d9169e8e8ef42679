using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Directory;

/// <summary>What is known of a person beside the member row: by what others records may mention them.</summary>
/// <param name="Targets">The ids under which the journal speaks of the person: the member and its entries.</param>
/// <param name="IsInDirectory">An entry is there that is not deleted.</param>
public sealed record PersonTraces(IReadOnlyList<string> Targets, PersonNames Names, bool IsInDirectory);

/// <summary>What a person is called, by kind: a name counts only where a field holds names of that kind.</summary>
/// <param name="Addresses">Without those that another member of the organisation has too: records with them are that person's as well.</param>
/// <param name="ExternalIds">Exact, as pushed.</param>
/// <param name="Subjects">Exact, each with the id of its connection.</param>
public sealed record PersonNames(
    IReadOnlyList<EmailAddress> Addresses, IReadOnlySet<string> ExternalIds, IReadOnlySet<(string Connection, string Subject)> Subjects)
{
    private readonly HashSet<string> addresses = [.. Addresses.Select(address => address.Normalized)];

    public bool IsEmpty => Addresses.Count + ExternalIds.Count + Subjects.Count == 0;

    /// <summary>Whether a detail holds one of the names in a field that holds people.</summary>
    public bool AreIn(string? json, string target) => json is not null && AreIn(JsonNode.Parse(json), target);

    private bool AreIn(JsonNode? node, string target) => node switch
    {
        JsonObject item => item.Any(field => field.Value is JsonValue value ? value.TryGetValue<string>(out var text) && Is(field.Key, text, target) : AreIn(field.Value, target)),
        JsonArray items => items.Any(item => AreIn(item, target)),
        _ => false,
    };

    private bool Is(string field, string text, string target) => field switch
    {
        "email" or "userName" => IsAddress(text),
        "subject" => Subjects.Contains((target, text)) || ExternalIds.Contains(text) || IsAddress(text),
        _ => false,
    };

    private bool IsAddress(string text) => EmailAddress.TryParse(text, out var address) && addresses.Contains(address.Normalized);
}

/// <summary>The detail of a record that is not about the person, and may mention them all the same.</summary>
/// <param name="Target">The id of what the record is about.</param>
public sealed record MentionCandidate(Guid Record, string Target, string? Before, string? After);

/// <summary>What the erasure of a person reads and empties.</summary>
public interface IErasureStore
{
    Task<PersonTraces> TracesAsync(ISession session, OrganizationId organization, MemberId member);

    /// <summary>Details of records about no member and no user, in the order of ids, after <paramref name="after"/>.</summary>
    Task<IReadOnlyList<MentionCandidate>> CandidatesAsync(ISession session, OrganizationId organization, Guid? after, int limit);

    /// <summary>The records about these targets whose details are there, without those of erasures.</summary>
    Task<IReadOnlyList<Guid>> RecordsAboutAsync(ISession session, OrganizationId organization, IReadOnlyList<string> targets);

    /// <summary>Empties the details of the records and their events; answers the records whose details were there.</summary>
    Task<IReadOnlyList<Guid>> EraseDetailsAsync(ISession session, OrganizationId organization, IReadOnlyCollection<Guid> records, Guid erasure);

    /// <summary>
    /// Empties the member, its entries, identities, seat requests, and the previews of the organisation, which show people by name; the ids
    /// stay. False when there was nothing to empty.
    /// </summary>
    Task<bool> ErasePersonAsync(ISession session, OrganizationId organization, MemberId member, IReadOnlyList<EmailAddress> addresses);
}

/// <summary>
/// Erases a removed person: the personal data goes, the ids and what happened stay, and the audit trail still verifies (domain.md
/// section 11). Cannot be undone.
/// </summary>
public sealed class MemberErasure(IDatabase database, IMemberStore members, IErasureStore store, TimeProvider time)
{
    private const int PageSize = 1000;

    /// <summary>Answers how many details of the trail were emptied; a second time none.</summary>
    public async Task<Outcome<int>> EraseAsync(Organization organization, Actor actor, MemberId id, Idempotency? idempotency, CancellationToken cancel)
    {
        var traces = await database.ReadAsync(session => store.TracesAsync(session, organization.Id, id), cancel);
        var mentions = await MentionsAsync(organization.Id, traces.Names, cancel);
        var erasure = Ids.NewGuid(time);
        return await database.WriteAsync(new WriteUnit<int>(idempotency?.Id ?? Ids.New<UnitId>(time), "member.erase", actor, Instants.Now(time), async scope =>
        {
            if (await members.FindAsync(scope.Session, organization.Id, id) is not { } member) return new NotFound("There is no such member.");
            if (member.Member.State != MemberState.Removed) return new Conflict("member_not_removed", "Only a removed member can be erased; remove the member first.");
            var now = await store.TracesAsync(scope.Session, organization.Id, id);
            if (now.IsInDirectory)
                return new Conflict("managed_by_directory", "The identity provider still has this person; take them out there first, otherwise the next push would bring the data back.");
            var records = await store.RecordsAboutAsync(scope.Session, organization.Id, now.Targets);
            var emptied = await store.EraseDetailsAsync(scope.Session, organization.Id, [.. records.Concat(mentions).Distinct()], erasure);
            var changed = await store.ErasePersonAsync(scope.Session, organization.Id, id, now.Names.Addresses);
            if (emptied.Count > 0 || changed)
                scope.Record(organization.Id, Erasure.Action, Target.Member(id), null, new Erasure(erasure, emptied.Count, AuditChain.DigestOfErased(emptied)).Describe());
            return emptied.Count;
        }) { Organization = organization.Id, RequestHash = idempotency?.RequestHash }, cancel);
    }

    /// <summary>Records about something else, for example a refused sign-in, that hold one of the person's names.</summary>
    private async Task<List<Guid>> MentionsAsync(OrganizationId organization, PersonNames names, CancellationToken cancel)
    {
        var found = new List<Guid>();
        if (names.IsEmpty) return found;
        Guid? after = null;
        while (true)
        {
            var page = await database.ReadAsync(session => store.CandidatesAsync(session, organization, after, PageSize), cancel);
            found.AddRange(page.Where(candidate => names.AreIn(candidate.Before, candidate.Target) || names.AreIn(candidate.After, candidate.Target))
                .Select(candidate => candidate.Record));
            if (page.Count < PageSize) return found;
            after = page[^1].Record;
        }
    }
}
