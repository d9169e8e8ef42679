namespace Provisioning.Api.Configuration;

/// <summary>Every setting of the service, read and checked once at start (HTTP contract, "Settings").</summary>
public sealed record ServiceSettings
{
    public string EnvironmentName { get; init; } = "Production";
    public StorageSettings Storage { get; init; } = new();
    public DemoSettings Demo { get; init; } = new();
    public LimitSettings Limits { get; init; } = new();
    public ScimSettings Scim { get; init; } = new();
    public OperatorSettings Operator { get; init; } = new();
    public PublicSettings Public { get; init; } = new();
    public JobSettings Jobs { get; init; } = new();
    public KeySettings Keys { get; init; } = new();
    public MailSettings Mail { get; init; } = new();
    public DeliverySettings Delivery { get; init; } = new();
    public SsoSettings Sso { get; init; } = new();
    public OutboundSettings Outbound { get; init; } = new();
    public BillingSettings Billing { get; init; } = new();
    public DnsSettings Dns { get; init; } = new();
    public UsageSettings Usage { get; init; } = new();

    /// <summary>Reads the settings by hand, so that a bad one is refused by name instead of being ignored or half bound.</summary>
    /// <exception cref="SettingsException">At least one setting is bad; lists all of them.</exception>
    public static ServiceSettings Read(IConfiguration configuration, string environmentName) =>
        new SettingsReader(configuration, environmentName).Read();
}
