using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Journal;
using Provisioning.Core.Spend;

namespace Provisioning.Core.Storage;

/// <summary>The price table in SQL.</summary>
public sealed class PriceStore : IPriceStore
{
    private const string Listed =
        "p.id, p.model, p.currency, p.valid_from, p.rate_input, p.rate_output, p.rate_cache_write, p.rate_cache_read, p.default_estimate, p.created_at";

    private const string Columns = $"{Listed}, COALESCE(m.multiplier, 1000000) AS multiplier";

    private static readonly string[] Inserted =
    [
        "model_key", "currency", "valid_from", "id", "model", "rate_input", "rate_output", "rate_cache_write", "rate_cache_read", "default_estimate",
        "created_at", "actor_kind", "actor_id", "correlation_id",
    ];

    /// <summary>All contracts of an organisation have one currency.</summary>
    private const string Paid =
        """
        FROM model_prices p LEFT JOIN price_multipliers m ON m.organization_id = @organization
        WHERE p.currency IN (SELECT c.currency FROM contracts c WHERE c.organization_id = @organization)
        """;

    public async Task<Price?> FindAsync(ISession session, OrganizationId organization, string model, DateTimeOffset at)
    {
        var sql = SqlSession.Of(session);
        var row = await sql.FindAsync<PriceRow>(
            $"SELECT {Columns} {Paid} AND p.model_key = @model AND p.valid_from <= @at ORDER BY p.valid_from DESC, p.id DESC {sql.Dialect.Page}",
            new { organization = Ids.ToBytes(organization), model = TextKey.Exact(model), at = Instants.ToMicroseconds(at), limit = 1, offset = 0 });
        return row?.ToPrice();
    }

    public async Task<PriceList> OfAsync(ISession session, OrganizationId organization, IReadOnlyCollection<string> models)
    {
        var rows = await SqlSession.Of(session).QueryAsync<PriceRow>(
            $"SELECT {Columns} {Paid} AND p.model_key IN @models",
            new { organization = Ids.ToBytes(organization), models = models.Append(ModelPrice.Fallback).Select(TextKey.Exact).ToList() });
        return new PriceList(rows.Select(row => row.ToPrice()));
    }

    public async Task<IReadOnlyList<ModelPrice>> ValidAsync(ISession session, IReadOnlyCollection<string>? models)
    {
        var rows = await SqlSession.Of(session).QueryAsync<PriceRow>(
            $"SELECT {Listed}, 1000000 AS multiplier FROM model_prices p{(models is null ? "" : " WHERE p.model_key IN @keys")} ORDER BY p.model_key, p.currency, p.valid_from, p.id",
            models is null ? null : new { keys = models.Select(TextKey.Exact).ToList() });
        return [.. rows.Select(row => row.ToPrice().Listed).GroupBy(price => (price.Model, price.Currency, price.ValidFrom)).Select(group => group.Last())];
    }

    public async Task<Page<EnteredPrice>> ListAsync(ISession session, string? model, byte[]? after, int limit)
    {
        var sql = SqlSession.Of(session);
        var where = new List<string>();
        if (model is not null) where.Add("p.model_key = @key");
        if (after is not null) where.Add("p.id < @after");
        var rows = await sql.QueryAsync<EnteredRow>(
            $"""
            SELECT {Listed}, p.actor_kind, p.actor_id, p.correlation_id FROM model_prices p
            {(where.Count == 0 ? "" : "WHERE " + string.Join(" AND ", where))} ORDER BY p.id DESC {sql.Dialect.Page}
            """, new { key = Rows.OptionalExact(model), after, limit = limit + 1, offset = 0 });
        return Pages.Of(rows, limit, row => row.ToEntered(), row => row.Id);
    }

    public Task InsertAsync(ISession session, IReadOnlyCollection<ModelPrice> prices, Actor actor) =>
        SqlSession.Of(session).InsertAsync("model_prices", Inserted, prices, price =>
        [
            TextKey.Exact(price.Model), price.Currency.Code, Instants.ToMicroseconds(price.ValidFrom), Ids.ToBytes(price.Id), price.Model, price.Rates.Input,
            price.Rates.Output, price.Rates.CacheWrite, price.Rates.CacheRead, price.DefaultEstimate.Narrow, Instants.ToMicroseconds(price.CreatedAt),
            Words.Text(actor.Kind), actor.Id, actor.CorrelationId,
        ]);

    public async Task<long> MultiplierAsync(ISession session, OrganizationId organization) =>
        await SqlSession.Of(session).ScalarAsync<long>(
            "SELECT COALESCE(MAX(multiplier), 1000000) FROM price_multipliers WHERE organization_id = @organization", new { organization = Ids.ToBytes(organization) });

    public async Task SetMultiplierAsync(ISession session, OrganizationId organization, long multiplier)
    {
        var sql = SqlSession.Of(session);
        var row = new { organization = Ids.ToBytes(organization), multiplier };
        if (await sql.ExecuteAsync("UPDATE price_multipliers SET multiplier = @multiplier WHERE organization_id = @organization", row) == 0)
            await sql.ExecuteAsync("INSERT INTO price_multipliers (organization_id, multiplier) VALUES (@organization, @multiplier)", row);
    }

    private sealed record EnteredRow(
        byte[] Id, string Model, string Currency, long Valid_From, long Rate_Input, long Rate_Output, long Rate_Cache_Write, long Rate_Cache_Read,
        long Default_Estimate, long Created_At, string Actor_Kind, string Actor_Id, string Correlation_Id)
    {
        public EnteredPrice ToEntered() => new(
            new PriceRow(Id, Model, Currency, Valid_From, Rate_Input, Rate_Output, Rate_Cache_Write, Rate_Cache_Read, Default_Estimate, Created_At, 0).ToPrice().Listed,
            Actor_Kind, Actor_Id, Correlation_Id);
    }

    private sealed record PriceRow(
        byte[] Id, string Model, string Currency, long Valid_From, long Rate_Input, long Rate_Output, long Rate_Cache_Write, long Rate_Cache_Read,
        long Default_Estimate, long Created_At, long Multiplier)
    {
        public Price ToPrice() => new(
            new ModelPrice(
                Rows.Id<PriceId>(Id), Model, new Currency(Currency), Instants.FromMicroseconds(Valid_From),
                new TokenRates(Rate_Input, Rate_Output, Rate_Cache_Write, Rate_Cache_Read), new UsageCost(Default_Estimate), Instants.FromMicroseconds(Created_At)),
            Multiplier);
    }
}
