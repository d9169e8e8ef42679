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

/// <summary>What owners are told by mail about credits and caps (rule NOTI-5).</summary>
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
    public async Task NOTI_5_a_cap_of_a_tier_or_of_all_is_told_by_mail_that_of_a_member_is_not()
    {
        var org = await OwnedAsync();
        JsonObject Facts(string scope, string? tier, string? member) => new()
        {
            ["scope"] = scope, ["tier"] = tier, ["memberId"] = member, ["amount"] = "300.00", ["currency"] = "USD", ["period"] = "2026-03",
        };
        await Stack.UnitAsync<Done>(scope =>
        {
            var target = new Target("cap", "tier/premium");
            scope.Record(org.Id, "usage.stopped", target, null, Facts("tier", "premium", null), "tier_cap");
            scope.Record(org.Id, "usage.stopped", target, null, Facts("individual", null, "mem_x"), "individual_cap");
            scope.Record(org.Id, "usage.stopped", target, null, Facts("tier", "premium", "mem_x"), "tier_cap");
            return Task.FromResult<Outcome<Done>>(default(Done));
        }, org);
        var mails = await MailsAsync(org);
        Assert.That(mails.Select(mail => mail.Kind), Is.EqualTo((NotificationKind[])[NotificationKind.UsageStopped]));
        Assert.That(Text(mails, NotificationKind.UsageStopped).Plain, Does.Contain("300.00 USD of the tier premium is reached for 2026-03"));
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
