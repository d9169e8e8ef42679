using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;

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
        var subjects = await sql.QueryAsync<string>("SELECT subject FROM member_identities WHERE member_id = @member AND organization_id = @organization", parameters);
        var erased = ErasedName(member);
        var names = people.SelectMany(person => (string?[])[person.User_Name, person.Match_Email])
            .Concat(entries.SelectMany(entry => (string?[])[entry.User_Name, entry.External_Id])).Concat(subjects)
            .OfType<string>().Where(name => name != erased).Distinct(StringComparer.Ordinal).ToList();
        return new PersonTraces(
            [member.ToString(), .. entries.Select(entry => Rows.Id<ResourceId>(entry.Id).ToString())], names, entries.Any(entry => entry.Deleted_At is null));
    }

    public async Task<IReadOnlyList<MentionCandidate>> CandidatesAsync(ISession session, OrganizationId organization, Guid? after, int limit)
    {
        var sql = SqlSession.Of(session);
        var rows = await sql.QueryAsync<CandidateRow>(
            $"""
            SELECT a.id, d.before_state, d.after_state FROM audit_records a JOIN audit_details d ON d.audit_id = a.id
            WHERE a.organization_id = @organization AND a.id > @after AND d.erased_by IS NULL AND a.target_kind NOT IN ('member', 'user')
            ORDER BY a.id {sql.Dialect.Page}
            """, new { organization = Ids.ToBytes(organization), after = (after ?? Guid.Empty).ToByteArray(bigEndian: true), limit, offset = 0 });
        return [.. rows.Select(row => new MentionCandidate(new Guid(row.Id, bigEndian: true), row.Before_State, row.After_State))];
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

    public async Task<bool> ErasePersonAsync(ISession session, OrganizationId organization, MemberId member, IReadOnlyList<string> names)
    {
        var sql = SqlSession.Of(session);
        var name = ErasedName(member);
        var parameters = new
        {
            organization = Ids.ToBytes(organization), member = Ids.ToBytes(member), name, key = TextKey.Fold(name),
        };
        var known = new { parameters.organization, parameters.member, parameters.name, parameters.key, names = names.Select(TextKey.Fold).ToList() };
        var changed = await sql.ExecuteAsync(
            """
            UPDATE members SET user_name = @name, user_name_key = @key, match_email = NULL, match_email_key = NULL, display_name = NULL,
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
        await sql.ExecuteAsync("UPDATE notifications SET address = NULL WHERE organization_id = @organization AND (member_id = @member OR address IN @names)",
            new { parameters.organization, parameters.member, names });
        await sql.ExecuteAsync(
            """
            UPDATE invitations SET email = @name, email_key = @key
            WHERE organization_id = @organization AND state <> 'pending' AND (member_id = @member OR email_key IN @names)
            """, known);
        await sql.ExecuteAsync("DELETE FROM seat_requests WHERE organization_id = @organization AND email_key IN @names", new { parameters.organization, known.names });
        return changed > 0;
    }

    private static string ErasedName(MemberId member) => "erased-" + member;

    private sealed record PersonRow(string User_Name, string? Match_Email);

    private sealed record EntryRow(byte[] Id, string User_Name, string? External_Id, long? Deleted_At);

    private sealed record CandidateRow(byte[] Id, string? Before_State, string? After_State);
}
