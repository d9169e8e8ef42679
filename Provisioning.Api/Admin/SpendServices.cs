using Provisioning.Api.Configuration;
using Provisioning.Api.Hosting;
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
        services.AddSingleton<CreditPurchases>();
        services.AddSingleton<IInvoicePaid>(static provider => provider.GetRequiredService<CreditPurchases>());
        services.AddSingleton<IInvoiceCredited>(static provider => provider.GetRequiredService<CreditPurchases>());
        services.AddSingleton<UsagePeriods>();
        services.AddSingleton(static provider => new UsageBilling(provider.GetRequiredService<ServiceSettings>().Billing.UsageGrace));
        services.AddSingleton<UsageInvoicing>();
        services.AddSingleton<UsageReports>();
        services.AddSingleton(static provider => provider.GetRequiredService<ServiceSettings>().Usage.Policy);
        services.AddSingleton<UsageBooks>();
        services.AddSingleton<UsageRegister>();
        services.AddSingleton<UsageMeter>();
        services.AddSingleton<UsageIngestion>();
        services.AddSingleton<HoldExpiry>();
        services.AddSingleton<UsageResumption>();
        services.AddSingleton<CapBook>();
        services.AddSingleton<CapRequests>();
        services.AddSingleton<UsageAccounts>();
        services.AddHostedService<HoldExpiryJob>();
    }
}
