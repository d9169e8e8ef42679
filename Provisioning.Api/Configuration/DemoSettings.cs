namespace Provisioning.Api.Configuration;

/// <summary>The demo organisation (design D9). A token that is null is made at random and printed once.</summary>
public sealed record DemoSettings
{
    /// <summary>Default: true in Development, else false.</summary>
    public bool Enabled { get; init; }
    public string? ScimToken { get; init; }
    public string? OwnerToken { get; init; }
    public string? GatewayToken { get; init; }

    /// <summary>Purchased seats by tier name; always has <c>standard</c> (default 1) and <c>premium</c> (default 2).</summary>
    public IReadOnlyDictionary<string, int> Seats { get; init; } = DefaultSeats;

    internal static readonly IReadOnlyDictionary<string, int> DefaultSeats =
        new Dictionary<string, int>(StringComparer.Ordinal) { ["standard"] = 1, ["premium"] = 2 };

    /// <summary>Without the tokens.</summary>
    public override string ToString() => $"{nameof(DemoSettings)} {{ Enabled = {Enabled} }}";
}
