using System.Text.Json.Nodes;
using Provisioning.Core.Contracts;
using Provisioning.Core.Directory;
using Provisioning.Core.Organizations;

// Bodies of requests as /openapi/v1.json describes them. They are read field by field, so that a refusal names the field; a test compares
// what is described with what is read. Null by default: optional.
namespace Provisioning.Api.Admin;

public sealed record NewOrganizationBody(
    string Slug, string Name, IReadOnlyList<TierBody> Tiers, ProvisioningMode? Mode = null, string? BillingZone = null,
    IReadOnlyList<string>? Domains = null, AddressBody? Owner = null);

public sealed record TierBody(string Tier, int Rank, int Purchased, JsonObject? Features = null);

public sealed record AddressBody(string Email);

public sealed record OrganizationChangeBody(string? Name = null, string? BillingZone = null);

public sealed record SuspensionBody(bool? Suspended = null);

public sealed record SeatsBody(IReadOnlyList<TierBody> Tiers);

public sealed record DomainsBody(IReadOnlyList<string> Domains);

public sealed record AppointmentBody(string? MemberId = null, string? Email = null);

public sealed record NewContractBody(
    string Currency, IReadOnlyList<ContractTierBody> Tiers, string? Start = null, int? MinimumSeats = null, bool? AutoRenew = null, PlanModel? PlanModel = null,
    string? SingleTier = null, string? Surcharge = null, PaymentMethod? Collection = null, Funding? Funding = null, ProrationPolicy? Proration = null,
    bool? Compliance = null, ContractKind? Kind = null);

public sealed record ContractTierBody(string Tier, string Price, int Quantity, bool? Surcharge = null, int? Rank = null, JsonObject? Features = null);

public sealed record ContractChangeBody(bool? AutoRenew = null, bool? Cancelled = null);

public sealed record PricesBody(IReadOnlyList<TierPriceBody> Tiers);

public sealed record TierPriceBody(string Tier, string Price, bool? Surcharge = null);

public sealed record RenewalBody(IReadOnlyDictionary<string, int> Quantities);

/// <summary>Several changes, or one by itself such as the purchaseHint of a refusal.</summary>
public sealed record QuoteBody(
    IReadOnlyList<QuoteChangeBody>? Changes = null, ChangeKind? Kind = null, string? Tier = null, string? From = null, string? To = null, int? Quantity = null,
    IReadOnlyList<string>? Members = null);

/// <param name="Tier">Of an addition.</param>
/// <param name="From">Of an upgrade, with to.</param>
/// <param name="Members">Who sits on the lower tier and moves along.</param>
public sealed record QuoteChangeBody(
    ChangeKind Kind, int Quantity, string? Tier = null, string? From = null, string? To = null, IReadOnlyList<string>? Members = null);

public sealed record ConfirmationBody(MoneyForm ExpectedTotal);

public sealed record PaymentBody(string Reference);

public sealed record CreditBody(string Reason, string? Amount = null);

/// <param name="Result">succeeded or failed.</param>
public sealed record PaymentNoticeBody(string Invoice, string Result, string Reference, MoneyForm? Total = null);

public sealed record MemberChangeBody(SeatChangeBody? Seat = null, MemberState? State = null, Role? Role = null);

public sealed record SeatChangeBody(string? Tier = null, bool? Unassign = null, bool? Wait = null);

public sealed record SwapsBody(IReadOnlyList<SwapBody> Changes);

/// <param name="Tier">Null unassigns.</param>
public sealed record SwapBody(string MemberId, string? Tier);

public sealed record InvitationBody(string Email, Role? Role = null, string? Tier = null);

public sealed record InvitationsBody(IReadOnlyList<InvitationBody> Invitations);

public sealed record AcceptanceBody(string Token);

public sealed record TransferBody(string MemberId, string ConfirmEmail);

public sealed record TokenBody(Door Door, string Name, Role? Role = null, string? MemberId = null, string? ExpiresAt = null);

public sealed record ScimTokenBody(string Name, string? ExpiresAt = null);

public sealed record ConnectionBody(
    string Name, ConnectionKind? Kind = null, bool? Enabled = null, bool? IsDefault = null, bool? TrustEmail = null, string? ExternalIdClaim = null,
    IReadOnlyList<string>? Domains = null, OidcBody? Oidc = null, SamlBody? Saml = null);

public sealed record OidcBody(
    string Issuer, string ClientId, string? ClientSecret = null, ClientAuthentication? TokenEndpointAuthMethod = null, IReadOnlyList<string>? Scopes = null,
    OidcClaimsBody? Claims = null);

/// <summary>What is done with the next key of a connection.</summary>
public enum KeyStep { Publish, Sign }

public sealed record ConnectionKeyBody(KeyStep Next);

public sealed record OidcClaimsBody(
    string? Email = null, string? EmailVerified = null, string? Name = null, string? Groups = null, string? ExternalId = null);

public sealed record SamlBody(
    string? IdpEntityId = null, string? SsoUrl = null, string? SloUrl = null, IReadOnlyList<string>? Certificates = null, SamlAttributesBody? Attributes = null,
    bool? SignAuthnRequests = null, bool? AllowIdpInitiated = null, string? NameIdFormat = null, string? MetadataXml = null, string? MetadataUrl = null);

