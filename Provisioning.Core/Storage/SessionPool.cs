using System.Collections.Concurrent;
using Provisioning.Core.Storage.Dialects;

namespace Provisioning.Core.Storage;

/// <summary>Open, prepared connections for reading: opening one costs more than most queries.</summary>
internal sealed class SessionPool(IDialect dialect, int size) : IDisposable
{
    private readonly ConcurrentStack<KeptConnection> idle = new(); // the one used last knows most
    private readonly SemaphoreSlim free = new(size);
    private volatile bool disposed;

    /// <summary>Runs on a consistent snapshot; a connection that failed is closed, not used again.</summary>
    public async Task<T> RunAsync<T>(Func<SqlSession, Task<T>> query, CancellationToken cancel)
    {
        await free.WaitAsync(cancel);
        return await RunEnteredAsync(query, cancel);
    }

    /// <summary>The same when a connection is to be had without waiting; else null.</summary>
    public Task<T>? TryRunAsync<T>(Func<SqlSession, Task<T>> query, CancellationToken cancel) => free.Wait(0, cancel) ? RunEnteredAsync(query, cancel) : null;

    private async Task<T> RunEnteredAsync<T>(Func<SqlSession, Task<T>> query, CancellationToken cancel)
    {
        KeptConnection? connection = null;
        try
        {
            connection = await TakeAsync() ?? await KeptConnection.OpenAsync(dialect, cancel);
            T result;
            await using (var transaction = dialect.BeginRead(connection.Connection))
                result = await query(new SqlSession(connection, transaction, dialect, cancel));
            if (disposed || !connection.IsOpen) await connection.DisposeAsync();
            else idle.Push(connection);
            connection = null;
            return result;
        }
        catch (Exception exception) when (dialect.Classify(exception) == Fault.Lost)
        {
            // What cut this connection has cut the idle ones too (a restart, a failover): otherwise each retry would meet another dead one.
            while (idle.TryPop(out var dead)) await dead.DisposeAsync();
            throw;
        }
        finally
        {
            if (connection is not null) await connection.DisposeAsync();
            free.Release();
        }
    }

    /// <summary>An idle connection; null when there is none. One may be broken without a word: the end of its transaction swallowed it.</summary>
    private async Task<KeptConnection?> TakeAsync()
    {
        while (idle.TryPop(out var connection))
        {
            if (connection.IsOpen) return connection;
            await connection.DisposeAsync();
        }
        return null;
    }

    public void Dispose()
    {
        disposed = true;
        while (idle.TryPop(out var connection)) connection.Dispose();
    }
}
