using Provisioning.Api.Admin;
using Provisioning.Api.Configuration;
using Provisioning.Api.Hook;
using Provisioning.Api.Hosting;
using Provisioning.Api.Scim;
using Provisioning.Api.Sso;
using Provisioning.Core.Contracts;
using Provisioning.Core.Directory;
using Provisioning.Core.Invitations;
using Provisioning.Core.Journal;
using Provisioning.Core.Notifications;
using Provisioning.Core.Organizations;
using Provisioning.Core.Schemas;
using Provisioning.Core.Scim.Filters;
using Provisioning.Core.Scim.Operations;
using Provisioning.Core.Seats;
using Provisioning.Core.SignIn;
using Provisioning.Core.Spend;
using Provisioning.Core.Storage;
using Provisioning.Core.Storage.Dialects;
using Provisioning.Core.Storage.Migrations;

namespace Provisioning.Api;

/// <summary>The composition root: one Add and one Map line per feature.</summary>
public static class Program
{
    /// <summary>
    /// Runs the service; with a command as the first word does that and ends: migrate, backup, restore, verify-audit, wrap-keys, or health, which asks
    /// the service that runs on this machine whether it is live.
    /// </summary>
    public static Task<int> Main(string[] args) => RunAsync(args, Terminal.OfProcess);

    /// <summary>The same, writing elsewhere.</summary>
    public static Task<int> RunAsync(string[] args, Terminal terminal) => args switch
    {
        ["migrate", .. var settings] => ProvisioningHost.DoAsync(settings, terminal, static given => Build(given), (app, cancel) => MigrateAsync(app, terminal, cancel)),
        ["health", ..] => HealthProbe.AskAsync(args.ElementAtOrDefault(1) ?? Environment.GetEnvironmentVariable("ASPNETCORE_URLS"), terminal),
        ["backup", .. var rest] => CopyAsync("backup", rest, terminal, (backup, database, file) => backup.BackUpAsync(database, file, terminal.Out.WriteLine)),
        ["wrap-keys", .. var settings] => ProvisioningHost.DoAsync(settings, terminal, static given => Build(given), (app, cancel) => WrapKeysAsync(app, terminal, cancel)),
        ["verify-audit", .. var rest] => AuditCommand.RunAsync(rest, terminal, static given => Build(given)),
        ["restore", .. var rest] => CopyAsync("restore", rest, terminal, (backup, database, file) => backup.RestoreAsync(file, database, terminal.Out.WriteLine)),
        [{ Length: > 0 } word, ..] when word[0] is not ('-' or '/') && !word.Contains('=') => RefuseAsync(word, terminal),
        _ => ProvisioningHost.RunAsync(
            args, static given => Build(given), listening: app => terminal.Out.Write(StartupBanner.Text(Facts(app))), terminal: terminal),
    };

    /// <summary>A mistyped command must not start a service on the database it was meant for.</summary>
    private static async Task<int> RefuseAsync(string word, Terminal terminal)
    {
        await terminal.Error.WriteLineAsync(
            $"{word} is no command. There are: migrate, backup <file>, restore <file>, verify-audit <organisation>, wrap-keys, health. Without one the service starts.");
        return ProvisioningHost.BadSetting;
    }

    /// <summary>Backup and restore of the embedded engine; the first of the rest is the file.</summary>
    private static Task<int> CopyAsync(string command, string[] rest, Terminal terminal, Func<EmbeddedBackup, string, string, Task> copy) =>
        ProvisioningHost.DoAsync([.. rest.Skip(1)], terminal, static given => Build(given), async (app, _) =>
        {
            if (rest is not [{ } file, ..] || file.StartsWith('-')) throw new SettingsException($"Say which file: {command} <file>");
            var storage = app.Services.GetRequiredService<ServiceSettings>().Storage;
            var database = storage.DatabasePath(app.Environment.ContentRootPath) ?? throw new SettingsException(storage.Engine switch
            {
                StorageEngine.PostgreSql => $"{command} is for the embedded engine; for PostgreSQL use its own tools: pg_dump and pg_restore, or pg_basebackup.",
                StorageEngine.SqlServer => $"{command} is for the embedded engine; for SQL Server use its own statements: BACKUP DATABASE and RESTORE DATABASE.",
                _ => $"{command} needs a database in a file of its own (Storage:ConnectionString).",
            });
            try
            {
                await copy(app.Services.GetRequiredService<EmbeddedBackup>(), database, Path.GetFullPath(file));
            }
            catch (BackupException exception)
            {
                throw new CommandFailedException(exception.Message);
            }
        });

