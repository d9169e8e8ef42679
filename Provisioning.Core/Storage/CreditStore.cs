using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Journal;
using Provisioning.Core.Spend;

namespace Provisioning.Core.Storage;

/// <summary>The credit ledger in SQL.</summary>
public sealed class CreditStore : ICreditStore
{
    /// <summary>In place of an expiry: never.</summary>
    private const long Never = long.MaxValue;

    private const string AccountColumns = "a.organization_id, a.available, a.held, a.next_expiry, a.low_at, a.level";

    internal const string LotColumns =
        "l.id, l.organization_id, l.source, l.invoice_id, l.amount, l.remaining, l.priority, l.expires_at, l.created_at, l.opened_at";

    private static readonly string[] TransferColumns =
    [
        "organization_id", "journal_id", "line_no", "kind", "made_at", "from_place", "from_lot", "to_place", "to_lot", "amount", "subject_id", "reason",
    ];

    public async Task<bool> HoldAsync(ISession session, OrganizationId organization, UsageCost amount, UsageCost least, DateTimeOffset now) =>
        await SqlSession.Of(session).ExecuteAsync(
            """
            UPDATE credit_accounts SET available = available - @amount, held = held + @amount
            WHERE organization_id = @organization AND available > 0 AND available >= @least AND next_expiry > @now
            """,
            new { organization = Ids.ToBytes(organization), amount = amount.Narrow, least = least.Narrow, now = Instants.ToMicroseconds(now) }) == 1;

    public async Task<bool> SettleAsync(ISession session, OrganizationId organization, UsageCost held, UsageCost actual, UsageCost least)
    {
        var sql = SqlSession.Of(session);
        var parameters = new { organization = Ids.ToBytes(organization), held = held.Narrow, actual = actual.Narrow, least = least.Narrow };
        if (await sql.ExecuteAsync(
            """
            UPDATE credit_accounts SET available = available + @held - @actual, held = held - @held
            WHERE organization_id = @organization AND held >= @held AND available >= @least
            """, parameters) == 1) return true;
        if (await FindAsync(session, organization) is { } account && account.Available < least) return false;
        if (!held.IsZero) throw new InvalidOperationException("More credits are to be released than are held.");
        // Usage without credits. Two at once: a key conflict, and the second attempt finds the row.
        await InsertAsync(sql, CreditAccount.Empty(organization) with { Available = UsageCost.Zero - actual });
        return true;
    }

    public async Task<CreditAccount?> FindAsync(ISession session, OrganizationId organization) =>
        (await SqlSession.Of(session).FindAsync<AccountRow>(
            $"SELECT {AccountColumns} FROM credit_accounts a WHERE a.organization_id = @organization", new { organization = Ids.ToBytes(organization) }))?.ToAccount();

    public async Task<CreditAccount> LockAsync(ISession session, OrganizationId organization)
    {
        var sql = SqlSession.Of(session);
        if (await sql.ExecuteAsync("UPDATE credit_accounts SET held = held WHERE organization_id = @organization", new { organization = Ids.ToBytes(organization) }) == 0)
            await InsertAsync(sql, CreditAccount.Empty(organization));
        return (await FindAsync(session, organization))!;
    }

    public async Task<CreditGround> GroundAsync(ISession session, OrganizationId organization)
    {
        var rows = await SqlSession.Of(session).QueryAsync<GroundRow>(
            """
            SELECT a.available, a.held, a.next_expiry, a.low_at, a.level, l.id, l.source, l.invoice_id, l.amount, l.remaining, l.priority, l.expires_at,
                l.created_at, l.opened_at
            FROM credit_accounts a LEFT JOIN credit_lots l ON l.organization_id = a.organization_id AND l.is_open = 1
            WHERE a.organization_id = @organization ORDER BY l.priority, l.expires_at, l.id
            """, new { organization = Ids.ToBytes(organization) });
        return rows.Count == 0
            ? new CreditGround(CreditAccount.Empty(organization), [])
            : new CreditGround(rows[0].ToAccount(organization), [.. rows.Where(row => row.Id is not null).Select(row => row.ToLot(organization))]);
    }

