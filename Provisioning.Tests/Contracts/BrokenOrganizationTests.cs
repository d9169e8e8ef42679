using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Organizations;
using Provisioning.Tests.Core;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Contracts;

/// <summary>One organisation whose rows cannot be read any more keeps no other from what time does to contracts.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class BrokenOrganizationTests(string engine) : ContractCore(engine)
{
    [Test]
    public async Task TIME_3_one_broken_organisation_keeps_no_other_from_reminders_and_renewal()
    {
        Desk.At("2026-01-01T09:00:00Z");
        var (before, broken, after) = (await SignedAsync(), await SignedAsync(), await SignedAsync());
        var rows = new JournalRows(Stack);
        await rows.ExecuteAsync("UPDATE organizations SET billing_zone = 'Nowhere/At_All' WHERE id = @p0", Ids.ToBytes(broken.Id));

        var failures = new List<Exception>();
        Desk.At("2026-12-10T09:00:00Z");
        await Desk.RunLeasedJobAsync(failures: failures);
        Assert.That(failures, Is.Not.Empty, "the reminder of the broken one");
        foreach (var org in (Organization[])[before, after]) Assert.That(await Stack.AuditAsync(org), Does.Contain("term.ending"));

        failures.Clear();
        Desk.At("2027-01-01T00:00:01Z");
        await Desk.RunLeasedJobAsync(failures: failures);
        Assert.That(failures, Is.Not.Empty, "the renewal of the broken one");
        foreach (var org in (Organization[])[before, after])
            Assert.That((await Desk.InvoicesAsync(org)).Select(invoice => invoice.Kind), Is.EqualTo((InvoiceKind[])[InvoiceKind.TermStart, InvoiceKind.Renewal]));

        await rows.ExecuteAsync("UPDATE organizations SET billing_zone = 'UTC' WHERE id = @p0", Ids.ToBytes(broken.Id));
        await Desk.RunLeasedJobAsync();
        Assert.That((await Desk.InvoicesAsync(broken)).Select(invoice => invoice.Kind), Does.Contain(InvoiceKind.Renewal), "mended, it is next");
    }

    [Test]
    public async Task TIME_3_one_broken_organisation_keeps_no_other_from_overdue_invoices()
    {
        Desk.At("2026-01-01T09:00:00Z");
        var (before, broken, after) = (await SignedAsync(), await SignedAsync(), await SignedAsync());
        var rows = new JournalRows(Stack);
        await rows.ExecuteAsync("UPDATE invoices SET currency = 'QQQ' WHERE organization_id = @p0", Ids.ToBytes(broken.Id));

        var failures = new List<Exception>();
        Desk.At("2026-02-05T09:00:00Z");
        await Desk.RunLeasedJobAsync(failures: failures);
        Assert.That(failures, Has.Count.EqualTo(1), "the invoice of the broken one");
        Assert.That((await StateAsync(before), await StateAsync(after)), Is.EqualTo((InvoiceState.Overdue, InvoiceState.Overdue)));

        await rows.ExecuteAsync("UPDATE invoices SET currency = 'USD' WHERE organization_id = @p0", Ids.ToBytes(broken.Id));
        Assert.That(await StateAsync(broken), Is.EqualTo(InvoiceState.Issued), "nothing of it was half done");
        await Desk.RunLeasedJobAsync();
        Assert.That(await StateAsync(broken), Is.EqualTo(InvoiceState.Overdue), "mended, it is next");
    }

    private async Task<InvoiceState> StateAsync(Organization organization) => (await Desk.InvoicesAsync(organization)).Single().State;

    private async Task<Organization> SignedAsync()
    {
        var org = await Desk.OrganizationAsync();
        ContractDesk.Ok(await Desk.SignAsync(org, ContractDesk.New("2026-01-01", 20)));
        return org;
    }
}
