using System.Collections.Concurrent;
using System.Data.Common;
using Provisioning.Core.Storage.Dialects;

namespace Provisioning.Core.Storage;

/// <summary>Open, prepared connections for reading: opening one costs more than most queries.</summary>
internal sealed class SessionPool(IDialect dialect, int size) : IDisposable
{
    private readonly ConcurrentBag<DbConnection> idle = [];
    private readonly SemaphoreSlim free = new(size);
    private volatile bool disposed;

    /// <summary>Runs on a consistent snapshot; a connection that failed is closed, not used again.</summary>
    public async Task<T> RunAsync<T>(Func<SqlSession, Task<T>> query, CancellationToken cancel)
    {
        await free.WaitAsync(cancel);
        DbConnection? connection = null;
        try
        {
            connection = idle.TryTake(out var open) ? open : await OpenAsync(cancel);
            T result;
            await using (var transaction = dialect.BeginRead(connection))
                result = await query(new SqlSession(connection, transaction, dialect));
            if (disposed) await connection.DisposeAsync();
            else idle.Add(connection);
            connection = null;
            return result;
        }
        catch (Exception exception) when (dialect.Classify(exception) == Fault.Lost)
        {
            // What cut this connection has cut the idle ones too (a restart, a failover): otherwise each retry would meet another dead one.
            while (idle.TryTake(out var dead)) await dead.DisposeAsync();
            throw;
        }
        finally
        {
            if (connection is not null) await connection.DisposeAsync();
            free.Release();
        }
    }

    private async Task<DbConnection> OpenAsync(CancellationToken cancel)
    {
        var connection = dialect.Create();
        try
        {
            await connection.OpenAsync(cancel);
            dialect.AfterOpen(connection);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public void Dispose()
    {
        disposed = true;
        while (idle.TryTake(out var connection)) connection.Dispose();
    }
}
