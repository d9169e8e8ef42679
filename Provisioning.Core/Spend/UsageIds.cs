using Provisioning.Core.Common;

namespace Provisioning.Core.Spend;

/// <summary>An authorisation: money set aside before usage (rule USE-9).</summary>
public readonly record struct AuthorizationId(Guid Value) : IId<AuthorizationId>
{
    public static string Prefix => "aut_";
    public static AuthorizationId From(Guid value) => new(value);
    public override string ToString() => Ids.Text(this);
}

/// <summary>A recorded usage event.</summary>
public readonly record struct UsageEventId(Guid Value) : IId<UsageEventId>
{
    public static string Prefix => "use_";
    public static UsageEventId From(Guid value) => new(value);
    public override string ToString() => Ids.Text(this);
}

/// <summary>A member's request for a higher cap (rule CAP-10).</summary>
public readonly record struct CapRequestId(Guid Value) : IId<CapRequestId>
{
    public static string Prefix => "crq_";
    public static CapRequestId From(Guid value) => new(value);
    public override string ToString() => Ids.Text(this);
}

/// <summary>A cap, whatever became of it: only lists go by it.</summary>
public readonly record struct CapId(Guid Value) : IId<CapId>
{
    public static string Prefix => "cap_";
    public static CapId From(Guid value) => new(value);
    public override string ToString() => Ids.Text(this);
}
