using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using NUnit.Framework;
using Provisioning.Tests.Core;

namespace Provisioning.Tests.Sso;

/// <summary>
/// An OpenID provider that others wrote (<c>infra/test-idp</c>, certified as a provider), with its real pages. It believes everybody. Where
/// Node.js or the provider is not installed the test is a visible Ignore.
/// </summary>
internal sealed class NodeProvider : IDisposable
{
    private readonly Process process;

    private NodeProvider(Process process, string issuer) => (this.process, Issuer) = (process, issuer);

    public string Issuer { get; }

    public static async Task<NodeProvider> StartAsync(Uri service)
    {
        var folder = Path.Combine(Sources.Root, "infra", "test-idp");
        if (!Directory.Exists(Path.Combine(folder, "node_modules", "oidc-provider")))
            Assert.Ignore("The provider is not installed: (cd infra/test-idp && npm install --no-package-lock), which needs Node.js 20.");
        var port = FreePort().ToString(CultureInfo.InvariantCulture);
        var start = new ProcessStartInfo("node", ["idp.mjs", port, service.GetLeftPart(UriPartial.Authority)]) { WorkingDirectory = folder, RedirectStandardOutput = true };
        var process = Process.Start(start)!;
        while (await process.StandardOutput.ReadLineAsync() is { } line && !line.Contains("ready", StringComparison.Ordinal)) { }
        return new NodeProvider(process, "http://127.0.0.1:" + port);
    }

    public void Dispose()
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
