using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Notifications;
using Provisioning.Core.Organizations;
using Provisioning.Core.Storage;
using Provisioning.Tests.Core;
using Provisioning.Tests.Spend;

namespace Provisioning.Tests.Notifications;

/// <summary>What owners and members are told by mail about credits, caps and invoices (rules NOTI-4, NOTI-5).</summary>
public sealed class SpendNoticesTests : CoreTests
{
    private readonly NotificationStore store = new();

    [Test]
    public async Task NOTI_5_owners_hear_that_credits_are_low_used_up_and_there_again_once_each()
    {
        var org = await OwnedAsync();
        var credits = new CreditSteps(Stack);
        Ok(await credits.GrantAsync(org, "10.00"));
        await credits.SettleAsync(org, null, "0", "9.50");
        await credits.SettleAsync(org, null, "0", "0.10");
        await credits.SettleAsync(org, null, "0", "1.00");
        Ok(await credits.GrantAsync(org, "10.00"));
        var mails = await MailsAsync(org);
        Assert.That(mails.Select(mail => mail.Kind), Is.EquivalentTo((NotificationKind[])
            [NotificationKind.UsageResumed, NotificationKind.CreditsLow, NotificationKind.CreditsExhausted, NotificationKind.UsageResumed]));
        Assert.That(Text(mails, NotificationKind.CreditsLow).Plain, Does.Contain("0.500000 of the credits of Acme are left"));
        Assert.That(Text(mails, NotificationKind.CreditsExhausted).Plain, Does.Contain("-0.600000"));
    }

    [Test]
    public async Task NOTI_4_NOTI_5_owners_hear_of_caps_of_all_and_of_a_tier_a_member_of_his_own()
    {
        var org = await OwnedAsync();
        var ada = (await Stack.MemberAsync(org, "ada@x.example")).Member.Id;
        JsonObject Facts(string scope, string? tier, string? member, int? percent = null) => new()
        {
            ["scope"] = scope, ["tier"] = tier, ["memberId"] = member, ["amount"] = "300.00", ["currency"] = "USD", ["period"] = "2026-03", ["percent"] = percent,
            ["spent"] = "225.000000",
        };
        await Stack.UnitAsync<Done>(scope =>
        {
            var target = new Target("cap", "tier/premium");
            scope.Record(org.Id, "usage.stopped", target, null, Facts("tier", "premium", null), "tier_cap");
            scope.Record(org.Id, "usage.stopped", target, null, Facts("individual", null, ada.ToString()), "individual_cap");
            scope.Record(org.Id, "usage.resumed", target, null, Facts("tier", "premium", ada.ToString()), "tier_cap");
            scope.Record(org.Id, "cap.threshold", target, null, Facts("individual", null, ada.ToString(), 75));
            scope.Record(org.Id, "cap.threshold", target, null, Facts("organisation", null, null, 75));
            scope.Record(org.Id, "cap.threshold", target, null, Facts("organisation", null, null, 100));
            return Task.FromResult<Outcome<Done>>(default(Done));
        }, org);
        var mails = await MailsAsync(org);
        var own = mails.Where(mail => mail.Recipient == ada).ToList();
        var owners = mails.Except(own).ToList();
        Assert.That(owners.Select(mail => mail.Kind), Is.EquivalentTo((NotificationKind[])[NotificationKind.UsageStopped, NotificationKind.CapThreshold]));
        Assert.That(Text(owners, NotificationKind.UsageStopped).Plain, Does.Contain("300.00 USD of the tier premium is reached for 2026-03"));
        Assert.That(Text(owners, NotificationKind.CapThreshold).Subject, Is.EqualTo("Acme: 75 % of a spending cap is spent"));
        Assert.That(own.Select(mail => mail.Kind), Is.EquivalentTo((NotificationKind[])
            [NotificationKind.UsageStopped, NotificationKind.UsageResumed, NotificationKind.CapThreshold]));
        var text = string.Join('\n', own.Select(mail => SpendMailTexts.ToMember(mail, "Acme").Plain));
        Assert.That(text, Does.Contain("Your cap of 300.00 USD is reached for 2026-03").And.Contain("You have spent 225.000000 of your cap of 300.00 USD")
            .And.Contain("because you are a member of Acme").And.Not.Contain("you own"));
    }

    [Test]
    public async Task NOTI_5_owners_hear_of_each_invoice_and_credit_note()
    {
        var org = await OwnedAsync();
        await Stack.UnitAsync<Done>(scope =>
        {
            foreach (var kind in (string[])["term_start", "credit_note"])
                scope.Record(org.Id, "invoice.issued", new Target("invoice", "inv_x"), null, new JsonObject
                {
                    ["kind"] = kind, ["number"] = "INV-2026-000007", ["total"] = "48000.00", ["currency"] = "USD", ["dueOn"] = "2026-01-31",
                });
            return Task.FromResult<Outcome<Done>>(default(Done));
        }, org);
        var texts = (await MailsAsync(org)).Select(mail => MailTexts.ToOwner(mail, "Acme", null, null).Plain).ToList();
        Assert.That(texts, Has.Count.EqualTo(2));
        Assert.That(texts, Has.One.Contains("Invoice INV-2026-000007 over 48000.00 USD was issued to Acme; it is due on 2026-01-31."));
        Assert.That(texts, Has.One.Contains("Credit note INV-2026-000007"));
    }

    private static MailText Text(IReadOnlyList<Notification> mails, NotificationKind kind) => MailTexts.ToOwner(mails.First(mail => mail.Kind == kind), "Acme", null, null);

    private async Task<Organization> OwnedAsync()
    {
        var org = await Stack.OrganizationAsync(ProvisioningMode.Scim, (Standard, 10, 100));
        await Stack.MemberAsync(org, "owner@x.example", Role.PrimaryOwner);
        return org;
    }

    private async Task<IReadOnlyList<Notification>> MailsAsync(Organization org)
    {
        var owners = new OwnerNotices(Stack.Database, store, Stack.Time);
        await new JournalRows(Stack, new SpendNotices(owners)).SealAsync(org);
        return (await Stack.Database.ReadAsync(session => store.ListAsync(session, org.Id, null, null, 100), default)).Items;
    }
}
