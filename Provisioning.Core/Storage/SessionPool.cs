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
            connection = idle.TryTake(out var open) ? open : Open();
            T result;
            await using (var transaction = dialect.BeginRead(connection))
                result = await query(new SqlSession(connection, transaction, dialect, cancel));
            if (disposed) await connection.DisposeAsync();
            else idle.Add(connection);
            connection = null;
            return result;
        }
        finally
        {
            if (connection is not null) await connection.DisposeAsync();
            free.Release();
        }
    }

    private DbConnection Open()
    {
        var connection = dialect.Create();
        connection.Open();
        dialect.AfterOpen(connection);
        return connection;
    }

    public void Dispose()
    {
        disposed = true;
        while (idle.TryTake(out var connection)) connection.Dispose();
    }
}
