using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Journal;
using Provisioning.Core.Spend;

namespace Provisioning.Core.Storage;

/// <summary>Invoices, their lines and counters in SQL.</summary>
public sealed class InvoiceStore : IInvoiceStore
{
    private const string Columns =
        """
        i.id, i.organization_id, i.contract_id, i.kind, i.state, i.number, i.issued_on, i.due_on, i.starts_on, i.ends_on, i.currency, i.total, i.credited,
        i.credits_id, i.seller, i.buyer, i.reason, i.paid_at, i.payment_reference, i.created_at, i.version
        """;

    private static readonly string[] LineColumns =
    [
        "invoice_id", "line_no", "kind", "tier", "from_tier", "quantity", "unit", "months", "months_of", "starts_on", "ends_on", "amount", "note",
        "member_id", "model", "tokens_input", "tokens_output", "tokens_cache_write", "tokens_cache_read", "cost", "cost_whole",
    ];

    public async Task<Invoice?> FindAsync(ISession session, OrganizationId organization, InvoiceId invoice)
    {
        var sql = SqlSession.Of(session);
        var id = Ids.ToBytes(invoice);
        var row = await sql.FindAsync<InvoiceRow>(
            $"SELECT {Columns} FROM invoices i WHERE i.id = @id AND i.organization_id = @organization", new { id, organization = Ids.ToBytes(organization) });
        if (row is null) return null;
        var lines = await LinesAsync(session, invoice, 0, Invoice.MostLines);
        var count = lines.Count < Invoice.MostLines ? lines.Count : (int)await CountAsync(sql, invoice);
        return row.ToInvoice() with { Lines = lines, LineCount = count };
    }

    public async Task<IReadOnlyList<ChargeLine>> LinesAsync(ISession session, InvoiceId invoice, int after, int limit)
    {
        var sql = SqlSession.Of(session);
        return [.. (await sql.QueryAsync<LineRow>(
            $"""
            SELECT l.kind, l.tier, l.from_tier, l.quantity, l.unit, l.months, l.months_of, l.starts_on, l.ends_on, l.amount, l.note, l.member_id, m.user_name,
                l.model, l.tokens_input, l.tokens_output, l.tokens_cache_write, l.tokens_cache_read, l.cost, l.cost_whole
            FROM invoice_lines l LEFT JOIN members m ON m.id = l.member_id
            WHERE l.invoice_id = @id AND l.line_no > @after ORDER BY l.line_no {sql.Dialect.Page}
            """, new { id = Ids.ToBytes(invoice), after = (long)after, limit, offset = 0 })).Select(line => line.ToLine())];
    }

    public async Task AppendLinesAsync(ISession session, InvoiceId draft, IReadOnlyList<ChargeLine> lines)
    {
        var sql = SqlSession.Of(session);
        var added = await sql.ExecuteAsync(
            "UPDATE invoices SET total = total + @sum WHERE id = @id AND state = 'draft'", new { id = Ids.ToBytes(draft), sum = Pricing.Total(lines) });
        if (added != 1) throw new UnitConflictException("The draft was issued or dropped meanwhile.");
        await InsertLinesAsync(sql, draft, lines, (int)await CountAsync(sql, draft));
    }

    public async Task ClearLinesAsync(ISession session, InvoiceId draft)
    {
        var sql = SqlSession.Of(session);
        var key = new { id = Ids.ToBytes(draft) };
        if (await sql.ExecuteAsync("UPDATE invoices SET total = 0 WHERE id = @id AND state = 'draft'", key) != 1)
            throw new UnitConflictException("The draft was issued or dropped meanwhile.");
        await sql.ExecuteAsync("DELETE FROM invoice_lines WHERE invoice_id = @id", key);
    }

    public async Task<OrganizationId?> OwnerAsync(ISession session, InvoiceId invoice) =>
        await SqlSession.Of(session).FindAsync<byte[]>(
            """
            SELECT organization_id FROM invoices WHERE id = @id
            UNION SELECT organization_id FROM seat_quotes WHERE invoice_id = @id
            """, new { id = Ids.ToBytes(invoice) }) is { } owner ? Rows.Id<OrganizationId>(owner) : null;

    public async Task<Page<Invoice>> ListAsync(ISession session, OrganizationId organization, InvoiceQuery query)
    {
        var sql = SqlSession.Of(session);
        var where = new List<string> { "i.organization_id = @organization" };
        if (query.After is not null) where.Add("i.id < @After");
        if (query.State is not null) where.Add("i.state = @state");
        if (query.Kind is not null) where.Add("i.kind = @kind");
        var rows = await sql.QueryAsync<InvoiceRow>(
            $"SELECT {Columns} FROM invoices i WHERE {string.Join(" AND ", where)} ORDER BY i.id DESC {sql.Dialect.Page}",
            new
            {
                organization = Ids.ToBytes(organization), query.After, state = query.State is { } state ? Words.Text(state) : null,
                kind = query.Kind is { } kind ? Words.Text(kind) : null, limit = query.Limit + 1, offset = 0,
            });
        return Pages.Of(rows, query.Limit, row => row.ToInvoice(), row => row.Id);
    }

