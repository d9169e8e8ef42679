using System.Text.Json;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Storage;

/// <summary>Contracts, prices and terms in SQL.</summary>
public sealed class ContractStore : IContractStore
{
    private const string Columns =
        """
        c.id, c.organization_id, c.kind, c.plan_model, c.funding, c.collection, c.proration, c.currency, c.surcharge, c.minimum_seats, c.compliance,
        c.single_tier, c.anchor_on, c.auto_renew, c.cancels, c.state, c.term_no, c.renewal_choice, c.created_at, c.version
        """;

    private const string TermColumns =
        "t.contract_id, t.organization_id, t.term_no, t.starts_on, t.ends_on, t.starts_at, t.ends_at, t.state, t.opening, t.remind_at";

    public Task<Contract?> FindActiveAsync(ISession session, OrganizationId organization) =>
        FindAsync(session, organization, "AND c.state = 'active'");

    public async Task<Contract?> LockActiveAsync(ISession session, OrganizationId organization)
    {
        await SqlSession.Of(session).ExecuteAsync(
            "UPDATE contracts SET touched = touched + 1 WHERE organization_id = @organization AND state = 'active'",
            new { organization = Ids.ToBytes(organization) });
        return await FindActiveAsync(session, organization);
    }

    public Task<Contract?> FindLatestAsync(ISession session, OrganizationId organization) =>
        FindAsync(session, organization, "");

    public Task InsertAsync(ISession session, Contract contract)
    {
        var conditions = contract.Conditions;
        return SqlSession.Of(session).ExecuteAsync(
            """
            INSERT INTO contracts (id, organization_id, kind, plan_model, funding, collection, proration, currency, surcharge, minimum_seats, compliance,
                single_tier, anchor_on, auto_renew, cancels, state, term_no, renewal_choice, created_at, version, touched)
            VALUES (@id, @organization, @kind, @model, @funding, @collection, @proration, @currency, @Surcharge, @MinimumSeats, @compliance,
                @SingleTier, @anchor, @renew, @cancels, @state, @Term, @choice, @created, 1, 0)
            """,
            new
            {
                id = Ids.ToBytes(contract.Id), organization = Ids.ToBytes(contract.Organization), kind = Words.Text(conditions.Kind),
                model = Words.Text(conditions.PlanModel), funding = Words.Text(conditions.Funding), collection = Words.Text(conditions.Collection),
                proration = Words.Text(conditions.Proration), currency = conditions.Currency.Code, conditions.Surcharge, conditions.MinimumSeats,
                compliance = Rows.Flag(conditions.Compliance), conditions.SingleTier, anchor = Days.Of(contract.Anchor),
                renew = Rows.Flag(contract.AutoRenew), cancels = Rows.Flag(contract.Cancels), state = Words.Text(contract.State), contract.Term,
                choice = JsonSerializer.Serialize(contract.RenewalChoice), created = Instants.ToMicroseconds(contract.CreatedAt),
            });
    }

    public async Task<Contract> UpdateAsync(ISession session, Contract contract)
    {
        var written = await SqlSession.Of(session).ExecuteAsync(
            """
            UPDATE contracts SET plan_model = @model, auto_renew = @renew, cancels = @cancels, state = @state, term_no = @Term,
                renewal_choice = @choice, version = version + 1
            WHERE id = @id AND version = @Version
            """,
            new
            {
                id = Ids.ToBytes(contract.Id), model = Words.Text(contract.Conditions.PlanModel), renew = Rows.Flag(contract.AutoRenew),
                cancels = Rows.Flag(contract.Cancels), state = Words.Text(contract.State), contract.Term,
                choice = JsonSerializer.Serialize(contract.RenewalChoice), contract.Version,
            });
        return written == 1 ? contract with { Version = contract.Version + 1 } : throw new UnitConflictException("The contract was changed meanwhile.");
    }

    public async Task SetPricesAsync(ISession session, ContractId contract, int fromTerm, IReadOnlyList<TierPrice> prices)
    {
        var sql = SqlSession.Of(session);
        await sql.ExecuteAsync(
            "DELETE FROM contract_prices WHERE contract_id = @contract AND from_term = @fromTerm AND tier_key IN @tiers",
            new { contract = Ids.ToBytes(contract), fromTerm, tiers = prices.Select(price => TextKey.Exact(price.Tier)) });
        await sql.InsertAsync("contract_prices", ["contract_id", "tier_key", "from_term", "tier", "price", "surcharged"], prices, price =>
            [Ids.ToBytes(contract), TextKey.Exact(price.Tier), fromTerm, price.Tier, price.Price, Rows.Flag(price.Surcharged)]);
    }

