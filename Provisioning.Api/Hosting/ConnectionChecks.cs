using Provisioning.Core.Common;
using Provisioning.Core.Organizations;

namespace Provisioning.Api.Hosting;

/// <summary>One thing looked at, and in plain words what is wrong with it or what was found.</summary>
/// <param name="Name">For example <c>discovery</c>, <c>keys</c>, <c>certificate</c>.</param>
public sealed record ConnectionCheck(string Name, bool Ok, string Detail);

/// <summary>Looks whether a connection of one kind would work; the door of the kind registers one.</summary>
public interface IConnectionProbe
{
    ConnectionKind Kind { get; }

    /// <summary>In the order in which a sign-in would need them; after one that fails the rest may be missing.</summary>
    /// <param name="root">Of this service's own addresses, without trailing slash.</param>
    Task<IReadOnlyList<ConnectionCheck>> CheckAsync(Connection connection, string root, CancellationToken cancel);
}

/// <summary>Checks connections of any kind.</summary>
public sealed class ConnectionChecks(IEnumerable<IConnectionProbe> probes)
{
    public async Task<IReadOnlyList<ConnectionCheck>> CheckAsync(Connection connection, string root, CancellationToken cancel) =>
        probes.FirstOrDefault(probe => probe.Kind == connection.Kind) is { } probe
            ? await probe.CheckAsync(connection, root, cancel)
            : [new ConnectionCheck("kind", true, "A gateway asks this service; there is nothing to try from here.")];

    /// <summary>Null when a sign-in could begin now.</summary>
    public async Task<Error?> FindProblemAsync(Connection connection, string root, CancellationToken cancel) =>
        (await CheckAsync(connection, root, cancel)).FirstOrDefault(check => !check.Ok) is { } failed
            ? new Unprocessable("connection_not_usable", $"{failed.Name}: {failed.Detail} Save it with \"enabled\": false to finish it later.") : null;
}