    public async Task UpdateAsync(ISession session, CreditAccount before, CreditAccount after)
    {
        var written = await SqlSession.Of(session).ExecuteAsync(
            """
            UPDATE credit_accounts SET available = @after, next_expiry = @expiry, low_at = @low
            WHERE organization_id = @organization AND available = @before AND held = @held
            """,
            new
            {
                organization = Ids.ToBytes(after.Organization), before = before.Available.Narrow, after = after.Available.Narrow, held = before.Held.Narrow,
                expiry = Expiry(after.NextExpiry), low = after.LowAt.Narrow,
            });
        if (written != 1) throw new UnitConflictException("The credits were changed meanwhile.");
    }

    public Task SetLevelAsync(ISession session, OrganizationId organization, CreditLevel level) =>
        SqlSession.Of(session).ExecuteAsync(
            "UPDATE credit_accounts SET level = @level WHERE organization_id = @organization",
            new { organization = Ids.ToBytes(organization), level = Words.Text(level) });

    public async Task TakeAsync(ISession session, CreditLotId lot, UsageCost amount)
    {
        var taken = await SqlSession.Of(session).ExecuteAsync(
            """
            UPDATE credit_lots SET remaining = remaining - @amount, is_open = CASE WHEN remaining = @amount THEN 0 ELSE 1 END
            WHERE id = @lot AND remaining >= @amount
            """, new { lot = Ids.ToBytes(lot), amount = amount.Narrow });
        if (taken != 1) throw new UnitConflictException("The credits were drawn meanwhile.");
    }

    public Task InsertLotAsync(ISession session, CreditLot lot) =>
        SqlSession.Of(session).ExecuteAsync(
            """
            INSERT INTO credit_lots (id, organization_id, source, invoice_id, amount, remaining, priority, expires_at, is_open, created_at, opened_at)
            VALUES (@id, @organization, @source, @invoice, @amount, 0, @Priority, @expires, 0, @created, NULL)
            """,
            new
            {
                id = Ids.ToBytes(lot.Id), organization = Ids.ToBytes(lot.Organization), source = Words.Text(lot.Source),
                invoice = Rows.OptionalBytes(lot.Invoice), amount = lot.Amount.Narrow, lot.Priority, expires = Expiry(lot.ExpiresAt),
                created = Instants.ToMicroseconds(lot.CreatedAt),
            });

    public async Task OpenLotAsync(ISession session, CreditLot lot)
    {
        var opened = await SqlSession.Of(session).ExecuteAsync(
            "UPDATE credit_lots SET remaining = @remaining, is_open = @open, opened_at = @at WHERE id = @id AND opened_at IS NULL",
            new
            {
                id = Ids.ToBytes(lot.Id), remaining = lot.Remaining.Narrow, open = Rows.Flag(!lot.Remaining.IsZero), at = Rows.OptionalMicroseconds(lot.OpenedAt),
            });
        if (opened != 1) throw new UnitConflictException("The credits were opened meanwhile.");
    }

    public async Task<CreditLot?> FindLotAsync(ISession session, InvoiceId invoice) =>
        (await SqlSession.Of(session).FindAsync<CreditLotRow>(
            $"SELECT {LotColumns} FROM credit_lots l WHERE l.invoice_id = @invoice", new { invoice = Ids.ToBytes(invoice) }))?.ToLot();

    public async Task<UsageCost> UnpaidAsync(ISession session, OrganizationId organization) => new(
        await SqlSession.Of(session).ScalarAsync<long>(
            """
            SELECT COALESCE(SUM(l.amount), 0) FROM credit_lots l JOIN invoices i ON i.id = l.invoice_id
            WHERE l.organization_id = @organization AND l.opened_at IS NULL AND i.state IN ('issued', 'overdue')
            """, new { organization = Ids.ToBytes(organization) }));

    public async Task<IReadOnlyList<OrganizationId>> DueAsync(ISession session, DateTimeOffset now, int limit)
    {
        var sql = SqlSession.Of(session);
        return [.. (await sql.QueryAsync<DueRow>(
            $"""
            SELECT DISTINCT l.organization_id FROM credit_lots l JOIN credit_accounts a ON a.organization_id = l.organization_id
            WHERE l.is_open = 1 AND l.expires_at <= @now AND a.available > 0 ORDER BY l.organization_id {sql.Dialect.Page}
            """, new { now = Instants.ToMicroseconds(now), limit, offset = 0 })).Select(row => Rows.Id<OrganizationId>(row.Organization_Id))];
    }

