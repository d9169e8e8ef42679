using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Journal;
using Provisioning.Core.Spend;

namespace Provisioning.Core.Storage;

/// <summary>Lists of the credit ledger in SQL.</summary>
public sealed class CreditReportStore : ICreditReportStore
{
    public async Task<Page<CreditLotReport>> LotsAsync(ISession session, OrganizationId organization, byte[]? after, int limit)
    {
        var sql = SqlSession.Of(session);
        var rows = await sql.QueryAsync<LotReportRow>(
            $"""
            SELECT {CreditStore.LotColumns}, i.number AS number, i.state AS state
            FROM credit_lots l LEFT JOIN invoices i ON i.id = l.invoice_id
            WHERE l.organization_id = @organization{(after is null ? "" : " AND l.id < @after")} ORDER BY l.id DESC {sql.Dialect.Page}
            """, new { organization = Ids.ToBytes(organization), after, limit = limit + 1, offset = 0 });
        return Pages.Of(rows, limit, row => row.ToReport(), row => row.Id);
    }

    public async Task<Page<CreditJournal>> JournalsAsync(ISession session, OrganizationId organization, CreditKind? kind, byte[]? after, int limit)
    {
        var sql = SqlSession.Of(session);
        var of = Ids.ToBytes(organization);
        // The first line of each journal stands for it.
        var heads = await sql.QueryAsync<JournalKey>(
            $"""
            SELECT t.journal_id FROM credit_transfers t WHERE t.organization_id = @of AND t.line_no = 1
            {(kind is null ? "" : " AND t.kind = @kind")}{(after is null ? "" : " AND t.journal_id < @after")} ORDER BY t.journal_id DESC {sql.Dialect.Page}
            """, new { of, kind = kind is { } word ? Words.Text(word) : null, after, limit = limit + 1, offset = 0 });
        var lines = heads.Count == 0 ? [] : (await sql.QueryAsync<TransferRow>(
            """
            SELECT t.journal_id, t.kind, t.made_at, t.from_place, t.from_lot, t.to_place, t.to_lot, t.amount, t.subject_id, t.reason
            FROM credit_transfers t WHERE t.organization_id = @of AND t.journal_id IN @journals ORDER BY t.journal_id, t.line_no
            """, new { of, journals = heads.Select(head => head.Journal_Id).ToList() })).GroupBy(row => Rows.Id<CreditJournalId>(row.Journal_Id)).ToDictionary(group => group.Key);
        return Pages.Of(heads, limit, head => ToJournal([.. lines[Rows.Id<CreditJournalId>(head.Journal_Id)]]), head => head.Journal_Id);
    }

    private static CreditJournal ToJournal(IReadOnlyList<TransferRow> rows) => new(
        Rows.Id<CreditJournalId>(rows[0].Journal_Id), Words.Parse<CreditKind>(rows[0].Kind), Instants.FromMicroseconds(rows[0].Made_At),
        rows[0].Subject_Id is { } subject ? new Guid(subject, bigEndian: true) : null, rows[0].Reason, [.. rows.Select(row => row.ToTransfer())]);

    private sealed record JournalKey(byte[] Journal_Id);

    private sealed record TransferRow(
        byte[] Journal_Id, string Kind, long Made_At, string From_Place, byte[]? From_Lot, string To_Place, byte[]? To_Lot, long Amount, byte[]? Subject_Id,
        string? Reason)
    {
        public CreditTransfer ToTransfer() => new(
            new CreditPocket(Words.Parse<CreditPlace>(From_Place), Rows.OptionalId<CreditLotId>(From_Lot)),
            new CreditPocket(Words.Parse<CreditPlace>(To_Place), Rows.OptionalId<CreditLotId>(To_Lot)), new UsageCost(Amount));
    }

    private sealed record LotReportRow(
        byte[] Id, byte[] Organization_Id, string Source, byte[]? Invoice_Id, long Amount, long Remaining, long Priority, long Expires_At, long Created_At,
        long? Opened_At, string? Number, string? State)
    {
        public CreditLotReport ToReport() => new(
            new CreditLotRow(Id, Organization_Id, Source, Invoice_Id, Amount, Remaining, Priority, Expires_At, Created_At, Opened_At).ToLot(), Number,
            Rows.OptionalWord<InvoiceState>(State));
    }
}
