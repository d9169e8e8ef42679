using System.Globalization;
using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Organizations;
using Provisioning.Core.Spend;
using Provisioning.Core.Storage;
using Provisioning.Tests.Core;

namespace Provisioning.Tests.Spend;

/// <summary>The credit ledger over a core stack, and a look into its books.</summary>
internal sealed class CreditSteps(CoreStack stack)
{
    public CoreStack Stack { get; } = stack;
    public CreditStore Rows { get; } = new();
    public CreditLedger Ledger { get; } = new(new CreditStore(), stack.Time);

    /// <summary>6.50 of the currency.</summary>
    public static UsageCost Of(string amount) =>
        new((long)(decimal.Parse(amount, CultureInfo.InvariantCulture) * UsageCost.PerOne));

    public Task<Outcome<CreditLotId>> GrantAsync(Organization organization, string amount, int priority = 0, DateTimeOffset? expires = null)
    {
        var lot = new CreditLot(
            Ids.New<CreditLotId>(Stack.Time), organization.Id, CreditSource.Grant, null, Of(amount), UsageCost.Zero, priority, expires, Instants.Now(Stack.Time), null);
        return Stack.UnitAsync<CreditLotId>(async scope =>
        {
            await Rows.InsertLotAsync(scope.Session, lot);
            await Ledger.OpenAsync(scope, lot);
            return lot.Id;
        }, organization);
    }

    /// <summary>The hold; null when it was refused.</summary>
    public async Task<Guid?> HoldAsync(Organization organization, string amount, CreditRule rule = CreditRule.Estimate)
    {
        var hold = Ids.NewGuid(Stack.Time);
        var placed = await Stack.UnitAsync<bool>(async scope => await Ledger.HoldAsync(scope, organization.Id, hold, Of(amount), rule), organization);
        return placed.Value ? hold : null;
    }

    public Task SettleAsync(Organization organization, Guid? hold, string held, string actual) => Stack.UnitAsync<Done>(async scope =>
    {
        await Ledger.SettleAsync(scope, organization.Id, hold, Of(held), Of(actual));
        return default(Done);
    }, organization);

    public Task ReleaseAsync(Organization organization, Guid hold, string held) => Stack.UnitAsync<Done>(async scope =>
    {
        await Ledger.ReleaseAsync(scope, organization.Id, hold, Of(held));
        return default(Done);
    }, organization);

    public Task<Outcome<bool>> ExpireAsync(Organization organization) =>
        Stack.UnitAsync<bool>(async scope => await Ledger.ExpireAsync(scope, organization.Id), organization);

    public Task<CreditGround> GroundAsync(Organization organization) =>
        Stack.Database.ReadAsync(session => Rows.GroundAsync(session, organization.Id), default);

    /// <summary>Balance and what of it is held: 98.500000 (0.000000).</summary>
    public async Task<string> BalanceAsync(Organization organization)
    {
        var account = (await GroundAsync(organization)).Account;
        return $"{account.Balance} ({account.Held})";
    }

    /// <summary>
    /// Invariant I-10 over everything in the database: the balance of each account and lot is the sum of its entries, both sides of all
    /// accounts sum to zero, and the level is that of the balance.
    /// </summary>
    public async Task CheckAsync()
    {
        Assert.That(await Books.CountAsync(Stack,
            """
            SELECT COUNT(*) FROM credit_accounts a WHERE a.available <>
              COALESCE((SELECT SUM(t.amount) FROM credit_transfers t WHERE t.organization_id = a.organization_id AND t.to_place = 'credits'), 0)
              - COALESCE((SELECT SUM(t.amount) FROM credit_transfers t WHERE t.organization_id = a.organization_id AND t.from_place = 'credits'), 0)
            """), Is.Zero, "I-10: credits are the sum of their entries");
        Assert.That(await Books.CountAsync(Stack,
            """
            SELECT COUNT(*) FROM credit_accounts a WHERE a.held <>
              COALESCE((SELECT SUM(t.amount) FROM credit_transfers t WHERE t.organization_id = a.organization_id AND t.to_place = 'holds'), 0)
              - COALESCE((SELECT SUM(t.amount) FROM credit_transfers t WHERE t.organization_id = a.organization_id AND t.from_place = 'holds'), 0)
            """), Is.Zero, "I-10: holds are the sum of their entries");
        Assert.That(await Books.CountAsync(Stack,
            """
            SELECT COUNT(*) FROM credit_lots l WHERE l.remaining <>
              COALESCE((SELECT SUM(t.amount) FROM credit_transfers t WHERE t.to_lot = l.id), 0) - COALESCE((SELECT SUM(t.amount) FROM credit_transfers t WHERE t.from_lot = l.id), 0)
            """), Is.Zero, "I-10: what a lot has left is the sum of its entries");
        Assert.That(await Books.CountAsync(Stack, "SELECT COUNT(*) FROM credit_transfers t WHERE NOT EXISTS (SELECT 1 FROM credit_accounts a WHERE a.organization_id = t.organization_id)"),
            Is.Zero, "no journal without a balance");
        Assert.That(await Books.CountAsync(Stack, "SELECT COUNT(*) FROM credit_lots WHERE is_open <> CASE WHEN remaining > 0 THEN 1 ELSE 0 END"), Is.Zero);
        Assert.That(await Books.CountAsync(Stack,
            "SELECT COUNT(*) FROM credit_accounts WHERE CASE WHEN available + held > 0 THEN 1 ELSE 0 END <> CASE WHEN level <> 'exhausted' THEN 1 ELSE 0 END"), Is.Zero, "the level is that of the balance");
        Assert.That(await Books.CountAsync(Stack,
            "SELECT COUNT(*) FROM credit_accounts a WHERE a.available + a.held < 0 AND EXISTS (SELECT 1 FROM credit_lots l WHERE l.organization_id = a.organization_id AND l.remaining > 0)"),
            Is.Zero, "CRED-4: nothing is owed while a lot has something left");
    }
}