    public Task InsertJournalAsync(ISession session, OrganizationId organization, CreditJournal journal)
    {
        var (of, id, kind, at) = (Ids.ToBytes(organization), Ids.ToBytes(journal.Id), Words.Text(journal.Kind), Instants.ToMicroseconds(journal.At));
        var subject = journal.Subject?.ToByteArray(bigEndian: true);
        return SqlSession.Of(session).InsertAsync("credit_transfers", TransferColumns, [.. journal.Transfers.Select((transfer, place) => (Transfer: transfer, No: place + 1))], line =>
        [
            of, id, line.No, kind, at, Words.Text(line.Transfer.From.Place), Rows.OptionalBytes(line.Transfer.From.Lot), Words.Text(line.Transfer.To.Place),
            Rows.OptionalBytes(line.Transfer.To.Lot), line.Transfer.Amount.Narrow, subject, journal.Reason,
        ]);
    }

    private static Task<int> InsertAsync(SqlSession sql, CreditAccount account) =>
        sql.ExecuteAsync(
            """
            INSERT INTO credit_accounts (organization_id, available, held, next_expiry, low_at, level)
            VALUES (@organization, @available, @held, @expiry, @low, @level)
            """,
            new
            {
                organization = Ids.ToBytes(account.Organization), available = account.Available.Narrow, held = account.Held.Narrow,
                expiry = Expiry(account.NextExpiry), low = account.LowAt.Narrow, level = Words.Text(account.Level),
            });

    private static long Expiry(DateTimeOffset? instant) => instant is { } value ? Instants.ToMicroseconds(value) : Never;

    internal static DateTimeOffset? ToExpiry(long microseconds) => microseconds == Never ? null : Instants.FromMicroseconds(microseconds);

    private sealed record DueRow(byte[] Organization_Id);

    private sealed record AccountRow(byte[] Organization_Id, long Available, long Held, long Next_Expiry, long Low_At, string Level)
    {
        public CreditAccount ToAccount() => new(
            Rows.Id<OrganizationId>(Organization_Id), new UsageCost(Available), new UsageCost(Held), ToExpiry(Next_Expiry), new UsageCost(Low_At),
            Words.Parse<CreditLevel>(Level));
    }

    private sealed record GroundRow(
        long Available, long Held, long Next_Expiry, long Low_At, string Level, byte[]? Id, string? Source, byte[]? Invoice_Id, long? Amount,
        long? Remaining, long? Priority, long? Expires_At, long? Created_At, long? Opened_At)
    {
        public CreditAccount ToAccount(OrganizationId organization) => new(
            organization, new UsageCost(Available), new UsageCost(Held), ToExpiry(Next_Expiry), new UsageCost(Low_At), Words.Parse<CreditLevel>(Level));

        public CreditLot ToLot(OrganizationId organization) => new(
            Rows.Id<CreditLotId>(Id!), organization, Words.Parse<CreditSource>(Source!), Rows.OptionalId<InvoiceId>(Invoice_Id), new UsageCost(Amount!.Value),
            new UsageCost(Remaining!.Value), (int)Priority!.Value, ToExpiry(Expires_At!.Value), Instants.FromMicroseconds(Created_At!.Value),
            Rows.OptionalInstant(Opened_At));
    }
}

/// <summary>A lot as kept.</summary>
internal sealed record CreditLotRow(
    byte[] Id, byte[] Organization_Id, string Source, byte[]? Invoice_Id, long Amount, long Remaining, long Priority, long Expires_At, long Created_At,
    long? Opened_At)
{
    public CreditLot ToLot() => new(
        Rows.Id<CreditLotId>(Id), Rows.Id<OrganizationId>(Organization_Id), Words.Parse<CreditSource>(Source), Rows.OptionalId<InvoiceId>(Invoice_Id),
        new UsageCost(Amount), new UsageCost(Remaining), (int)Priority, CreditStore.ToExpiry(Expires_At), Instants.FromMicroseconds(Created_At),
        Rows.OptionalInstant(Opened_At));
}