    private static async Task MigrateAsync(WebApplication app, Terminal terminal, CancellationToken cancel)
    {
        var applied = await app.Services.GetRequiredService<DatabaseStart>().MigrateAsync(cancel);
        await terminal.Out.WriteLineAsync(applied == 0 ? "The database is up to date." : $"The database is up to date; scripts applied: {applied}.");
    }

    /// <summary>After a change of the certificate: what the earlier one wrapped gets the new one, and the earlier one can go.</summary>
    private static async Task WrapKeysAsync(WebApplication app, Terminal terminal, CancellationToken cancel)
    {
        await app.Services.GetRequiredService<DatabaseStart>().MigrateAsync(cancel);
        var wrapped = await app.Services.GetRequiredService<KeyWrapping>().WrapAsync(onlyOpen: false, cancel);
        await terminal.Out.WriteLineAsync($"Keys wrapped by the certificate of Keys:CertificatePath just now: {wrapped}.");
    }

    /// <summary>The whole service, not yet started; tests change it with <paramref name="configure"/>.</summary>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var app = ProvisioningHost.Build(args, builder =>
        {
            AddStorage(builder.Services);
            builder.Services.AddSingleton(Catalog(builder.Services.Select(service => service.ImplementationInstance).OfType<ServiceSettings>().Single().Scim));
            builder.Services.AddDomain();
            builder.Services.AddContracts();
            builder.Services.AddSpend();
            AddDoors(builder.Services);
            AddNotifications(builder.Services);
            configure?.Invoke(builder);
        });
        app.MapScim();
        app.MapHook();
        app.MapAdmin();
        app.MapSso();
        app.MapPayments();
        app.MapDescription();
        app.WarnOfOpenKeys();
        return app;
    }

    private static void AddStorage(IServiceCollection services)
    {
        services.AddSingleton(static provider => Dialect(
            provider.GetRequiredService<ServiceSettings>().Storage, provider.GetRequiredService<IHostEnvironment>().ContentRootPath));
        services.AddSingleton(static provider => new SqlDatabase(
            provider.GetRequiredService<IDialect>(), provider.GetRequiredService<TimeProvider>(),
            TimeSpan.FromSeconds(provider.GetRequiredService<ServiceSettings>().Storage.DeadlineSeconds)));
        services.AddSingleton<IDatabase>(static provider => provider.GetRequiredService<SqlDatabase>());
        services.AddSingleton<IReceiptSweep>(static provider => provider.GetRequiredService<SqlDatabase>());
        services.AddSingleton<Migrator>();
        services.AddSingleton<DatabaseStart>();
        services.AddSingleton<EmbeddedBackup>();
        services.AddSingleton<IOrganizationStore, OrganizationStore>();
        services.AddSingleton<ITokenStore, CredentialStore>();
        services.AddSingleton<IConnectionStore, ConnectionStore>();
        services.AddSingleton<SessionStore>();
        services.AddSingleton<ISessionStore>(static provider => provider.GetRequiredService<SessionStore>());
        services.AddSingleton<ISignInSettingsStore>(static provider => provider.GetRequiredService<SessionStore>());
        services.AddSingleton<IConnectionSessions>(static provider => provider.GetRequiredService<SessionStore>());
        services.AddSingleton<ISeatSessions>(static provider => provider.GetRequiredService<SessionStore>());
        services.AddSingleton<IFlowStore, FlowStore>();
        services.AddSingleton<IRecoveryStore, RecoveryStore>();
        services.AddSingleton<ISeatStore, SeatStore>();
        services.AddSingleton<IServiceFigures, ServiceFigures>();
        services.AddSingleton<MemberStore>();
        services.AddSingleton<IMemberStore>(static provider => provider.GetRequiredService<MemberStore>());
        services.AddSingleton<ISeatRequestStore>(static provider => provider.GetRequiredService<MemberStore>());
        services.AddSingleton<IInvitationStore, InvitationStore>();
        services.AddSingleton<ILinkConfirmationStore, LinkConfirmationStore>();
        services.AddSingleton<IDomainStore, DomainStore>();
        services.AddSingleton<IProtectedSecretStore, ProtectedSecretStore>();
        services.AddSingleton<IEntryStore, EntryStore>();
        services.AddSingleton<IGroupStore, GroupStore>();
        services.AddSingleton<IMappingStore, MappingStore>();
        services.AddSingleton<IParkedStore, ParkedStore>();
        services.AddSingleton<IRunStore, RunStore>();
        services.AddSingleton<IAuditStore, AuditStore>();
        services.AddSingleton<IJournalStore, JournalStore>();
        services.AddSingleton<IErasureStore, ErasureStore>();
        services.AddSingleton<IContractStore, ContractStore>();
        services.AddSingleton<IQuoteStore, QuoteStore>();
        services.AddSingleton<IInvoiceStore, InvoiceStore>();
        services.AddSingleton<IPriceStore, PriceStore>();
        services.AddSingleton<ICreditStore, CreditStore>();
        services.AddSingleton<ICreditReportStore, CreditReportStore>();
        services.AddSingleton<IUsagePeriodStore, UsagePeriodStore>();
        services.AddSingleton<IUsageBillStore, UsageBillStore>();
        services.AddSingleton<IUsageReportStore, UsageReportStore>();
        services.AddSingleton<ICounterStore, CounterStore>();
        services.AddSingleton<IUsageStore, UsageStore>();
        services.AddSingleton<ICapStore, CapStore>();
        services.AddSingleton<StoreProbe>(static provider => provider.GetRequiredService<SqlDatabase>().IsReadyAsync);
        services.AddHostedService<StorePreparation>(); // first: the jobs need the tables
        services.AddSingleton<ILeaseStore, LeaseStore>();
        services.AddSingleton(static provider => new Leases(
            provider.GetRequiredService<IDatabase>(), provider.GetRequiredService<ILeaseStore>(), provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ServiceSettings>().Jobs.LeaseLife));
        services.AddSingleton<JobServices>();
        services.AddSingleton<IKeyRingStore, KeyRingStore>();
        services.AddKeyRing();
        services.AddHostedService<SeatQueueJob>();
        services.AddHostedService<DirectoryJob>();
        services.AddHostedService<PreviewSweepJob>();
        services.AddHostedService<ReceiptSweepJob>();
        services.AddHostedService<SessionSweepJob>();
        services.AddHostedService<JournalSealJob>();
        services.AddHostedService<ContractJob>();
        services.AddHostedService<SpendJob>();
        services.AddHostedService<InvitationExpiryJob>();
        services.AddHostedService<DomainProofJob>();
        services.AddHostedService<TokenUseJob>();
        services.AddHostedService<ServiceGauges>();
    }

    private static IDialect Dialect(StorageSettings storage, string contentRoot)
    {
        try
        {
            return storage.Engine switch
            {
                StorageEngine.PostgreSql => new PostgreSqlDialect(storage.ConnectionString),
                StorageEngine.SqlServer => new SqlServerDialect(storage.ConnectionString),
                _ => new SqliteDialect(storage.ConnectionStringUnder(contentRoot)),
            };
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or KeyNotFoundException)
        {
            // The value may hold a password, so it is not repeated.
            throw new SettingsException($"Storage:ConnectionString (Storage__ConnectionString) cannot be read by the driver of the engine: {exception.Message}");
        }
    }

    private static void AddNotifications(IServiceCollection services)
    {
        services.AddSingleton<IWebhookStore, WebhookStore>();
        services.AddSingleton<INotificationStore, NotificationStore>();
        services.AddSingleton<IDeliveryFigures, DeliveryFiguresStore>();
        services.AddDelivery();
        services.AddHostedService<WebhookDeliveryJob>();
        services.AddHostedService<MailDeliveryJob>();
        services.AddHostedService<DeliverySweepJob>();
        services.AddSingleton<Webhooks>();
        services.AddSingleton<WebhookDelivery>();
        services.AddSingleton<ISealedEvents, WebhookFanOut>();
        services.AddSingleton<OwnerNotices>();
        services.AddSingleton<ISealedEvents>(static provider => provider.GetRequiredService<OwnerNotices>());
        services.AddSingleton<ISealedEvents, SpendNotices>();
        services.AddSingleton<MailDelivery>();
        services.AddSingleton<IDeliverySweep, DeliverySweep>();
        services.AddSingleton<DeliveryRetention>();
    }

    private static void AddDoors(IServiceCollection services)
    {
        services.AddSingleton<RateLimits>();
        services.AddSingleton<Authentication>();
        services.AddSingleton<PublicUrl>();
        services.AddSingleton<SecretProtection>();
        services.AddSingleton<ClientLimits>();
        services.AddSingleton<SignInCookies>();
        services.AddSingleton<ConnectionChecks>();
        services.AddSingleton(static provider => new OutboundAddress(
            provider.GetRequiredService<ServiceSettings>().Outbound.AllowedNetworks, provider.GetRequiredService<IHostEnvironment>().IsDevelopment()));
        services.AddSingleton<OutboundHttp>();
        services.AddSingleton<DemoOrganization>();
        services.AddSingleton<IInvitationKey, InvitationKey>();
        services.AddSingleton<InvitationLinks>();
        services.AddSingleton<IRecoveryKey, RecoveryKey>();
        services.AddSingleton<RecoveryAddresses>();
        services.AddSingleton<ITxtLookup, DnsTxtLookup>();
        services.AddSingleton<DemoContract>();
        services.AddSingleton(static provider => Limits(provider.GetRequiredService<ServiceSettings>()));
        services.AddSingleton<ICursorSeal, CursorSeal>();
        services.AddSingleton<ListCursors>();
        services.AddSingleton<ListRequests>();
        services.AddSingleton<MemberLists>();
        services.AddSingleton<UserOperations>();
        services.AddSingleton<GroupOperations>();
        services.AddSingleton<RootOperations>();
        services.AddSingleton<MeOperations>();
        services.AddSingleton<RefusalForm>(ScimErrors.InBulk);
        services.AddSingleton<BulkOperations>();
        services.AddSingleton<DiscoveryOperations>();
        services.AddScimErrors();
        services.AddSso();
        services.AddSingleton<IStartupFilter, DoubledSlashes>();
        services.AddDescription();
    }

    /// <summary>A broken schema file stops the start, naming the file and the place in it (design D4).</summary>
    private static SchemaCatalog Catalog(ScimSettings settings)
    {
        try
        {
            return SchemaCatalog.Load(Path.Combine(AppContext.BaseDirectory, settings.SchemaFolder));
        }
        catch (SchemaFileException exception)
        {
            throw new SettingsException(exception.Message);
        }
    }

    private static ScimLimits Limits(ServiceSettings settings) => new(
        new FilterLimits(settings.Limits.FilterLength, settings.Limits.FilterDepth), settings.Limits.PageSize, settings.Limits.FilterScan,
        settings.Limits.PatchOperations, settings.Scim.GroupPatchBodyLimit)
    {
        BulkOperations = settings.Limits.BulkOperations, BulkBytes = settings.Limits.BulkBytes,
        CursorLife = TimeSpan.FromSeconds(settings.Scim.CursorSeconds),
    };

    private static StartupFacts Facts(WebApplication app)
    {
        var settings = app.Services.GetRequiredService<ServiceSettings>();
        return new StartupFacts(
            [.. app.Urls], settings.Public.BaseUrl, app.Environment.EnvironmentName, app.Services.GetRequiredService<IDialect>().Name,
            settings.Storage.DatabasePath(app.Environment.ContentRootPath), app.Services.GetRequiredService<DemoOrganization>().Facts);
    }
}