public sealed record SamlAttributesBody(string? Email = null, string? Name = null, string? Groups = null, string? ExternalId = null);

public sealed record SignInSettingsBody(IReadOnlyList<string> ReturnTo, bool? RecoveryLinks = null);

public sealed record DomainBody(string Name);

public sealed record WebhookBody(string Url, IReadOnlyList<string>? Types = null);

public sealed record ResendBody(int? Sequence = null);

/// <summary>A change of mode, policies or mapping; what is absent stays.</summary>
public sealed record ProvisioningChangeBody(
    ProvisioningMode? Mode = null, NoSeatBody? OnNoSeat = null, VerifiedDomainBody? RequireVerifiedDomain = null, bool? MappingEnabled = null,
    MappingsBody? Mappings = null, UnmappedTier? UnmappedTier = null, MappedTierExhausted? MappedTierExhausted = null);

/// <param name="Acknowledge">Overrides would_lock_out.</param>
public sealed record ProvisioningBody(
    bool? Acknowledge = null, ProvisioningMode? Mode = null, NoSeatBody? OnNoSeat = null, VerifiedDomainBody? RequireVerifiedDomain = null,
    bool? MappingEnabled = null, MappingsBody? Mappings = null, UnmappedTier? UnmappedTier = null, MappedTierExhausted? MappedTierExhausted = null);

public sealed record NoSeatBody(NoSeatPolicy? Scim = null);

public sealed record VerifiedDomainBody(bool? Scim = null);

public sealed record MappingsBody(IReadOnlyList<RoleMappingBody>? Roles = null, IReadOnlyList<TierMappingBody>? Tiers = null);

public sealed record RoleMappingBody(string Group, Role Role);

public sealed record TierMappingBody(string Group, string Tier);

public sealed record ApplyBody(string PreviewId, int? Removals = null, bool? Acknowledge = null);

/// <param name="Complete">These are all the people there are.</param>
public sealed record WhatIfBody(IReadOnlyList<PersonBody> People, bool? Complete = null, ProvisioningChangeBody? Change = null);

public sealed record PersonBody(string UserName, bool? Active = null, IReadOnlyList<string>? Groups = null);

public sealed record SyncBody(SyncScope? Scope = null);

public sealed record ReservationsBody(IReadOnlyList<ReservationBody> Reservations);

public sealed record ReservationBody(string Group, string Tier, int Quantity);

public sealed record CodeBody(string Code);

/// <summary>Rates per million tokens, written as texts.</summary>
public sealed record EnteredPricesBody(IReadOnlyList<EnteredPriceBody> Prices);

public sealed record EnteredPriceBody(
    string Model, string Currency, string Input, string Output, string DefaultEstimate, string? CacheWrite = null, string? CacheRead = null, string? ValidFrom = null);

public sealed record MultiplierBody(string Multiplier);

public sealed record CreditPurchaseBody(MoneyForm Amount, string? ExpiresAt = null, int? Priority = null);

/// <param name="Kind">give or take_back; what is taken back has no expiry and no priority.</param>
public sealed record AdjustmentBody(string Kind, MoneyForm Amount, string Reason, string? ExpiresAt = null, int? Priority = null);

/// <summary>With an estimate of tokens, or with the model alone.</summary>
public sealed record AuthorizationBody(string MemberId, EstimateBody? Estimate = null, string? Model = null);

public sealed record EstimateBody(string Model, long? Input = null, long? Output = null, long? CacheWrite = null, long? CacheRead = null);

public sealed record SettlementBody(
    long? Input = null, long? Output = null, long? CacheWrite = null, long? CacheRead = null, string? Model = null, string? OccurredAt = null, string? MemberId = null);

public sealed record UsageEventsBody(IReadOnlyList<UsageEventBody> Events);

public sealed record UsageEventBody(
    string Source, string EventId, string MemberId, string Model, long? Input = null, long? Output = null, long? CacheWrite = null, long? CacheRead = null,
    string? OccurredAt = null);

public sealed record UsageSettingsBody(string? CapCombination = null, bool? ExtraUsage = null);

public sealed record ExtraUsageBody(bool Enabled);

public sealed record IncludedLimitsBody(string Currency, IReadOnlyList<IncludedLimitBody> Limits);

public sealed record IncludedLimitBody(string Tier, string Amount);

/// <param name="Limit">Per calendar month; null is unlimited.</param>
public sealed record CapBody(MoneyForm? Limit);

/// <param name="Basis">aggregate or per_member.</param>
public sealed record TierCapBody(MoneyForm? Limit, string Basis);

public sealed record CapRequestBody(MoneyForm Limit, string? Reason = null);

/// <param name="Limit">When it is another than was asked for.</param>
public sealed record CapApprovalBody(MoneyForm? Limit = null);

/// <param name="ConfirmEmail">The address of the member, typed.</param>
/// <param name="Connection">Id of the only connection it is for; needed for the primary owner.</param>
public sealed record LinkConfirmationBody(string ConfirmEmail, string? Connection = null);
