using Microsoft.Extensions.DependencyInjection;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Spend;
using Provisioning.Core.Storage;
using Provisioning.Tests.Core;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Spend;

/// <summary>The prices of <see cref="UsageDesk"/>'s models, for whatever test needs some.</summary>
internal static class TestPrices
{
    private static readonly string[] Columns =
    [
        "model_key", "currency", "valid_from", "id", "model", "rate_input", "rate_output", "rate_cache_write", "rate_cache_read", "default_estimate", "created_at",
        "actor_kind", "actor_id", "correlation_id",
    ];

    private static readonly (string Model, long Input, long Output, long Write, long Read)[] Rates =
        [(UsageDesk.Model, 3_000_000, 15_000_000, 3_750_000, 300_000), (UsageDesk.Unit, UsageCost.PerOne, UsageCost.PerOne, 0, 0)];

    public static Task AddAsync(TestService service) => AddAsync(service.Services.GetRequiredService<IDatabase>());

    public static async Task AddAsync(IDatabase database) =>
        await database.WriteAsync(new WriteUnit<Done>(Ids.New<UnitId>(TimeProvider.System), "test", CoreStack.Actor, Instants.Now(TimeProvider.System), async scope =>
        {
            await SqlSession.Of(scope.Session).InsertAsync("model_prices", Columns, Rates, rate =>
            [
                TextKey.Exact(rate.Model), "USD", 0L, Guid.NewGuid().ToByteArray(), rate.Model, rate.Input, rate.Output, rate.Write, rate.Read, UsageCost.PerOne, 0L,
                "operator", "operator", "test",
            ]);
            return default(Done);
        }), default);
}
