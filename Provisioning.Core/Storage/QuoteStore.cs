using System.Text.Json;
using System.Text.Json.Serialization;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Storage;

/// <summary>Quotes in SQL. What was asked and offered is one text each: nobody searches in it.</summary>
public sealed class QuoteStore : IQuoteStore
{
    private const string Columns =
        """
        q.id, q.organization_id, q.contract_id, q.term_no, q.effective_on, q.changes, q.quote_lines, q.total, q.currency, q.seats_before, q.seats_after,
        q.state, q.created_at, q.expires_at, q.invoice_id
        """;

    private static readonly JsonSerializerOptions Json = new(Receipts.Json) { Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) } };

    public async Task<SeatQuote?> FindAsync(ISession session, OrganizationId organization, QuoteId quote) =>
        (await SqlSession.Of(session).FindAsync<QuoteRow>(
            $"SELECT {Columns} FROM seat_quotes q WHERE q.id = @id AND q.organization_id = @organization",
            new { id = Ids.ToBytes(quote), organization = Ids.ToBytes(organization) }))?.ToQuote();

    public async Task<SeatQuote?> FindByInvoiceAsync(ISession session, OrganizationId organization, InvoiceId invoice) =>
        (await SqlSession.Of(session).FindAsync<QuoteRow>(
            $"SELECT {Columns} FROM seat_quotes q WHERE q.invoice_id = @invoice AND q.organization_id = @organization",
            new { invoice = Ids.ToBytes(invoice), organization = Ids.ToBytes(organization) }))?.ToQuote();

    public Task InsertAsync(ISession session, SeatQuote quote) =>
        SqlSession.Of(session).ExecuteAsync(
            """
            INSERT INTO seat_quotes (id, organization_id, contract_id, term_no, effective_on, changes, quote_lines, total, currency, seats_before,
                seats_after, state, created_at, expires_at, invoice_id)
            VALUES (@id, @organization, @contract, @Term, @effective, @changes, @lines, @total, @currency, @before, @after, @state, @created, @expires, NULL)
            """,
            new
            {
                id = Ids.ToBytes(quote.Id), organization = Ids.ToBytes(quote.Organization), contract = Ids.ToBytes(quote.Contract), quote.Term,
                effective = Days.Of(quote.EffectiveOn), changes = JsonSerializer.Serialize(quote.Changes, Json),
                lines = JsonSerializer.Serialize(quote.Lines, Json), total = quote.Total.Minor, currency = quote.Total.Currency.Code,
                before = JsonSerializer.Serialize(quote.Before, Json), after = JsonSerializer.Serialize(quote.After, Json),
                state = Words.Text(quote.State), created = Instants.ToMicroseconds(quote.CreatedAt), expires = Instants.ToMicroseconds(quote.ExpiresAt),
            });

    public async Task<bool> MoveAsync(ISession session, SeatQuote quote, QuoteState from, QuoteState to, InvoiceId? invoice) =>
        await SqlSession.Of(session).ExecuteAsync(
            "UPDATE seat_quotes SET state = @to, invoice_id = @invoice WHERE id = @id AND state = @from",
            new { id = Ids.ToBytes(quote.Id), from = Words.Text(from), to = Words.Text(to), invoice = Rows.OptionalBytes(invoice) }) == 1;

    public async Task<IReadOnlyList<SeatQuote>> PendingAsync(ISession session, ContractId contract) =>
        [.. (await SqlSession.Of(session).QueryAsync<QuoteRow>(
            $"SELECT {Columns} FROM seat_quotes q WHERE q.contract_id = @contract AND q.state = 'payment_pending' ORDER BY q.id",
            new { contract = Ids.ToBytes(contract) })).Select(row => row.ToQuote())];

    public Task EndOpenAsync(ISession session, ContractId contract) =>
        SqlSession.Of(session).ExecuteAsync(
            "UPDATE seat_quotes SET state = 'stale' WHERE contract_id = @contract AND state = 'open'", new { contract = Ids.ToBytes(contract) });

    private sealed record QuoteRow(
        byte[] Id, byte[] Organization_Id, byte[] Contract_Id, long Term_No, long Effective_On, string Changes, string Quote_Lines, long Total,
        string Currency, string Seats_Before, string Seats_After, string State, long Created_At, long Expires_At, byte[]? Invoice_Id)
    {
        public SeatQuote ToQuote() => new(
            Rows.Id<QuoteId>(Id), Rows.Id<OrganizationId>(Organization_Id), Rows.Id<ContractId>(Contract_Id), (int)Term_No, Days.ToDate(Effective_On),
            JsonSerializer.Deserialize<List<QuoteChange>>(Changes, Json)!, JsonSerializer.Deserialize<List<ChargeLine>>(Quote_Lines, Json)!,
            new Money(Total, new Currency(Currency)), JsonSerializer.Deserialize<Dictionary<string, int>>(Seats_Before, Json)!,
            JsonSerializer.Deserialize<Dictionary<string, int>>(Seats_After, Json)!, Words.Parse<QuoteState>(State),
            Instants.FromMicroseconds(Created_At), Instants.FromMicroseconds(Expires_At), Rows.OptionalId<InvoiceId>(Invoice_Id));
    }
}
