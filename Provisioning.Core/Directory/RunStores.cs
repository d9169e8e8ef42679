using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Directory;

/// <summary>A walk over everybody of an organisation in units: each writes where the next one starts, so a crash loses nothing.</summary>
/// <param name="Position">The last id that was looked at in this phase; null at its start.</param>
/// <param name="StartedAt">A run that starts in the future waits until then.</param>
/// <param name="Seen">People looked at.</param>
/// <param name="Changed">People changed.</param>
public sealed record DirectoryRun(
    DirectoryRunId Id, OrganizationId Organization, RunKind Kind, SyncScope Scope, RunPhase Phase, Guid? Position, DateTimeOffset StartedAt,
    long Seen, long Changed, RunState State)
{
    public static DirectoryRun Start(DirectoryRunId id, OrganizationId organization, RunKind kind, SyncScope scope, DateTimeOffset at) =>
        new(id, organization, kind, scope, kind == RunKind.Apply ? RunPhase.Links : RunPhase.Entries, null, at, 0, 0, RunState.Running);
}

/// <summary>A sync makes members equal to entries and groups; an apply also removes whom the directory does not have.</summary>
public enum RunKind { Sync, Apply }

/// <summary>What a sync looks at: whether members follow their entries, whether roles and tiers follow the groups, or both (rule GRP-8).</summary>
public enum SyncScope { Members, Groups, Both }

/// <summary>
/// In this order: entries find the members they belong to, members without an entry go, everybody follows the entry. So seats are free
/// before they are handed out, and nobody is removed who has an entry.
/// </summary>
public enum RunPhase { Links, Absentees, Entries }

public enum RunState { Running, Done }

/// <summary>What an owner was shown, and of which state (rule SCIM-12).</summary>
/// <param name="Wanted">The change, as JSON.</param>
/// <param name="Fingerprint">Of everything the preview was computed from.</param>
/// <param name="Shown">The report, as JSON.</param>
/// <param name="Removals">People who would lose access.</param>
/// <param name="Run">The apply, once there is one.</param>
public sealed record ProvisioningPreview(
    PreviewId Id, OrganizationId Organization, string Wanted, string Fingerprint, string Shown, int Removals, DateTimeOffset CreatedAt, DirectoryRunId? Run);

/// <summary>Runs and previews.</summary>
public interface IRunStore
{
    Task InsertAsync(ISession session, DirectoryRun run);

    Task<DirectoryRun?> FindAsync(ISession session, OrganizationId organization, DirectoryRunId run);

    /// <summary>Writes the run that is still where <paramref name="before"/> was; throws <see cref="UnitConflictException"/> when not.</summary>
    Task UpdateAsync(ISession session, DirectoryRun before, DirectoryRun after);

    /// <summary>Of each organisation the oldest run that is not done and whose time has come, oldest first: one with many keeps no other waiting.</summary>
    Task<IReadOnlyList<DirectoryRun>> RunningAsync(ISession session, DateTimeOffset now, int limit);

    Task InsertPreviewAsync(ISession session, ProvisioningPreview preview);

    Task<ProvisioningPreview?> FindPreviewAsync(ISession session, OrganizationId organization, PreviewId preview);

    /// <summary>Ties the preview to its apply; false when it has one.</summary>
    Task<bool> SetRunAsync(ISession session, ProvisioningPreview preview, DirectoryRunId run);

    /// <summary>Deletes the previews made before this instant, of all organisations; answers how many.</summary>
    Task<int> DeletePreviewsAsync(ISession session, DateTimeOffset before);

    /// <summary>A text that differs whenever a setting, mapping, entry, group, membership, member or seat differs.</summary>
    Task<string> FingerprintAsync(ISession session, OrganizationId organization);

    /// <summary>When the directory pushed last; null: never.</summary>
    Task<DateTimeOffset?> LastPushAsync(ISession session, OrganizationId organization);

    /// <summary>Entries by id after a position.</summary>
    Task<IReadOnlyList<DirectoryEntry>> EntriesAsync(ISession session, OrganizationId organization, Guid? after, int limit);

    /// <summary>Members without an entry that are not removed and were there before this instant, by id after a position.</summary>
    Task<IReadOnlyList<SeatedMember>> AbsenteesAsync(ISession session, OrganizationId organization, DateTimeOffset before, Guid? after, int limit);
}
