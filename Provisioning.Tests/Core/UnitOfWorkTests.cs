using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Tests.Core;

/// <summary>Units of work on the one writer: they share commits and nothing else (design D2, I-11, I-13).</summary>
public sealed class UnitOfWorkTests : CoreTests
{
    [Test]
    public async Task A_failing_unit_does_not_hurt_its_neighbours()
    {
        var org = await Stack.ScimAsync(standard: 100);
        var units = Enumerable.Range(0, 60).Select(async i =>
        {
            if (i % 3 != 1) return (await Stack.PushAsync(org, $"u{i}")).IsOk;
            try
            {
                await Stack.UnitAsync<int>(async scope =>
                {
                    await Stack.Organizations.InsertVerifiedDomainAsync(scope.Session, Ids.New<DomainId>(Stack.Time), org.Id, $"d{i}.example", scope.Now);
                    throw new InvalidOperationException("a bug");
                });
                return true;
            }
            catch (InvalidOperationException)
            {
                return false;
            }
        });
        Assert.That((await Task.WhenAll(units)).Count(done => done), Is.EqualTo(40));
        Assert.That(await Books.CountAsync(Stack, "SELECT COUNT(*) FROM domains WHERE name LIKE 'd%'"), Is.Zero);
    }

    [Test]
    public async Task A_refused_unit_keeps_its_refusal_and_nothing_else()
    {
        var org = await Stack.ScimAsync();
        var refused = await Stack.UnitAsync<int>(async scope =>
        {
            await Stack.Organizations.InsertVerifiedDomainAsync(scope.Session, Ids.New<DomainId>(Stack.Time), org.Id, "new.example", scope.Now);
            scope.Record(org.Id, "test.changed", Target.Organization(org.Id), null, null);
            scope.Refuse(org.Id, "seat.refused", Target.Organization(org.Id), new JsonObject(), "seat_unavailable");
            scope.KeepOnRefusal(() => Stack.Requests.RecordAsync(scope.Session, org.Id, "a@b.example", scope.Now));
            return new Forbidden("no");
        });
        Refused<Forbidden, int>(refused);
        Assert.That(await Stack.AuditAsync(org), Does.Contain("seat.refused").And.Not.Contain("test.changed"));
        var domains = await Stack.Database.ReadAsync(session => Stack.Organizations.VerifiedDomainsAsync(session, org.Id), default);
        Assert.That(domains, Does.Not.Contain("new.example"));
        Assert.That((await Stack.Database.ReadAsync(session => Stack.Requests.ListAsync(session, org.Id, null, 10), default)).Items, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_key_conflict_runs_the_unit_again_so_that_it_finds_what_is_there()
    {
        var org = await Stack.ScimAsync();
        var runs = 0;
        var done = await Stack.UnitAsync<int>(async scope =>
        {
            // The first attempt looks too early, as a node of another process would.
            if (++runs == 1) await Stack.Organizations.InsertVerifiedDomainAsync(scope.Session, Ids.New<DomainId>(Stack.Time), org.Id, org.Slug + ".example", scope.Now);
            return runs;
        });
        Assert.That(Ok(done), Is.EqualTo(2));
    }

    [Test]
    public async Task I_13_an_idempotency_key_answers_the_same_request_again_and_refuses_another()
    {
        var first = Idempotency.Of("operator", "key-1", "body"u8);
        var created = Ok(await Stack.Setup.CreateAsync(CoreStack.Actor, Wanted("acme", 5), first, default));
        var replayed = Ok(await Stack.Setup.CreateAsync(CoreStack.Actor, Wanted("acme", 5), first, default));
        Assert.That(replayed, Is.EqualTo(created));
        var other = Refused<Unprocessable, Organization>(
            await Stack.Setup.CreateAsync(CoreStack.Actor, Wanted("acme", 6), Idempotency.Of("operator", "key-1", "other body"u8), default));
        Assert.That(other.Code, Is.EqualTo("idempotency_key_reused"));
        Refused<Conflict, Organization>(await Stack.Setup.CreateAsync(CoreStack.Actor, Wanted("acme", 5), Idempotency.Of("somebody else", "key-1", "body"u8), default));
    }

    [Test]
    public async Task I_13_a_remembered_answer_reads_back_equal_whatever_its_type()
    {
        var org = await Stack.ScimAsync(standard: 1, premium: 1);
        var a = Ok(await Stack.PushAsync(org, "a")).Member!.Member.Id;
        var b = Ok(await Stack.PushAsync(org, "b")).Member!.Member.Id;
        var swap = Idempotency.Of("t", "swap", "1"u8);
        IReadOnlyList<SeatChange> changes = [new(a, Standard), new(b, Premium)];
        var swapped = Ok(await Stack.Administration.SwapAsync(org, CoreStack.Actor, new Authority(Role.Owner), changes, swap, default));
        Assert.That(Ok(await Stack.Administration.SwapAsync(org, CoreStack.Actor, new Authority(Role.Owner), changes, swap, default)), Is.EqualTo(swapped));

        var drain = Idempotency.Of("t", "drain", "1"u8);
        var drained = Ok(await Stack.Administration.DrainAsync(org.Id, CoreStack.Actor, drain, default));
        Assert.That(Ok(await Stack.Administration.DrainAsync(org.Id, CoreStack.Actor, drain, default)).StillWaiting, Is.EqualTo(drained.StillWaiting));

        var issue = Idempotency.Of("t", "token", "1"u8);
        var token = new NewToken(Door.Admin, Role.Admin, "t", null, TokenSecret.New(Door.Admin));
        var issued = Ok(await Stack.Credentials.IssueAsync(org, CoreStack.Actor, token, issue, default));
        var again = Ok(await Stack.Credentials.IssueAsync(org, CoreStack.Actor, token with { Secret = TokenSecret.New(Door.Admin) }, issue, default));
        Assert.That((again.Token, again.Replayed, issued.Replayed), Is.EqualTo((issued.Token, true, false)));

        var connect = Idempotency.Of("t", "connection", "1"u8);
        var connection = new NewConnection("second", ConnectionKind.Gateway, false, "sub");
        var connected = Ok(await Stack.Connections.ConnectAsync(org, CoreStack.Actor, connection, connect, default));
        Assert.That(Ok(await Stack.Connections.ConnectAsync(org, CoreStack.Actor, connection, connect, default)).Connection, Is.EqualTo(connected.Connection));
    }

    [Test]
    public async Task I_13_a_refusal_with_a_journal_is_remembered_under_its_key()
    {
        var org = await Stack.ScimAsync(standard: 0, premium: 0);
        var member = await Stack.MemberAsync(org, "m");
        var key = Idempotency.Of("t", "swap", "1"u8);
        IReadOnlyList<SeatChange> changes = [new(member.Member.Id, Standard)];
        var refused = Refused<SeatDenied, IReadOnlyList<SeatedMember>>(
            await Stack.Administration.SwapAsync(org, CoreStack.Actor, new Authority(Role.Owner), changes, key, default));
        var again = Refused<SeatDenied, IReadOnlyList<SeatedMember>>(
            await Stack.Administration.SwapAsync(org, CoreStack.Actor, new Authority(Role.Owner), changes, key, default));
        Assert.That((again.Tier, again.Detail, again.Tiers.Count), Is.EqualTo((refused.Tier, refused.Detail, refused.Tiers.Count)));
        Assert.That((await Stack.AuditAsync(org)).Count(action => action == "seat.refused"), Is.EqualTo(1));
    }

    [Test]
    public async Task Old_receipts_are_deleted_and_young_ones_stay()
    {
        await Stack.ScimAsync();
        Stack.Time.Advance(TimeSpan.FromDays(3));
        await Stack.ScimAsync();
        Assert.That(await Stack.Database.DeleteOldReceiptsAsync(CoreStack.Actor, null, default), Is.EqualTo(1));
        Assert.That(await Stack.Database.DeleteOldReceiptsAsync(CoreStack.Actor, null, default), Is.Zero);
    }

    [Test]
    public async Task A_cancelled_caller_is_told_so_and_the_writer_goes_on()
    {
        using var cancel = new CancellationTokenSource();
        await cancel.CancelAsync();
        var org = await Stack.ScimAsync();
        Assert.That(async () => await Stack.Users.CreateAsync(org, CoreStack.Actor, CoreStack.Content("gone"), cancel.Token), Throws.InstanceOf<OperationCanceledException>());
        Ok(await Stack.PushAsync(org, "there"));
    }

    private static NewOrganization Wanted(string slug, int seats) => new(
        slug, slug, "UTC", ProvisioningMode.Scim, [new TierSeats(Standard, 10, seats, [])], [slug + ".example"], [], []);
}
