using Provisioning.Api.Configuration;
using Provisioning.Core.Contracts;
using Provisioning.Core.Seats;

namespace Provisioning.Api.Admin;

/// <summary>Contracts, quotes and invoices.</summary>
public static class ContractServices
{
    public static void AddContracts(this IServiceCollection services)
    {
        services.AddSingleton(static provider =>
        {
            var billing = provider.GetRequiredService<ServiceSettings>().Billing;
            return new Issuer(billing.Issuer, billing.Address, billing.Zone, billing.PaymentDays);
        });
        services.AddSingleton<ITaxes, NoTaxes>();
        services.AddSingleton<SeatPurchases>();
        services.AddSingleton<SoldSeats>();
        services.AddSingleton<InvoiceBook>();
        services.AddSingleton<InvoiceAdministration>();
        services.AddSingleton<QuoteFulfilment>();
        services.AddSingleton<SeatQuotes>();
        services.AddSingleton<QuoteConfirmation>();
        services.AddSingleton<Payments>();
        services.AddSingleton<TierConversion>();
        services.AddSingleton<TermOpening>();
        services.AddSingleton<TermSchedule>();
        services.AddSingleton<ContractSetup>();
        services.AddSingleton<ContractChanges>();
        services.AddSingleton<PlanConversion>();
    }
}
