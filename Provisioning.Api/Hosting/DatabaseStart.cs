using System.Data.Common;
using Provisioning.Api.Configuration;
using Provisioning.Core.Storage.Dialects;
using Provisioning.Core.Storage.Migrations;

namespace Provisioning.Api.Hosting;

/// <summary>Brings the database to where this program can use it: the folder of an embedded one, patience with one that is starting, migrations.</summary>
public sealed partial class DatabaseStart(
    ServiceSettings settings, IHostEnvironment environment, Migrator migrator, IDialect dialect, TimeProvider time, ILogger<DatabaseStart> logger)
{
    /// <summary>A database that starts beside the service may need a moment.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Any node may do this at any time; one does, the others wait. Answers how many scripts were applied.</summary>
    public async Task<int> MigrateAsync(CancellationToken cancel)
    {
        if (settings.Storage.DatabasePath(environment.ContentRootPath) is { } path) Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var deadline = time.GetUtcNow() + Patience;
        while (true)
        {
            try
            {
                return await migrator.MigrateAsync(name => Migrating(logger, name));
            }
            catch (SchemaMismatchException exception)
            {
                throw new SettingsException(exception.Message);
            }
            catch (DbException exception) when (dialect.Classify(exception) is Fault.Lost or Fault.Transient)
            {
                var problem = exception.Message.ReplaceLineEndings(" ");
                if (time.GetUtcNow() > deadline) throw new SettingsException($"The database cannot be reached (Storage:ConnectionString): {problem}");
                Waiting(logger, problem);
                await Task.Delay(TimeSpan.FromSeconds(1), time, cancel);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Waiting for the database: {Problem}")]
    private static partial void Waiting(ILogger logger, string problem);

    [LoggerMessage(LogLevel.Information, "Migrating the database: {Script}")]
    private static partial void Migrating(ILogger logger, string script);
}