    public async Task<ContractTerm?> FindTermAsync(ISession session, ContractId contract, int term) =>
        (await SqlSession.Of(session).FindAsync<TermRow>(
            $"SELECT {TermColumns} FROM contract_terms t WHERE t.contract_id = @contract AND t.term_no = @term",
            new { contract = Ids.ToBytes(contract), term }))?.ToTerm();

    public Task InsertTermAsync(ISession session, ContractTerm term) =>
        SqlSession.Of(session).ExecuteAsync(
            """
            INSERT INTO contract_terms (contract_id, term_no, organization_id, starts_on, ends_on, starts_at, ends_at, state, opening, due_at, remind_at)
            VALUES (@contract, @No, @organization, @startsOn, @endsOn, @startsAt, @endsAt, @state, @opening, @due, NULL)
            """,
            new
            {
                contract = Ids.ToBytes(term.Contract), term.No, organization = Ids.ToBytes(term.Organization), startsOn = Days.Of(term.Start),
                endsOn = Days.Of(term.End), startsAt = Instants.ToMicroseconds(term.StartsAt), endsAt = Instants.ToMicroseconds(term.EndsAt),
                state = Words.Text(term.State), opening = JsonSerializer.Serialize(term.Opening), due = DueAt(term),
            });

    public async Task<bool> AdvanceTermAsync(ISession session, ContractTerm term, TermState from, DateTimeOffset? remindAt) =>
        await SqlSession.Of(session).ExecuteAsync(
            """
            UPDATE contract_terms SET state = @state, opening = @opening, due_at = @due, remind_at = @remind
            WHERE contract_id = @contract AND term_no = @No AND state = @from
            """,
            new
            {
                contract = Ids.ToBytes(term.Contract), term.No, from = Words.Text(from), state = Words.Text(term.State),
                opening = JsonSerializer.Serialize(term.Opening), due = DueAt(term), remind = Rows.OptionalMicroseconds(remindAt),
            }) == 1;

    public async Task<bool> MoveReminderAsync(ISession session, ContractTerm term, DateTimeOffset from, DateTimeOffset? to) =>
        await SqlSession.Of(session).ExecuteAsync(
            "UPDATE contract_terms SET remind_at = @to WHERE contract_id = @contract AND term_no = @No AND remind_at = @from",
            new { contract = Ids.ToBytes(term.Contract), term.No, from = Instants.ToMicroseconds(from), to = Rows.OptionalMicroseconds(to) }) == 1;

    public async Task<Page<ContractTerm>> ListTermsAsync(ISession session, OrganizationId organization, byte[]? after, int limit)
    {
        var sql = SqlSession.Of(session);
        var rows = await sql.QueryAsync<TermRow>(
            $"""
            SELECT {TermColumns} FROM contract_terms t WHERE t.organization_id = @organization
              {(after is null ? "" : "AND (t.contract_id < @contract OR (t.contract_id = @contract AND t.term_no < @term))")}
            ORDER BY t.contract_id DESC, t.term_no DESC {sql.Dialect.Page}
            """,
            new
            {
                organization = Ids.ToBytes(organization), contract = after?[..16] ?? [], limit = limit + 1, offset = 0,
                term = after is null ? 0 : System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(after.AsSpan(16)),
            });
        return Pages.Of(rows, limit, row => row.ToTerm(), row =>
        {
            var key = new byte[20];
            row.Contract_Id.CopyTo(key, 0);
            System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(key.AsSpan(16), (int)row.Term_No);
            return key;
        });
    }

    public async Task<IReadOnlyList<ContractTerm>> DueTermsAsync(ISession session, DateTimeOffset now, int limit)
    {
        var sql = SqlSession.Of(session);
        return [.. (await sql.QueryAsync<TermRow>(
            $"SELECT {TermColumns} FROM contract_terms t WHERE t.due_at <= @now ORDER BY t.due_at {sql.Dialect.Page}",
            new { now = Instants.ToMicroseconds(now), limit, offset = 0 })).Select(row => row.ToTerm())];
    }