    public async Task InsertDraftAsync(ISession session, Invoice draft)
    {
        var sql = SqlSession.Of(session);
        await sql.ExecuteAsync(
            """
            INSERT INTO invoices (id, organization_id, contract_id, kind, state, number, starts_on, ends_on, currency, total, credited, credits_id, seller,
                buyer, reason, created_at, version)
            VALUES (@id, @organization, @contract, @kind, 'draft', NULL, @starts, @ends, @currency, @total, 0, @credits, @Seller, @Buyer, @Reason, @created, 1)
            """,
            new
            {
                id = Ids.ToBytes(draft.Id), organization = Ids.ToBytes(draft.Organization), contract = Rows.OptionalBytes(draft.Contract),
                kind = Words.Text(draft.Kind), starts = Days.Of(draft.Start), ends = Days.Of(draft.End), currency = draft.Total.Currency.Code,
                total = draft.Total.Minor, credits = Rows.OptionalBytes(draft.Credits), draft.Seller, draft.Buyer, draft.Reason,
                created = Instants.ToMicroseconds(draft.CreatedAt),
            });
        await InsertLinesAsync(sql, draft.Id, draft.Lines, 0);
    }

    /// <param name="after">How many there are already; lines are numbered from 1 without a gap.</param>
    private static Task InsertLinesAsync(SqlSession sql, InvoiceId invoice, IReadOnlyList<ChargeLine> lines, int after)
    {
        var id = Ids.ToBytes(invoice);
        return sql.InsertAsync("invoice_lines", LineColumns, [.. lines.Select((line, at) => (Line: line, No: after + at + 1))], item =>
        [
            id, item.No, Words.Text(item.Line.Kind), item.Line.Tier, item.Line.From, item.Line.Quantity, item.Line.Unit,
            item.Line.Months.Numerator, item.Line.Months.Denominator, Days.Of(item.Line.Start), Days.Of(item.Line.End), item.Line.Amount, item.Line.Note,
            Rows.OptionalBytes(item.Line.Usage?.Member), item.Line.Usage?.Model, item.Line.Usage?.Input, item.Line.Usage?.Output,
            item.Line.Usage?.CacheWrite, item.Line.Usage?.CacheRead, CostOf(item.Line)?.Part, CostOf(item.Line)?.Whole,
        ]);

        static (long Whole, long Part)? CostOf(ChargeLine line) => line.Usage is { } usage ? new UsageCost(usage.Cost).Wide : null;
    }

    private static Task<long> CountAsync(SqlSession sql, InvoiceId invoice) =>
        sql.ScalarAsync<long>("SELECT COALESCE(MAX(line_no), 0) FROM invoice_lines WHERE invoice_id = @id", new { id = Ids.ToBytes(invoice) });

    public async Task<bool> DeleteDraftAsync(ISession session, OrganizationId organization, InvoiceId invoice)
    {
        var sql = SqlSession.Of(session);
        var key = new { id = Ids.ToBytes(invoice), organization = Ids.ToBytes(organization) };
        await sql.ExecuteAsync(
            """
            DELETE FROM invoice_lines WHERE invoice_id = @id
              AND invoice_id IN (SELECT i.id FROM invoices i WHERE i.id = @id AND i.organization_id = @organization AND i.state = 'draft')
            """, key);
        return await sql.ExecuteAsync("DELETE FROM invoices WHERE id = @id AND organization_id = @organization AND state = 'draft'", key) == 1;
    }

    public async Task<int> NextNumberAsync(ISession session, string issuer, int year)
    {
        var sql = SqlSession.Of(session);
        var key = new { issuer = TextKey.Exact(issuer), year };
        // The first of a year: two at once are a key conflict, and the second attempt finds the row.
        if (await sql.ExecuteAsync("UPDATE invoice_counters SET last_number = last_number + 1 WHERE issuer_key = @issuer AND issue_year = @year", key) == 0)
            await sql.ExecuteAsync("INSERT INTO invoice_counters (issuer_key, issue_year, last_number) VALUES (@issuer, @year, 1)", key);
        return (int)await sql.ScalarAsync<long>("SELECT last_number FROM invoice_counters WHERE issuer_key = @issuer AND issue_year = @year", key);
    }

