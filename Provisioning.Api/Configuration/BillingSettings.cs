namespace Provisioning.Api.Configuration;

/// <summary>Who issues invoices, and how payments are told.</summary>
public sealed record BillingSettings
{
    /// <summary>The seller on invoices; numbers run per issuer and year.</summary>
    public string Issuer { get; init; } = "Provisioning";

    /// <summary>Lines below the name.</summary>
    public IReadOnlyList<string> Address { get; init; } = [];

    /// <summary>IANA zone of issue and due dates.</summary>
    public string Zone { get; init; } = "UTC";

    /// <summary>Days from the issue of an invoice until it is due.</summary>
    public int PaymentDays { get; init; } = 30;

    /// <summary>How long after a month its usage invoice is issued; usage that comes until then stands on it (rule USE-3).</summary>
    public TimeSpan UsageGrace { get; init; } = TimeSpan.FromHours(72);

    /// <summary>Shared with the payment service, which signs its notices with it; null: notices are refused.</summary>
    public string? PaymentSecret { get; init; }

    /// <summary>Without the secret.</summary>
    public override string ToString() => $"{nameof(BillingSettings)} {{ Issuer = {Issuer} }}";
}
