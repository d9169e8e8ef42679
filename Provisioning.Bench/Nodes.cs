using System.Net;

namespace Provisioning.Bench;

/// <summary>The processes under load: clients are dealt out to them in turn, and what they cost is added up.</summary>
internal sealed class Nodes(params IReadOnlyList<MeasuredProcess> all) : IAsyncDisposable
{
    public MeasuredProcess First => all[0];

    /// <summary>User and system time of all together, in seconds.</summary>
    public double CpuSeconds => all.Sum(static node => node.CpuSeconds);

    /// <summary>Resident memory of the largest, in bytes.</summary>
    public long ResidentBytes => all.Max(static node => node.ResidentBytes);

    /// <summary>Where this client of a run is served.</summary>
    public EndPoint EndPoint(int client) => all[client % all.Count].EndPoint;

    /// <summary>One after the other: the first makes the tables, and how long each took is worth reading.</summary>
    public static async Task<Nodes> StartAsync(int count, Func<Task<MeasuredProcess>> start)
    {
        var started = new List<MeasuredProcess>();
        try
        {
            while (started.Count < count) started.Add(await start());
        }
        catch
        {
            await new Nodes(started).DisposeAsync();
            throw;
        }
        return new Nodes(started);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in all) await node.DisposeAsync();
    }
}
