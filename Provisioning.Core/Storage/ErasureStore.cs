using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Storage;

/// <summary>Finds and empties what is kept of a person.</summary>
public sealed class ErasureStore : IErasureStore
{
    private const int Chunk = 500;

    public async Task<PersonTraces> TracesAsync(ISession session, OrganizationId organization, MemberId member)
    {
        var sql = SqlSession.Of(session);
        var parameters = new { organization = Ids.ToBytes(organization), member = Ids.ToBytes(member) };
        var people = await sql.QueryAsync<PersonRow>("SELECT user_name, match_email FROM members WHERE id = @member AND organization_id = @organization", parameters);
        var entries = await sql.QueryAsync<EntryRow>(
            "SELECT id, user_name, external_id, deleted_at FROM directory_entries WHERE member_id = @member AND organization_id = @organization", parameters);
        var identities = await sql.QueryAsync<IdentityRow>("SELECT connection_id, subject FROM member_identities WHERE member_id = @member AND organization_id = @organization", parameters);
        var addresses = people.SelectMany(person => (string?[])[person.User_Name, person.Match_Email]).Concat(entries.Select(entry => entry.User_Name))
            .Select(name => EmailAddress.TryParse(name, out var address) ? address : null).OfType<EmailAddress>().DistinctBy(address => address.Normalized).ToList();
        return new PersonTraces(
            [member.ToString(), .. entries.Select(entry => Rows.Id<ResourceId>(entry.Id).ToString())],
            new PersonNames(
                await WithoutSharedAsync(sql, organization, member, addresses), entries.Select(entry => entry.External_Id).OfType<string>().ToHashSet(StringComparer.Ordinal),
                identities.Select(identity => (Rows.Id<ConnectionId>(identity.Connection_Id).ToString(), identity.Subject)).ToHashSet()),
            entries.Any(entry => entry.Deleted_At is null));
    }

    /// <summary>Without what somebody who is still there is called too: a shared mailbox, or the same person in again as a new member.</summary>
    private static async Task<IReadOnlyList<EmailAddress>> WithoutSharedAsync(
        SqlSession sql, OrganizationId organization, MemberId member, List<EmailAddress> addresses)
    {
        if (addresses.Count == 0) return addresses;
        var rows = await sql.QueryAsync<PersonRow>(
            """
            SELECT user_name, match_email FROM members
            WHERE organization_id = @organization AND id <> @member AND state <> 'removed' AND (user_name_key IN @keys OR match_email_key IN @keys)
            """, new { organization = Ids.ToBytes(organization), member = Ids.ToBytes(member), keys = addresses.Select(address => address.Key).ToList() });
        var shared = rows.SelectMany(person => (string?[])[person.User_Name, person.Match_Email])
            .Select(name => EmailAddress.TryParse(name, out var address) ? address.Normalized : null).ToHashSet();
        return [.. addresses.Where(address => !shared.Contains(address.Normalized))];
    }

    public async Task<IReadOnlyList<MentionCandidate>> CandidatesAsync(ISession session, OrganizationId organization, Guid? after, int limit)
    {
        var sql = SqlSession.Of(session);
        var rows = await sql.QueryAsync<CandidateRow>(
            $"""
            SELECT a.id, a.target_id, d.before_state, d.after_state FROM audit_records a JOIN audit_details d ON d.audit_id = a.id
            WHERE a.organization_id = @organization AND a.id > @after AND d.erased_by IS NULL AND a.target_kind NOT IN ('member', 'user')
            ORDER BY a.id {sql.Dialect.Page}
            """, new { organization = Ids.ToBytes(organization), after = (after ?? Guid.Empty).ToByteArray(bigEndian: true), limit, offset = 0 });
        return [.. rows.Select(row => new MentionCandidate(new Guid(row.Id, bigEndian: true), row.Target_Id, row.Before_State, row.After_State))];
    }

    public async Task<IReadOnlyList<Guid>> RecordsAboutAsync(ISession session, OrganizationId organization, IReadOnlyList<string> targets) =>
        [.. (await SqlSession.Of(session).QueryAsync<byte[]>(
            """
            SELECT a.id FROM audit_records a JOIN audit_details d ON d.audit_id = a.id
            WHERE a.organization_id = @organization AND a.target_id IN @targets AND a.action <> @erasure AND d.erased_by IS NULL
            """, new { organization = Ids.ToBytes(organization), targets, erasure = Erasure.Action })).Select(id => new Guid(id, bigEndian: true))];

