namespace Provisioning.Api.Configuration;

/// <summary>The operator's way in (design D9).</summary>
public sealed record OperatorSettings
{
    /// <summary>At least 16 characters; null: operator routes answer 401.</summary>
    public string? Token { get; init; }

    /// <summary>Without the token.</summary>
    public override string ToString() => $"{nameof(OperatorSettings)} {{ Token {(Token is null ? "absent" : "set")} }}";
}
