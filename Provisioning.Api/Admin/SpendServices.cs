using Provisioning.Core.Contracts;
using Provisioning.Core.Spend;

namespace Provisioning.Api.Admin;

/// <summary>Prices, usage, caps and credits.</summary>
public static class SpendServices
{
    public static void AddSpend(this IServiceCollection services)
    {
        services.AddSingleton<PriceBook>();
        services.AddSingleton<CreditLedger>();
        services.AddSingleton<CreditDesk>();
        services.AddSingleton<CreditReports>();
        services.AddSingleton<IInvoicePaid, CreditsPaid>();
        services.AddSingleton<UsagePeriods>();
    }
}
