namespace Provisioning.Api.Admin;

/// <summary>The admin door.</summary>
public static class AdminRoutes
{
    public static void MapAdmin(this IEndpointRouteBuilder routes)
    {
        routes.MapOrganizations();
        var organization = routes.MapGroup("/v1/organizations/{org}").WithTags("Administration");
        organization.MapMembers();
        organization.MapSeats();
        organization.MapAudit();
        organization.MapWebhooks();
        organization.MapCredentials();
        organization.MapConnections();
        organization.MapSessions();
        organization.MapProvisioning();
        organization.MapParkedEffects();
        organization.MapReservations();
        var billing = routes.MapGroup("/v1/organizations/{org}").WithTags("Contract and invoices");
        billing.MapContract();
        billing.MapQuotes();
        billing.MapInvoices();
        routes.MapPrices();
        routes.MapGroup("/v1/organizations/{org}").WithTags("Credits").MapCredits();
        routes.MapGroup("/v1/organizations/{org}").WithTags("Usage").MapUsageReports();
        var spend = routes.MapGroup("/v1/organizations/{org}").WithTags("Usage, caps and credits");
        spend.MapUsage();
        spend.MapCaps();
        spend.MapCapRequests();
        organization.MapInvitations();
        organization.MapDomains();
        organization.MapOwnership();
        routes.MapAcceptance();
    }
}
