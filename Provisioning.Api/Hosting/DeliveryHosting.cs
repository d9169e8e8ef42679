using Provisioning.Api.Configuration;
using Provisioning.Core.Notifications;

namespace Provisioning.Api.Hosting;

/// <summary>What delivery needs of the host: the outbound client, the mail server, encryption, settings.</summary>
internal static class DeliveryHosting
{
    public static void AddDelivery(this IServiceCollection services)
    {
        services.AddSingleton<IWebhookSender, WebhookClient>();
        services.AddSingleton<ISecretBox, WebhookSecretBox>();
        services.AddSingleton<IMailSender, SmtpMail>();
        services.AddSingleton<IInvitationMails>(static provider => provider.GetRequiredService<InvitationLinks>());
        services.AddSingleton<IRecoveryMails>(static provider => provider.GetRequiredService<RecoveryAddresses>());
        services.AddSingleton<SecretMails>();
        services.AddSingleton(static provider => new AdministrationPlace(provider.GetRequiredService<ServiceSettings>().Mail.AdministrationUrl));
        services.AddSingleton(static provider => provider.GetRequiredService<ServiceSettings>().Delivery switch
        {
            var settings => new DeliveryPolicy(new Backoff(TimeSpan.FromSeconds(settings.RetrySeconds)), settings.Attempts),
        });
    }
}
