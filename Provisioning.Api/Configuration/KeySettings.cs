namespace Provisioning.Api.Configuration;

/// <summary>What wraps the key ring in the database (design D6).</summary>
public sealed record KeySettings
{
    /// <summary>A PFX or PEM file with an RSA certificate and its private key; null: keys are stored as they are.</summary>
    public string? CertificatePath { get; init; }

    /// <summary>Of the PFX, or of the private key in the PEM.</summary>
    public string? CertificatePassword { get; init; }

    /// <summary>Without the password.</summary>
    public override string ToString() => $"{nameof(KeySettings)} {{ Certificate {(CertificatePath is null ? "absent" : "set")} }}";
}
