using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Provisioning.Api.Configuration;

namespace Provisioning.Api.Hosting;

/// <summary>The certificate that wraps the key ring, and those that did so before it.</summary>
internal sealed record KeyCertificates(X509Certificate2? Current, IReadOnlyList<X509Certificate2> Previous)
{
    public IReadOnlyList<X509Certificate2> All => Current is null ? Previous : [Current, .. Previous];

    /// <exception cref="SettingsException">A file cannot be opened; its password is not shown.</exception>
    public static KeyCertificates Read(KeySettings settings) => new(
        settings.CertificatePath is { } path ? Read("Keys:CertificatePath", path, "Keys:CertificatePassword", settings.CertificatePassword) : null,
        [.. settings.PreviousCertificatePaths.Select(before =>
            Read("Keys:PreviousCertificatePaths", before, "Keys:PreviousCertificatePassword", settings.PreviousCertificatePassword))]);

    private static X509Certificate2 Read(string name, string path, string passwordName, string? password)
    {
        var named = $"{name} (environment: {name.Replace(":", "__", StringComparison.Ordinal)})";
        X509Certificate2 certificate;
        try
        {
            certificate = !IsPem(path) ? X509CertificateLoader.LoadPkcs12FromFile(path, password)
                : password is null ? X509Certificate2.CreateFromPemFile(path) : X509Certificate2.CreateFromEncryptedPemFile(path, password);
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"{named} cannot be read, or {passwordName} is not its password: {exception.Message}");
        }
        using var key = certificate.GetRSAPrivateKey();
        return key is not null ? certificate : throw new SettingsException($"{named} holds no RSA certificate with its private key.");
    }

    private static bool IsPem(string path) => File.ReadLines(path).Take(50).Any(static line => line.StartsWith("-----BEGIN", StringComparison.Ordinal));
}
