using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Journal;
using Provisioning.Core.Spend;

namespace Provisioning.Core.Storage;

/// <summary>The price table in SQL.</summary>
public sealed class PriceStore : IPriceStore
{
    private const string Columns =
        """
        p.id, p.model, p.currency, p.valid_from, p.rate_input, p.rate_output, p.rate_cache_write, p.rate_cache_read, p.default_estimate, p.created_at,
        COALESCE(m.multiplier, 1000000) AS multiplier
        """;

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
