using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Storage;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Core;

/// <summary>Whoever can write the database cannot change the audit trail unseen (domain.md section 11), and a person can be erased from it.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class AuditTamperingTests(string engine)
{
    private CoreStack stack = null!;
    private Organization org = null!;
    private JournalRows journal = null!;
    private IReadOnlyList<SealedRecord> records = null!;

    [SetUp]
    public async Task StartAsync()
    {
        stack = await CoreStack.StartOnAsync(engine);
        org = await stack.OrganizationAsync(ProvisioningMode.ScimAndJit, (CoreStack.Standard, 10, 1));
        journal = new JournalRows(stack);
        foreach (var name in (string[])["ada", "grace", "linus"]) await stack.PushAsync(org, $"{name}@{org.Slug}.example");
        await journal.SealAsync(org);
        records = await journal.SealedAsync(org);
        Assert.That((await journal.VerifyAsync(org)).Problem, Is.Null);
        Assert.That(records, Has.Count.GreaterThan(8));
    }

    [TearDown]
    public async Task StopAsync()
    {
        if (stack is not null) await stack.DisposeAsync();
    }

    [TestCase("action", "member.promoted")]
    [TestCase("actor_id", "somebody else")]
    [TestCase("target_id", "mem_other")]
    [TestCase("reason", "invented")]
    [TestCase("correlation_id", "c-other")]
    public async Task A_changed_field_shows_with_its_place(string column, string value)
    {
        await journal.ExecuteAsync($"UPDATE audit_records SET {column} = @p0 WHERE id = @p1", value, Id(4));
        await ExpectAsync(4, ChainFault.Changed);
    }

    [Test]
    public async Task A_changed_instant_shows_with_its_place()
    {
        await journal.ExecuteAsync("UPDATE audit_records SET at = at + 1 WHERE id = @p0", Id(1));
        await ExpectAsync(1, ChainFault.Changed);
    }

    [Test]
    public async Task A_removed_record_shows_with_its_place()
    {
        await journal.ExecuteAsync("DELETE FROM audit_records WHERE id = @p0", Id(5));
        await ExpectAsync(5, ChainFault.Removed);
    }

    [Test]
    public async Task Removed_last_records_show()
    {
        await journal.ExecuteAsync("DELETE FROM audit_records WHERE sequence > @p0", (long)records.Count - 2);
        await ExpectAsync(records.Count - 1, ChainFault.Removed);
    }

    [Test]
    public async Task Two_records_in_each_others_place_show()
    {
        var (one, other) = (records[2], records[5]);
        await journal.ExecuteAsync("UPDATE audit_records SET sequence = NULL WHERE id IN (@p0, @p1)", Id(3), Id(6));
        await journal.ExecuteAsync("UPDATE audit_records SET sequence = @p0, chain = @p1 WHERE id = @p2", other.Sequence, other.Chain, Id(3));
        await journal.ExecuteAsync("UPDATE audit_records SET sequence = @p0, chain = @p1 WHERE id = @p2", one.Sequence, one.Chain, Id(6));
        await ExpectAsync(3, ChainFault.Changed);
    }

    [Test]
    public async Task An_inserted_record_shows_with_its_place()
    {
        foreach (var record in records.Skip(4).Reverse())
            await journal.ExecuteAsync("UPDATE audit_records SET sequence = sequence + 1 WHERE id = @p0", JournalRows.Bytes(record.Record.Id));
        await journal.ExecuteAsync("UPDATE journal_heads SET audit_sequence = audit_sequence + 1");
        await InsertAsync(5, records[4].Chain);
        await ExpectAsync(5, ChainFault.Changed);
    }

    [Test]
    public async Task A_record_put_after_the_last_one_shows()
    {
        await InsertAsync(records.Count + 1, new byte[32]);
        await ExpectAsync(records.Count + 1, ChainFault.EndDiffers);
    }

    [Test]
    public async Task A_changed_detail_shows_with_its_place()
    {
        var place = WithDetail();
        await journal.ExecuteAsync("UPDATE audit_details SET after_state = @p0 WHERE audit_id = @p1", """{"role":"owner"}""", Id(place));
        await ExpectAsync(place, ChainFault.DetailChanged);
    }

    [Test]
    public async Task A_removed_detail_shows_with_its_place()
    {
        var place = WithDetail();
        await journal.ExecuteAsync("DELETE FROM audit_details WHERE audit_id = @p0", Id(place));
        await ExpectAsync(place, ChainFault.DetailRemoved);
    }

    [Test]
    public async Task A_detail_passed_off_as_erased_shows()
    {
        var place = WithDetail();
        await journal.ExecuteAsync(
            "UPDATE audit_details SET before_state = NULL, after_state = NULL, erased_by = @p0 WHERE audit_id = @p1", new byte[16], Id(place));
        await ExpectAsync(place, ChainFault.ErasureUnaccounted);
    }

    [Test]
    public async Task A_detail_hidden_behind_the_erasure_of_another_person_shows()
    {
        var ada = await RemovedAsync("ada");
        var place = records.First(record => record.Detail is not null && record.Record.Target.Kind == "member" && record.Record.Target.Id != ada.ToString()).Sequence;
        Assert.That((await ErasureOf().EraseAsync(org, CoreStack.Actor, ada, null, default)).Value, Is.GreaterThan(0));
        await journal.SealAsync(org);
        Assert.That((await journal.VerifyAsync(org)).Problem, Is.Null);
        await journal.ExecuteAsync(
            """
            UPDATE audit_details SET before_state = NULL, after_state = NULL,
                erased_by = (SELECT MIN(other.erased_by) FROM (SELECT erased_by FROM audit_details WHERE erased_by IS NOT NULL) other) WHERE audit_id = @p0
            """.Replace("MIN(other.erased_by)", engine == TestDatabase.PostgreSql ? "(array_agg(other.erased_by))[1]" : "MIN(other.erased_by)", StringComparison.Ordinal), Id(place));
        Assert.That((await journal.VerifyAsync(org)).Problem?.Fault, Is.EqualTo(ChainFault.ErasureUnaccounted));
    }

    [Test]
    public async Task A_trail_written_anew_from_the_start_shows_to_who_kept_an_earlier_link()
    {
        var kept = (await journal.VerifyAsync(org)).Last!;
        var chain = AuditChain.Start(org.Id);
        foreach (var record in records)
        {
            var forged = record.Sequence == 3 ? record.Record with { ActorId = "somebody else" } : record.Record;
            chain = AuditChain.Next(chain, record.Sequence, forged, record.DetailDigest);
            await journal.ExecuteAsync("UPDATE audit_records SET actor_id = @p0, chain = @p1 WHERE id = @p2", forged.ActorId, chain, Id(record.Sequence));
        }
        await journal.ExecuteAsync("UPDATE journal_heads SET chain = @p0", chain);
        Assert.That((await journal.VerifyAsync(org)).Problem, Is.Null, "without a link kept elsewhere nobody can tell");
        Assert.That((await journal.VerifyAsync(org, kept)).Problem, Is.EqualTo(new ChainProblem(
            kept.Sequence, ChainFault.AnchorDiffers, "The link is not the one that was expected: the trail up to here was rewritten.")));
    }

    [Test]
    public async Task A_removed_person_is_erased_and_the_trail_still_verifies()
    {
        await stack.SignInAsync(org, "idp-zoe", $"zoe@{org.Slug}.example"); // refused: no seat, no member; a record about the connection
        var zoe = (await stack.PushAsync(org, $"zoe@{org.Slug}.example")).Value;
        var other = (await stack.PushAsync(org, $"other@{org.Slug}.example")).Value;
        Assert.That(await MentioningAsync("zoe@"), Is.GreaterThan(2));
        Assert.That(await RefusalOf(zoe.Member!.Member.Id), Is.EqualTo("member_not_removed"));
        await stack.RemoveAsync(org, zoe.Member.Member.Id);
        Assert.That(await RefusalOf(zoe.Member.Member.Id), Is.EqualTo("managed_by_directory"));
        await stack.DeleteAsync(org, zoe.Entry.Id);
        await journal.SealAsync(org);
        var before = await journal.VerifyAsync(org);

        var erased = (await ErasureOf().EraseAsync(org, CoreStack.Actor, zoe.Member.Member.Id, null, default)).Value;
        Assert.That(erased, Is.GreaterThan(3));
        foreach (var (table, column) in ((string, string)[])[("audit_details", "before_state"), ("audit_details", "after_state"), ("outbox", "data"),
            ("members", "user_name"), ("members", "match_email"), ("directory_entries", "user_name"), ("directory_entries", "attributes"), ("seat_requests", "email")])
            Assert.That(await Books.CountAsync(stack, $"SELECT COUNT(*) FROM {table} WHERE {column} LIKE '%zoe@%'"), Is.Zero, $"{table}.{column}");
        Assert.That(await MentioningAsync("other@"), Is.GreaterThan(0), "nobody else is touched");
        Assert.That((await stack.FindAsync(org, other.Member!.Member.Id)).Member.UserName, Does.StartWith("other@"));

        var now = await journal.VerifyAsync(org);
        Assert.That((now.Problem, now.Erased), Is.EqualTo(((ChainProblem?)null, (long)erased)), "before the erasure itself is sealed");
        await journal.SealAsync(org);
        var last = await journal.VerifyAsync(org, before.Last);
        Assert.That((last.Problem, last.Erased), Is.EqualTo(((ChainProblem?)null, (long)erased)));
        Assert.That((await ErasureOf().EraseAsync(org, CoreStack.Actor, zoe.Member.Member.Id, null, default)).Value, Is.Zero, "a second time there is nothing left");
        await journal.SealAsync(org);
        Assert.That((await journal.VerifyAsync(org)).Records, Is.EqualTo(last.Records));
        await Books.CheckAsync(stack);
    }

    [Test]
    public async Task Erasing_a_person_called_like_a_tier_a_group_or_a_shared_mailbox_leaves_the_details_of_others()
    {
        var shared = $"desk@{org.Slug}.example";
        await stack.SignInAsync(org, "42", $"zoe@other-{org.Slug}.example"); // refused, with the subject that will be pushed for zoe
        await stack.SignInAsync(org, "else", $"else@other-{org.Slug}.example"); // refused, somebody else
        var zoe = (await stack.PushAsync(org, CoreStack.Content(CoreStack.Standard, externalId: "42", email: shared))).Value; // named as the tier is
        await stack.PushAsync(org, CoreStack.Content("two", email: shared));
        await stack.Groups.CreateAsync(org, CoreStack.Actor, GroupContent.Of(new JsonObject { ["displayName"] = CoreStack.Standard, ["externalId"] = "42" }), [], default);
        await stack.BuyAsync(org, (CoreStack.Standard, 10, 9));
        await stack.SignInAsync(org, "third", shared); // refused: whose address is it
        await stack.DeleteAsync(org, zoe.Entry.Id);
        await journal.SealAsync(org);
        Assert.That(await MentioningAsync("\"42\""), Is.GreaterThan(2));

        await ErasureOf().EraseAsync(org, CoreStack.Actor, zoe.Member!.Member.Id, null, default);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(await OfActionAsync("seats.purchased", CoreStack.Standard), Is.GreaterThan(0), "a tier is no person");
            Assert.That(await OfActionAsync("group.created", "42"), Is.EqualTo(1), "a group is no person");
            Assert.That(await OfActionAsync("sign_in.refused", shared), Is.EqualTo(1), "the mailbox is another member's too");
            Assert.That(await OfActionAsync("sign_in.refused", "else@other"), Is.EqualTo(1));
            Assert.That(await OfActionAsync("sign_in.refused", "zoe@other"), Is.Zero, "the subject names the person who was erased");
        }
        Assert.That((await journal.VerifyAsync(org)).Problem, Is.Null);
    }

    [Test]
    public async Task A_detail_erased_before_it_was_sealed_verifies_too()
    {
        var ada = await RemovedAsync("ada");
        Assert.That((await ErasureOf().EraseAsync(org, CoreStack.Actor, ada, null, default)).IsOk, Is.True);
        await journal.SealAsync(org);
        Assert.That((await journal.VerifyAsync(org)).Problem, Is.Null);
    }

    private MemberErasure ErasureOf() => new(stack.Database, stack.Members, new ErasureStore(), stack.Time);

    private async Task<string> RefusalOf(MemberId member) => ((Conflict)(await ErasureOf().EraseAsync(org, CoreStack.Actor, member, null, default)).Error!).Code;

    private Task<long> MentioningAsync(string text) =>
        Books.CountAsync(stack, $"SELECT COUNT(*) FROM audit_details WHERE before_state LIKE '%{text}%' OR after_state LIKE '%{text}%'");

    private Task<long> OfActionAsync(string action, string text) => Books.CountAsync(stack,
        $"SELECT COUNT(*) FROM audit_records a JOIN audit_details d ON d.audit_id = a.id WHERE a.action = '{action}' AND (d.before_state LIKE '%{text}%' OR d.after_state LIKE '%{text}%')");

    private async Task<MemberId> RemovedAsync(string name)
    {
        var (entry, member) = (await stack.Database.ReadAsync(async session =>
        {
            var found = (await stack.Members.FindByUserNameAsync(session, org.Id, $"{name}@{org.Slug}.example"))!;
            return (found.Entry!.Value, found.Member.Id);
        }, default));
        await stack.DeleteAsync(org, entry);
        return member;
    }

    private byte[] Id(long sequence) => JournalRows.Bytes(records[(int)sequence - 1].Record.Id);

    private long WithDetail() => records.First(record => record.Detail?.After is not null && record.Sequence > 2).Sequence;

    private Task<int> InsertAsync(long sequence, byte[] chain) => journal.ExecuteAsync(
        """
        INSERT INTO audit_records (id, organization_id, at, actor_kind, actor_id, channel, action, target_kind, target_id, reason, correlation_id, sequence, chain)
        VALUES (@p0, @p1, 1, 'job', 'forger', 'job', 'member.forged', 'member', 'mem', NULL, 'c', @p2, @p3)
        """, JournalRows.Bytes(Guid.Parse("7fffffff-0000-7000-8000-000000000001")), Ids.ToBytes(org.Id), sequence, chain);

    private async Task ExpectAsync(long sequence, ChainFault fault)
    {
        var problem = (await journal.VerifyAsync(org)).Problem;
        Assert.That((problem?.Sequence, problem?.Fault), Is.EqualTo(((long?)sequence, (ChainFault?)fault)), problem?.Detail);
    }
}
