using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Spend;

namespace Provisioning.Api.Admin;

/// <param name="Limit">Per calendar month in the billing zone; null is unlimited, 0 blocks.</param>
public sealed record CapForm(string Scope, string? Tier, string? MemberId, string? Basis, MoneyForm? Limit, string ChangedAt, long Version)
{
    public static CapForm ToApi(Cap cap) => new(
        Words.Text(cap.Subject.Scope), cap.Subject.Tier, cap.Subject.Member?.ToString(), cap.Basis is { } basis ? Words.Text(basis) : null,
        cap.Amount is { } amount ? MoneyForm.ToApi(new Money(amount, cap.Currency)) : null, Instants.Text(cap.ChangedAt), cap.Version);
}

public sealed record CapsForm(IReadOnlyList<CapForm> Caps, string? NextCursor);

/// <summary>A cap that applies to a member, and how much of it is left.</summary>
/// <param name="Source">Where it comes from: organisation, tier/premium or individual/mem_...</param>
/// <param name="Spent">Settled this month, with six decimals.</param>
/// <param name="Held">Set aside for requests under way.</param>
/// <param name="Remaining">Below zero when it was lowered, or a request went over it.</param>
public sealed record CapStandingForm(string Scope, string Source, string? Basis, string Limit, string Spent, string Held, string Remaining)
{
    public static CapStandingForm ToApi(CapStanding standing) => new(
        Words.Text(standing.Cap.Subject.Scope), standing.Cap.Subject.Text, standing.Cap.Basis is { } basis ? Words.Text(basis) : null,
        standing.Cap.Currency.Text(standing.Cap.Amount!.Value), standing.Counter.Settled.Text(), standing.Counter.Held.Text(), standing.Remaining.Text());
}

/// <param name="Included">What the seat includes, on plans that include usage.</param>
public sealed record IncludedForm(string Limit, string Used, string Held, bool ExtraUsage);

/// <summary>Every cap that applies to a member, and the one that stops first.</summary>
/// <param name="Binding">Null: nothing limits.</param>
/// <param name="ResetsAt">When the next month begins in the billing zone.</param>
public sealed record EffectiveCapsForm(
    string MemberId, string Period, string ResetsAt, string Combination, string? Currency, CapStandingForm? Binding, IReadOnlyList<CapStandingForm> Applying, IncludedForm? Included)
{
    public static EffectiveCapsForm ToApi(EffectiveCaps caps) => new(
        caps.Member.ToString(), caps.Period.Text, Instants.Text(caps.ResetsAt), Words.Text(caps.Combination), caps.Binding?.Cap.Currency.Code,
        caps.Binding is { } binding ? CapStandingForm.ToApi(binding) : null, [.. caps.Applying.Select(CapStandingForm.ToApi)],
        caps.Included is var (limit, used) ? new IncludedForm(limit.Text(), used.Settled.Text(), used.Held.Text(), caps.ExtraUsage) : null);
}

public sealed record CapRequestForm(
    string Id, string MemberId, MoneyForm Limit, string? Reason, string State, string CreatedAt, string? DecidedAt, string? DecidedBy)
{
    public static CapRequestForm ToApi(CapRequest request) => new(
        request.Id.ToString(), request.Member.ToString(), MoneyForm.ToApi(new Money(request.Amount, request.Currency)), request.Reason, Words.Text(request.State),
        Instants.Text(request.CreatedAt), MemberForm.Optional(request.DecidedAt), request.DecidedBy);
}

public sealed record CapRequestsForm(IReadOnlyList<CapRequestForm> Requests, string? NextCursor);