    public async Task IssueAsync(ISession session, Invoice issued, string issuer, DateTimeOffset overdueAt)
    {
        var written = await SqlSession.Of(session).ExecuteAsync(
            """
            UPDATE invoices SET state = 'issued', number = @Number, number_key = @numberKey, issuer_key = @issuer, issued_on = @issued, due_on = @due,
                overdue_at = @overdue, version = @Version
            WHERE id = @id AND state = 'draft'
            """,
            new
            {
                id = Ids.ToBytes(issued.Id), issued.Number, numberKey = TextKey.Exact(issued.Number!), issuer = TextKey.Exact(issuer),
                issued = Days.OfOptional(issued.IssuedOn), due = Days.OfOptional(issued.DueOn),
                // A credit note is owed by us: nobody is late with it.
                overdue = issued.Kind == InvoiceKind.CreditNote ? (long?)null : Instants.ToMicroseconds(overdueAt), issued.Version,
            });
        if (written != 1) throw new UnitConflictException("The draft was issued or dropped meanwhile.");
    }

    public async Task UpdateAsync(ISession session, Invoice invoice)
    {
        var written = await SqlSession.Of(session).ExecuteAsync(
            """
            UPDATE invoices SET state = @state, credited = @Credited, paid_at = @paid, payment_reference = @PaymentReference, version = version + 1
            WHERE id = @id AND version = @Version AND state <> 'draft'
            """,
            new
            {
                id = Ids.ToBytes(invoice.Id), state = Words.Text(invoice.State), invoice.Credited, paid = Rows.OptionalMicroseconds(invoice.PaidAt),
                invoice.PaymentReference, invoice.Version,
            });
        if (written != 1) throw new UnitConflictException("The invoice was changed meanwhile.");
    }

    public async Task<IReadOnlyList<(OrganizationId Organization, InvoiceId Invoice)>> OverdueAsync(ISession session, DateTimeOffset now, int limit)
    {
        var sql = SqlSession.Of(session);
        return [.. (await sql.QueryAsync<InvoiceKey>(
            $"SELECT organization_id, id FROM invoices WHERE state = 'issued' AND overdue_at <= @now ORDER BY overdue_at {sql.Dialect.Page}",
            new { now = Instants.ToMicroseconds(now), limit, offset = 0 }))
            .Select(row => (Rows.Id<OrganizationId>(row.Organization_Id), Rows.Id<InvoiceId>(row.Id)))];
    }

    private sealed record InvoiceKey(byte[] Organization_Id, byte[] Id);

    private sealed record LineRow(
        string Kind, string? Tier, string? From_Tier, long Quantity, long Unit, long Months, long Months_Of, long Starts_On, long Ends_On, long Amount,
        string? Note, byte[]? Member_Id, string? User_Name, string? Model, long? Tokens_Input, long? Tokens_Output, long? Tokens_Cache_Write,
        long? Tokens_Cache_Read, long? Cost, long? Cost_Whole)
    {
        public ChargeLine ToLine() => new(
            Words.Parse<LineKind>(Kind), Tier, From_Tier, (int)Quantity, Unit, new MonthFraction(Months, Months_Of), Days.ToDate(Starts_On),
            Days.ToDate(Ends_On), Amount, Note)
        {
            Usage = Member_Id is null ? null : new LineUsage(
                Rows.Id<MemberId>(Member_Id), User_Name, Model!, Tokens_Input ?? 0, Tokens_Output ?? 0, Tokens_Cache_Write ?? 0, Tokens_Cache_Read ?? 0,
                UsageCost.Of(Cost_Whole ?? 0, Cost ?? 0).Units),
        };
    }

    private sealed record InvoiceRow(
        byte[] Id, byte[] Organization_Id, byte[]? Contract_Id, string Kind, string State, string? Number, long? Issued_On, long? Due_On, long Starts_On,
        long Ends_On, string Currency, long Total, long Credited, byte[]? Credits_Id, string Seller, string Buyer, string? Reason, long? Paid_At,
        string? Payment_Reference, long Created_At, long Version)
    {
        public Invoice ToInvoice() => new(
            Rows.Id<InvoiceId>(Id), Rows.Id<OrganizationId>(Organization_Id), Rows.OptionalId<ContractId>(Contract_Id), Words.Parse<InvoiceKind>(Kind),
            Words.Parse<InvoiceState>(State), Number, Days.ToOptional(Issued_On), Days.ToOptional(Due_On), Days.ToDate(Starts_On), Days.ToDate(Ends_On),
            new Money(Total, new Currency(Currency)), Credited, Rows.OptionalId<InvoiceId>(Credits_Id), Seller, Buyer, Reason,
            Rows.OptionalInstant(Paid_At), Payment_Reference, Instants.FromMicroseconds(Created_At), Version);
    }
}
