namespace Provisioning.Api.Configuration;

/// <summary>What wraps the key ring in the database (design D6).</summary>
public sealed record KeySettings
{
    /// <summary>A PFX or PEM file with an RSA certificate and its private key; null, but not in Production: keys are stored as they are.</summary>
    public string? CertificatePath { get; init; }

    /// <summary>Of the PFX, or of the private key in the PEM.</summary>
    public string? CertificatePassword { get; init; }

    /// <summary>Certificates that wrapped keys before this one did: they still open those.</summary>
    public IReadOnlyList<string> PreviousCertificatePaths { get; init; } = [];

    /// <summary>Of all of them.</summary>
    public string? PreviousCertificatePassword { get; init; }

    /// <summary>Without the passwords.</summary>
    public override string ToString() => $"{nameof(KeySettings)} {{ Certificate {(CertificatePath is null ? "absent" : "set")} }}";
}
