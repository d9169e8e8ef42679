using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Notifications;
using Provisioning.Core.Organizations;
using Provisioning.Core.Storage;
using Provisioning.Tests.Core;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Notifications;

/// <summary>What becomes of a mail, with a clock that the test moves and a mail server at the port.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class MailDeliveryTests(string engine)
{
    private readonly NotificationStore store = new();
    private CoreStack stack = null!;
    private Organization org = null!;
    private MemberId owner;
    private Port port = null!;
    private MailDelivery delivery = null!;

    [SetUp]
    public async Task StartAsync()
    {
        stack = await CoreStack.StartOnAsync(engine);
        org = await stack.OrganizationAsync(ProvisioningMode.Scim, (CoreStack.Standard, 10, 2));
        owner = (await stack.MemberAsync(org, $"owner@{org.Slug}.example", Role.PrimaryOwner)).Member.Id;
        port = new Port();
        delivery = new MailDelivery(stack.Database, store, port, new SecretMails(new NoInvitations(), new NoLinks()), new DeliveryPolicy(new Backoff(TimeSpan.FromSeconds(5)), 3), new AdministrationPlace(null), stack.Time);
        await stack.PushAsync(org, $"last@{org.Slug}.example");
        await new JournalRows(stack, new OwnerNotices(stack.Database, store, stack.Time)).SealAsync(org);
    }

    [TearDown]
    public async Task StopAsync()
    {
        if (stack is not null) await stack.DisposeAsync();
    }

    [Test]
    public async Task A_mail_the_server_does_not_take_is_tried_three_times_and_then_failed()
    {
        port.Result = new MailResult(MailFault.Later, "smtp_452");
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            Assert.That(await SendDueAsync(), Is.True);
            stack.Time.Advance(TimeSpan.FromMinutes(5));
        }
        var mail = await OneAsync();
        Assert.That((mail.State, mail.Attempts, mail.Error, mail.Address), Is.EqualTo((NotificationState.Failed, 3, "smtp_452", (string?)null)));
        Assert.That(await delivery.DueAsync(default), Is.Empty);
    }

    [Test]
    public async Task A_server_that_is_away_costs_no_attempt_and_holds_the_others_back()
    {
        port.Result = new MailResult(MailFault.Unreachable, "no_connection");
        for (var i = 0; i < 10; i++)
        {
            Assert.That(await SendDueAsync(), Is.False);
            stack.Time.Advance(TimeSpan.FromHours(2));
        }
        Assert.That((await OneAsync()).State, Is.EqualTo(NotificationState.Pending));
        port.Result = new MailResult(MailFault.None, null);
        await SendDueAsync();
        var mail = await OneAsync();
        Assert.That((mail.State, mail.Attempts, mail.Address, mail.Error), Is.EqualTo((NotificationState.Sent, 1, $"owner@{org.Slug}.example", (string?)null)));
    }

    [Test]
    public async Task The_address_is_the_one_the_owner_has_when_the_mail_is_sent_and_none_when_the_owner_is_gone()
    {
        await new JournalRows(stack).ExecuteAsync("UPDATE members SET match_email = 'moved@new.example' WHERE id = @p0", Ids.ToBytes(owner));
        await SendDueAsync();
        Assert.That(port.Sent.Select(mail => mail.To), Is.EqualTo((string[])["moved@new.example"]));
        await new JournalRows(stack).ExecuteAsync("UPDATE notifications SET state = 'pending', due_at = 0");
        await new JournalRows(stack).ExecuteAsync("UPDATE members SET state = 'suspended', suspended_by = 'admin' WHERE id = @p0", Ids.ToBytes(owner));
        await SendDueAsync();
        Assert.That(port.Sent, Has.Count.EqualTo(1));
        Assert.That(((await OneAsync()).State, (await OneAsync()).Error), Is.EqualTo((NotificationState.Dropped, "no_address")));
    }

    [Test]
    public async Task INV_7_a_mail_about_an_invitation_that_is_over_is_not_sent()
    {
        await SendDueAsync();
        var before = port.Sent.Count;
        await stack.UnitAsync(scope =>
        {
            scope.Record(org.Id, "invitation.created", new Target("invitation", "inv_gone"), null, new System.Text.Json.Nodes.JsonObject { ["email"] = "new@x.example" });
            return Task.FromResult<Outcome<Done>>(default(Done));
        }, org);
        await new JournalRows(stack, new OwnerNotices(stack.Database, store, stack.Time)).SealAsync(org);
        await SendDueAsync();
        Assert.That(port.Sent, Has.Count.EqualTo(before));
        var mail = (await stack.Database.ReadAsync(session => store.ListAsync(session, org.Id, NotificationState.Dropped, null, 500), default)).Items.Single();
        Assert.That((mail.Kind, mail.Error), Is.EqualTo((NotificationKind.InvitationCreated, "not_needed")));
    }

    [Test]
    public async Task Without_a_mail_server_mails_are_dropped_and_not_kept_for_later()
    {
        port.IsConfigured = false;
        await SendDueAsync();
        Assert.That(((await OneAsync()).State, (await OneAsync()).Error), Is.EqualTo((NotificationState.Dropped, "no_mail_server")));
    }

    [Test]
    public async Task A_mail_that_cannot_be_made_waits_and_stands_in_front_of_no_other()
    {
        port.Fails = true;
        Assert.That(async () => await SendDueAsync(), Throws.InvalidOperationException);
        Assert.That(await delivery.DueAsync(default), Is.Empty);
        Assert.That(((await OneAsync()).State, (await OneAsync()).Error, (await OneAsync()).Attempts), Is.EqualTo((NotificationState.Pending, "internal_error", 1)));
    }

    private async Task<bool> SendDueAsync()
    {
        var reached = true;
        foreach (var notification in await delivery.DueAsync(default)) reached &= await delivery.SendAsync(notification, CoreStack.Actor, null, default);
        return reached;
    }

    private async Task<Notification> OneAsync() => (await stack.Database.ReadAsync(session => store.ListAsync(session, org.Id, null, null, 500), default)).Items.Single();

    private sealed class Port : IMailSender
    {
        public List<MailMessage> Sent { get; } = [];

        public bool IsConfigured { get; set; } = true;

        public bool Fails { get; set; }

        public MailResult Result { get; set; } = new(MailFault.None, null);

        public Task<MailResult> SendAsync(MailMessage message, CancellationToken cancel)
        {
            if (Fails) throw new NotSupportedException("a bug");
            Sent.Add(message);
            return Task.FromResult(Result);
        }
    }

    private sealed class NoLinks : IRecoveryMails
    {
        public Task<RecoveryMail?> FindAsync(OrganizationId organization, string link, CancellationToken cancel) => Task.FromResult<RecoveryMail?>(null);
    }

    private sealed class NoInvitations : IInvitationMails
    {
        public Task<InvitationMail?> FindAsync(OrganizationId organization, string invitation, CancellationToken cancel) => Task.FromResult<InvitationMail?>(null);
    }
}