    public async Task<IReadOnlyList<Guid>> EraseDetailsAsync(
        ISession session, OrganizationId organization, IReadOnlyCollection<Guid> records, Guid erasure)
    {
        var sql = SqlSession.Of(session);
        var by = erasure.ToByteArray(bigEndian: true);
        foreach (var chunk in records.Chunk(Chunk))
        {
            var parameters = new { ids = chunk.Select(id => id.ToByteArray(bigEndian: true)), by, none = new byte[16] };
            await sql.ExecuteAsync(
                "UPDATE audit_details SET before_state = NULL, after_state = NULL, salt = @none, erased_by = @by WHERE erased_by IS NULL AND audit_id IN @ids", parameters);
            await sql.ExecuteAsync("""UPDATE outbox SET data = '{"erased":true}' WHERE id IN @ids""", parameters);
        }
        return [.. (await sql.QueryAsync<byte[]>("SELECT audit_id FROM audit_details WHERE erased_by IS NOT NULL AND erased_by = @by", new { by }))
            .Select(id => new Guid(id, bigEndian: true))];
    }

    public async Task<bool> ErasePersonAsync(ISession session, OrganizationId organization, MemberId member, IReadOnlyList<EmailAddress> addresses)
    {
        var sql = SqlSession.Of(session);
        var name = ErasedName(member);
        var parameters = new
        {
            organization = Ids.ToBytes(organization), member = Ids.ToBytes(member), name, key = TextKey.Fold(name),
            keys = addresses.Select(address => address.Key).ToList(), texts = addresses.SelectMany(address => (string[])[address.Text, address.Normalized]).Distinct().ToList(),
        };
        var changed = await sql.ExecuteAsync(
            """
            UPDATE members SET user_name = @name, user_name_key = @key, match_email = NULL, match_email_key = NULL, proven_email_key = NULL, display_name = NULL,
                last_sign_in_on = NULL, version = version + 1
            WHERE id = @member AND organization_id = @organization AND state = 'removed' AND user_name <> @name
            """, parameters);
        changed += await sql.ExecuteAsync("DELETE FROM member_identities WHERE organization_id = @organization AND member_id = @member", parameters);
        await sql.ExecuteAsync(
            """
            UPDATE directory_entries SET user_name = @name, user_name_key = @key, external_id = NULL, external_id_key = NULL, attributes = '{}'
            WHERE organization_id = @organization AND member_id = @member AND deleted_at IS NOT NULL
            """, parameters);
        await sql.ExecuteAsync("DELETE FROM sign_in_sessions WHERE organization_id = @organization AND member_id = @member", parameters);
        await sql.ExecuteAsync("DELETE FROM link_confirmations WHERE organization_id = @organization AND member_id = @member", parameters);
        await sql.ExecuteAsync("UPDATE cap_requests SET reason = NULL WHERE organization_id = @organization AND member_id = @member", parameters);
        // What a mail server answered may name the address.
        await sql.ExecuteAsync(
            "UPDATE notifications SET address = NULL, error = NULL WHERE organization_id = @organization AND (member_id = @member OR address IN @texts)", parameters);
        await sql.ExecuteAsync(
            """
            UPDATE invitations SET email = @name, email_key = @key
            WHERE organization_id = @organization AND state <> 'pending' AND (member_id = @member OR (member_id IS NULL AND email_key IN @keys))
            """, parameters);
        await sql.ExecuteAsync("DELETE FROM seat_requests WHERE organization_id = @organization AND email_key IN @keys", parameters);
        await sql.ExecuteAsync("UPDATE provisioning_previews SET shown = '' WHERE organization_id = @organization AND shown <> ''", parameters);
        return changed > 0;
    }

    private static string ErasedName(MemberId member) => "erased-" + member;

    private sealed record PersonRow(string User_Name, string? Match_Email);

    private sealed record EntryRow(byte[] Id, string User_Name, string? External_Id, long? Deleted_At);

    private sealed record IdentityRow(byte[] Connection_Id, string Subject);

    private sealed record CandidateRow(byte[] Id, string Target_Id, string? Before_State, string? After_State);
}
