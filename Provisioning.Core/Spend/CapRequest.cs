using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Spend;

public enum CapRequestState { Pending, Approved, Denied }

/// <summary>A member asks for a higher individual cap (rule CAP-10).</summary>
/// <param name="Amount">Minor units wanted per month.</param>
/// <param name="DecidedBy">The actor who approved or denied.</param>
public sealed record CapRequest(
    CapRequestId Id, OrganizationId Organization, MemberId Member, long Amount, Currency Currency, string? Reason, CapRequestState State,
    DateTimeOffset CreatedAt, DateTimeOffset? DecidedAt, string? DecidedBy)
{
    public Target Target => new("cap_request", Id.ToString());

    public JsonObject Describe() => new()
    {
        ["memberId"] = Member.ToString(), ["amount"] = Currency.Text(Amount), ["currency"] = Currency.Code, ["state"] = Words.Text(State),
    };
}
