using System.Collections.Frozen;

namespace Provisioning.Api.Hosting;

/// <summary>The stable codes of refusals and their statuses (domain.md section 9 and decision 0007).</summary>
public static class Refusals
{
    private static readonly FrozenDictionary<string, int> Statuses = new (int Status, string Codes)[]
    {
        (400, "invalid_request invalid_cursor"),
        (401, "unauthenticated"),
        (403, "forbidden_role wrong_mode"),
        (404, "not_found"),
        (409, """
            tier_full seats_not_removable from_tier_in_use quote_stale quote_already_confirmed quote_expired managed_by_directory would_lock_out
            preview_outdated removal_count_mismatch member_exists invitation_exists domain_taken identity_conflict idempotency_in_progress event_conflict
            contract_not_annual last_primary_owner cannot_remove_self slug_taken connection_exists too_many_tokens too_many_webhooks contract_exists
            plan_not_convertible invoice_not_payable invoice_not_creditable term_inactive effect_decided member_not_removed domain_routed
            reservations_exceed_purchased funding_not_prepaid credit_limit credits_not_available
            authorization_settled request_pending request_decided held_total_exceeded no_contract
            """),
        (410, "invitation_expired invitation_revoked"),
        (412, "version_conflict"),
        (413, "body_too_large"),
        (415, "unsupported_media_type"),
        (422, """
            domain_not_verified unknown_tier price_not_in_contract idempotency_key_reused total_mismatch event_out_of_window cap_basis_required
            quantity_below_in_use below_minimum_seats code_invalid connection_not_usable outbound_refused outbound_failed
            not_an_administrator client_secret_required
            """),
        (428, "precondition_required"),
        (429, "rate_limited"),
        (503, "store_unavailable"),
    }.SelectMany(static row => row.Codes.Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries).Select(code => KeyValuePair.Create(code, row.Status)))
        .ToFrozenDictionary();

    /// <summary>The status of a code. A new code needs a place in the table above.</summary>
    public static int StatusOf(string code) => Statuses[code];

    /// <summary>Says which codes a route may answer beside those that every route of its kind has.</summary>
    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder route, params string[] codes)
    {
        foreach (var code in codes) _ = StatusOf(code);
        return route.WithMetadata(new RefusalCodes(codes));
    }

    /// <summary>The route changes something that has a version: it demands If-Match.</summary>
    public static RouteHandlerBuilder NeedsVersion(this RouteHandlerBuilder route) =>
        route.WithMetadata(new VersionDemand()).Refuses("version_conflict", "precondition_required");
}

/// <summary>Codes of a route, for its description.</summary>
internal sealed record RefusalCodes(IReadOnlyList<string> Codes);

/// <summary>The route demands If-Match.</summary>
internal sealed record VersionDemand;

/// <summary>The route keeps no receipt for an Idempotency-Key.</summary>
internal sealed record TakesNoKey;

/// <summary>A refusal (RFC 9457).</summary>
/// <param name="Code">Stable; to be looked at by programs. The detail is for people.</param>
/// <param name="CorrelationId">Of the request, as in the log and the audit trail.</param>
/// <param name="Tier">tier_full only: the tier that was asked for; null for any.</param>
/// <param name="PurchaseHint">tier_full only: what to buy, as POST /seat-quotes takes it.</param>
public sealed record ProblemForm(
    string Type, string Title, int Status, string Code, string Detail, string CorrelationId, string? Tier = null, PurchaseHintForm? PurchaseHint = null);

/// <summary>What to buy so that the request could be carried out.</summary>
public sealed record PurchaseHintForm(string Kind, string Tier, int Quantity);
