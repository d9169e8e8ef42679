using System.Globalization;
using Microsoft.Data.Sqlite;
using Provisioning.Core.Common;
using Provisioning.Core.Storage.Migrations;

namespace Provisioning.Core.Storage;

/// <summary>A backup or restore was refused or failed; nothing was changed. The message is for the operator.</summary>
public sealed class BackupException(string message) : Exception(message);

/// <summary>
/// Copies of the embedded database, checked before they count: pages (integrity_check), references (foreign_key_check), schema version
/// and the book-keeping of seats. A copy gets its name only when it is whole and on disk.
/// </summary>
public sealed class EmbeddedBackup(Migrator migrator, TimeProvider time)
{
    /// <summary>Each statement counts what must not be.</summary>
    private static readonly (string Wrong, string Sql)[] Books =
    [
        ("tiers whose assigned seats are not the open assignments",
            """
            SELECT COUNT(*) FROM seat_pools p WHERE p.assigned <> (SELECT COUNT(*) FROM seat_assignments a
              WHERE a.organization_id = p.organization_id AND a.tier_key = p.tier_key AND a.to_at IS NULL)
            """),
        ("tiers whose held seats are not the holds",
            """
            SELECT COUNT(*) FROM seat_pools p WHERE p.held <>
              (SELECT COUNT(*) FROM seat_holds h WHERE h.organization_id = p.organization_id AND h.tier = p.tier)
            """),
        ("tiers with more seats in use than bought", "SELECT COUNT(*) FROM seat_pools WHERE assigned + held + queued > purchased"),
        ("members whose seat differs from their open assignment",
            """
            SELECT COUNT(*) FROM member_seats s WHERE (s.status = 'assigned') <>
              EXISTS (SELECT 1 FROM seat_assignments a WHERE a.member_id = s.member_id AND a.to_at IS NULL)
            """),
        ("receipts without an answer", "SELECT COUNT(*) FROM receipts WHERE reply IS NULL"),
    ];

    /// <summary>A consistent copy while the service runs and writes: everything acknowledged before the start is in it.</summary>
    public async Task BackUpAsync(string database, string target, Action<string> progress)
    {
        if (!File.Exists(database)) throw new BackupException($"There is no database at {database}.");
        if (File.Exists(target)) throw new BackupException($"{target} exists already; choose another name.");
        var partial = $"{target}.partial-{Environment.ProcessId}";
        await GuardAsync(partial, "The backup", async () =>
        {
            progress($"Copying {database}");
            await using (var from = await OpenAsync(database))
            await using (var to = await OpenAsync(partial, create: true))
                from.BackupDatabase(to);
            await CheckAsync(partial, progress);
            Sync(partial);
            File.Move(partial, target);
            progress($"Backup complete: {target} ({new FileInfo(target).Length.ToString("N0", CultureInfo.InvariantCulture)} bytes)");
        });
    }