    public async Task<IReadOnlyList<(ContractTerm Term, DateTimeOffset RemindAt)>> DueRemindersAsync(ISession session, DateTimeOffset now, int limit)
    {
        var sql = SqlSession.Of(session);
        return [.. (await sql.QueryAsync<TermRow>(
            $"SELECT {TermColumns} FROM contract_terms t WHERE t.remind_at <= @now ORDER BY t.remind_at {sql.Dialect.Page}",
            new { now = Instants.ToMicroseconds(now), limit, offset = 0 })).Select(row => (row.ToTerm(), Instants.FromMicroseconds(row.Remind_At!.Value)))];
    }

    /// <summary>When time has to do something with the term; null for one that is over.</summary>
    private static long? DueAt(ContractTerm term) => term.State switch
    {
        TermState.Scheduled => Instants.ToMicroseconds(term.StartsAt),
        TermState.Active => Instants.ToMicroseconds(term.EndsAt),
        _ => null,
    };

    private static async Task<Contract?> FindAsync(ISession session, OrganizationId organization, string condition)
    {
        var sql = SqlSession.Of(session);
        var row = await sql.FindAsync<ContractRow>(
            $"SELECT {Columns} FROM contracts c WHERE c.organization_id = @organization {condition} ORDER BY c.id DESC {sql.Dialect.Page}",
            new { organization = Ids.ToBytes(organization), limit = 1, offset = 0 });
        if (row is null) return null;
        var prices = await sql.QueryAsync<PriceRow>(
            "SELECT tier, price, surcharged, from_term FROM contract_prices WHERE contract_id = @Id ORDER BY from_term, tier_key", new { row.Id });
        return row.ToContract([.. prices.Select(price => price.ToPrice())]);
    }

    private sealed record PriceRow(string Tier, long Price, long Surcharged, long From_Term)
    {
        public TierPrice ToPrice() => new(Tier, Price, Surcharged != 0, (int)From_Term);
    }

    private sealed record TermRow(
        byte[] Contract_Id, byte[] Organization_Id, long Term_No, long Starts_On, long Ends_On, long Starts_At, long Ends_At, string State,
        string Opening, long? Remind_At)
    {
        public ContractTerm ToTerm() => new(
            Rows.Id<ContractId>(Contract_Id), Rows.Id<OrganizationId>(Organization_Id), (int)Term_No, Days.ToDate(Starts_On), Days.ToDate(Ends_On),
            Instants.FromMicroseconds(Starts_At), Instants.FromMicroseconds(Ends_At), Words.Parse<TermState>(State),
            JsonSerializer.Deserialize<Dictionary<string, int>>(Opening)!);
    }

    private sealed record ContractRow(
        byte[] Id, byte[] Organization_Id, string Kind, string Plan_Model, string Funding, string Collection, string Proration, string Currency,
        long Surcharge, long Minimum_Seats, long Compliance, string Single_Tier, long Anchor_On, long Auto_Renew, long Cancels, string State,
        long Term_No, string Renewal_Choice, long Created_At, long Version)
    {
        public Contract ToContract(IReadOnlyList<TierPrice> prices) => new(
            Rows.Id<ContractId>(Id), Rows.Id<OrganizationId>(Organization_Id),
            new ContractConditions(
                Words.Parse<ContractKind>(Kind), Words.Parse<PlanModel>(Plan_Model), Words.Parse<Funding>(Funding), Words.Parse<PaymentMethod>(Collection),
                Words.Parse<ProrationPolicy>(Proration), new Currency(Currency), Surcharge, (int)Minimum_Seats, Compliance != 0, Single_Tier),
            Days.ToDate(Anchor_On), Auto_Renew != 0, Cancels != 0, Words.Parse<ContractState>(State), (int)Term_No,
            JsonSerializer.Deserialize<Dictionary<string, int>>(Renewal_Choice)!, prices, Instants.FromMicroseconds(Created_At), Version);
    }
}

/// <summary>Dates as they are kept: days since 1970-01-01.</summary>
internal static class Days
{
    private static readonly int Epoch = DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber;

    public static long Of(DateOnly date) => date.DayNumber - Epoch;

    public static DateOnly ToDate(long days) => DateOnly.FromDayNumber((int)days + Epoch);

    public static long? OfOptional(DateOnly? date) => date is { } value ? Of(value) : null;

    public static DateOnly? ToOptional(long? days) => days is { } value ? ToDate(value) : null;
}
