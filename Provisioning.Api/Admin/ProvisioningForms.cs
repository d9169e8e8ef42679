using Provisioning.Core.Common;
using Provisioning.Core.Directory;

namespace Provisioning.Api.Admin;

public sealed record NoSeatForm(string Scim);

public sealed record VerifiedDomainForm(bool Scim);

/// <param name="GroupId">The pushed group; null while none of this name is there.</param>
public sealed record RoleMappingForm(string Group, string? GroupId, string Role);

/// <param name="GroupId">The pushed group; null while none of this name is there.</param>
public sealed record TierMappingForm(string Group, string? GroupId, string Tier);

public sealed record MappingsForm(IReadOnlyList<RoleMappingForm> Roles, IReadOnlyList<TierMappingForm> Tiers);

/// <summary>GET /provisioning; its ETag is the version of the settings.</summary>
public sealed record ProvisioningForm(
    string Mode, NoSeatForm OnNoSeat, VerifiedDomainForm RequireVerifiedDomain, bool MappingEnabled, MappingsForm Mappings, string UnmappedTier,
    string MappedTierExhausted, long Version)
{
    public static ProvisioningForm ToApi(ProvisioningState state) => new(
        Words.Text(state.Organization.Mode), new NoSeatForm(Words.Text(state.Organization.OnNoSeatScim)),
        new VerifiedDomainForm(state.Organization.RequireVerifiedDomainScim), state.Organization.Mapping.Enabled,
        new MappingsForm(
            [.. state.Mappings.Where(mapping => mapping.Role is not null).Select(mapping =>
                new RoleMappingForm(mapping.DisplayName ?? mapping.Group, mapping.Id?.ToString(), Words.Text(mapping.Role!.Value)))],
            [.. state.Mappings.Where(mapping => mapping.Tier is not null).Select(mapping =>
                new TierMappingForm(mapping.DisplayName ?? mapping.Group, mapping.Id?.ToString(), mapping.Tier!))]),
        Words.Text(state.Organization.Mapping.UnmappedTier), Words.Text(state.Organization.Mapping.WhenExhausted), state.Organization.Version);
}

/// <summary>What would happen to one person.</summary>
/// <param name="Outcome">seated, waiting, unassigned, removed, suspended, excluded, kept.</param>
/// <param name="Reason">not_in_directory, inactive, no_mapped_group, admin; null when the person may come in.</param>
/// <param name="From">The role or tier now; null: none.</param>
public sealed record PlannedForm(
    string UserName, string? MemberId, string Outcome, string? Reason, string? Role, string? FromRole, string? Tier, string? FromTier)
{
    public static PlannedForm ToApi(PlannedChange change) => new(
        change.UserName, change.Member?.ToString(), change.Outcome, change.Reason, change.Role is { } role ? Words.Text(role) : null,
        change.WasRole is { } was ? Words.Text(was) : null, change.Tier, change.WasTier);
}

/// <summary>How many, and the first fifty of them.</summary>
public sealed record PlannedListForm(int Count, IReadOnlyList<PlannedForm> First)
{
    public static PlannedListForm ToApi(PlannedList list) => new(list.Count, [.. list.First.Select(PlannedForm.ToApi)]);
}

/// <param name="Missing">People who would wait for this tier; who would take any is counted at the best one.</param>
public sealed record TierPlanForm(string Tier, int Rank, int Purchased, int Assigned, int Held, int Free, int Missing)
{
    public static IReadOnlyList<TierPlanForm> ToApi(PlanReport plan) =>
    [
        .. plan.Tiers.Select((use, at) => new TierPlanForm(use.Tier, use.Rank, use.Purchased, use.Assigned, use.Held, use.Free,
            plan.MissingSeats.GetValueOrDefault(use.Tier) + (at == 0 ? plan.MissingSeats.GetValueOrDefault("") : 0))),
    ];
}

/// <summary>What a change of mode or mapping would do (rule SCIM-12); to be applied by its id while nothing it saw changes.</summary>
/// <param name="Removals">Everybody who would lose access.</param>
/// <param name="MustConfirm">More removals than the guard lets pass: repeat their count in the apply.</param>
public sealed record PreviewForm(
    string PreviewId, string CreatedAt, string ExpiresAt, string? LastPushAt, PlannedListForm Adds, PlannedListForm Removals,
    PlannedListForm RoleChanges, PlannedListForm TierChanges, int SeatsMissing, IReadOnlyList<TierPlanForm> Tiers, bool MustConfirm)
{
    public static PreviewForm ToApi(ProvisioningPreview preview, PreviewReport report) => new(
        preview.Id.ToString(), Instants.Text(preview.CreatedAt), Instants.Text(preview.CreatedAt + ProvisioningPreviews.Lifetime),
        MemberForm.Optional(report.LastPush), PlannedListForm.ToApi(report.Plan.Adds), PlannedListForm.ToApi(report.Plan.Removals),
        PlannedListForm.ToApi(report.Plan.RoleChanges), PlannedListForm.ToApi(report.Plan.TierChanges), report.Plan.MissingSeats.Values.Sum(),
        TierPlanForm.ToApi(report.Plan), report.Plan.Removals.Count > report.Limit);
}

/// <summary>The answer to a what-if question: nothing was changed.</summary>
public sealed record WhatIfForm(IReadOnlyList<PlannedForm> People, int SeatsMissing, IReadOnlyList<TierPlanForm> Tiers)
{
    public static WhatIfForm ToApi(PlanReport plan) =>
        new([.. plan.Everybody.Select(PlannedForm.ToApi)], plan.MissingSeats.Values.Sum(), TierPlanForm.ToApi(plan));
}

/// <summary>A sync or an apply.</summary>
/// <param name="State">running: a job carries on; done.</param>
/// <param name="Seen">People looked at so far.</param>
/// <param name="Changed">People changed so far.</param>
public sealed record RunForm(string RunId, string Kind, string Scope, string State, long Seen, long Changed)
{
    public static RunForm ToApi(DirectoryRun run) =>
        new(run.Id.ToString(), Words.Text(run.Kind), Words.Text(run.Scope), Words.Text(run.State), run.Seen, run.Changed);
}

/// <summary>Suspensions that the mass-removal guard held back (rule SCIM-14).</summary>
/// <param name="Members">How many people are still in it.</param>
public sealed record ParkedForm(string Id, string Cause, string State, string CreatedAt, long Members)
{
    public static ParkedForm ToApi(ParkedEffect effect) =>
        new(effect.Id.ToString(), effect.Cause, Words.Text(effect.State), Instants.Text(effect.CreatedAt), effect.Count);
}

public sealed record ParkedListForm(IReadOnlyList<ParkedForm> Effects, string? NextCursor);

public sealed record ParkedMembersForm(ParkedForm Effect, IReadOnlyList<MemberForm> Members, string? NextCursor);