    /// <summary>Puts a checked copy of the backup in the database's place and keeps the old file aside.</summary>
    public async Task RestoreAsync(string backup, string database, Action<string> progress)
    {
        if (!File.Exists(backup)) throw new BackupException($"There is no backup at {backup}.");
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(database)!);
        var partial = $"{database}.restoring-{Environment.ProcessId}";
        await GuardAsync(partial, "The restore", async () =>
        {
            progress($"Copying {backup}");
            File.Copy(backup, partial);
            await CheckAsync(partial, progress);
            Sync(partial);
            await using (await CloseToOthersAsync(database, progress))
            {
                var aside = $"{database}.before-restore-{time.GetUtcNow().ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture)}";
                foreach (var suffix in (string[])["", "-wal", "-shm"])
                    if (File.Exists(database + suffix)) File.Move(database + suffix, aside + suffix);
                if (File.Exists(aside)) progress($"The old database is kept as {aside}");
                File.Move(partial, database);
            }
            progress($"Restored: {database}");
        });
    }

    /// <summary>Removes what is half done, and tells a failure of the file system or the engine as one sentence.</summary>
    private static async Task GuardAsync(string partial, string what, Func<Task> work)
    {
        try
        {
            foreach (var suffix in (string[])["", "-wal", "-shm", "-journal"]) File.Delete(partial + suffix); // of a run that was killed
            await work();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or SqliteException)
        {
            throw new BackupException($"{what} failed: {exception.Message}");
        }
        finally
        {
            foreach (var suffix in (string[])["", "-wal", "-shm", "-journal"]) File.Delete(partial + suffix);
        }
    }

    private async Task CheckAsync(string file, Action<string> progress)
    {
        try
        {
            await using var connection = await OpenAsync(file);
            // The whole database in one file, without a log beside it.
            if (await TextAsync(connection, "PRAGMA journal_mode = DELETE") != "delete") throw new BackupException($"{file} is in use.");
            progress("Checking pages");
            if (await TextAsync(connection, "PRAGMA integrity_check(1)") is var pages and not "ok") throw new BackupException($"The file is damaged: {pages}");
            progress("Checking references");
            if (await TextAsync(connection, "SELECT COUNT(*) FROM pragma_foreign_key_check") is var loose and not "0")
                throw new BackupException($"The file is damaged: {loose} rows refer to rows that are not there.");
            progress("Checking the books");
            var version = int.TryParse(await TextAsync(connection, "SELECT fact FROM service_facts WHERE name = 'schema_version'"), CultureInfo.InvariantCulture, out var found) ? found : 0;
            if (version < 1) throw new BackupException("The file is no database of this service: it has no schema version.");
            if (version > migrator.Newest) throw new BackupException($"The file has schema version {version}; this program knows {migrator.Newest}. Use the newer program.");
            if (await TextAsync(connection, "SELECT fact FROM service_facts WHERE name = 'fold_version'") != TextKey.FoldVersion.ToString(CultureInfo.InvariantCulture))
                throw new BackupException($"The file was written with another text folding version than {TextKey.FoldVersion}.");
            foreach (var (wrong, sql) in Books)
                if (await TextAsync(connection, sql) is var count and not "0") throw new BackupException($"The books of the file do not agree: {count} {wrong}.");
        }
        catch (SqliteException exception)
        {
            throw new BackupException($"The file is no database of this service, or it is damaged: {exception.Message}");
        }
    }

    /// <summary>
    /// Holds the old database so that nobody else opens it; null when there is none, or it is too damaged to be opened. Leaving the
    /// write-ahead log works only for the last one who has the file open, and brings the log into the file.
    /// </summary>
    private static async Task<SqliteConnection?> CloseToOthersAsync(string database, Action<string> progress)
    {
        if (!File.Exists(database)) return null;
        var connection = await OpenAsync(database);
        try
        {
            if (await TextAsync(connection, "PRAGMA journal_mode = DELETE") != "delete") throw InUse(database);
            await TextAsync(connection, "PRAGMA locking_mode = EXCLUSIVE");
            await TextAsync(connection, "BEGIN EXCLUSIVE");
            return connection;
        }
        catch (SqliteException exception)
        {
            await connection.DisposeAsync();
            if (exception.SqliteErrorCode is 5 or 6) throw InUse(database); // BUSY, LOCKED
            progress($"The old database cannot be opened ({exception.Message})");
            return null;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private static BackupException InUse(string database) => new($"{database} is in use by another process; stop the service first.");

    private static async Task<SqliteConnection> OpenAsync(string file, bool create = false)
    {
        var text = new SqliteConnectionStringBuilder
        {
            DataSource = file, Mode = create ? SqliteOpenMode.ReadWriteCreate : SqliteOpenMode.ReadWrite, Pooling = false,
        };
        var connection = new SqliteConnection(text.ToString()) { DefaultTimeout = 2 };
        await connection.OpenAsync();
        return connection;
    }

    private static async Task<string?> TextAsync(SqliteConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToString(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    private static void Sync(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite);
        stream.Flush(flushToDisk: true);
    }
}
