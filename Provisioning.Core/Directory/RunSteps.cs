using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Directory;

/// <summary>One step of a run over everybody: the next few entries, or members without one.</summary>
public sealed class RunSteps(
    IRunStore runs, IMemberStore members, EntryFollower follower, EntryLinks links, GroupFollower groups, Placements placements,
    MemberLifecycle lifecycle, SeatEngine seats)
{
    /// <summary>People per unit (design D2: at most about 500 rows).</summary>
    public const int Chunk = 50;

    /// <param name="newMembers">Ids for members to be made, one per person.</param>
    public async Task<DirectoryRun> TakeAsync(UnitScope scope, Organization organization, DirectoryRun run, IReadOnlyList<MemberId> newMembers)
    {
        await seats.LockAsync(scope, organization.Id);
        return run.Phase switch
        {
            RunPhase.Links => await TakeLinksAsync(scope, organization, run),
            RunPhase.Absentees => await TakeAbsenteesAsync(scope, organization, run),
            _ => await TakeEntriesAsync(scope, organization, run, newMembers),
        };
    }

    private async Task<DirectoryRun> TakeLinksAsync(UnitScope scope, Organization organization, DirectoryRun run)
    {
        // Whoever has no entry goes when the directory alone decides who is there; beside it, people may come by sign-in.
        if (organization.Mode != ProvisioningMode.Scim) return run with { Phase = RunPhase.Entries };
        var page = await runs.EntriesAsync(scope.Session, organization.Id, run.Position, Chunk);
        foreach (var entry in page.Where(entry => entry.Member is null))
            if ((await links.FindAsync(scope.Session, organization, EntryContent.Of(entry.Attributes))) is { IsOk: true, Value: { } found })
                await follower.LinkAsync(scope, organization, entry, found);
        return page.Count == Chunk
            ? run with { Seen = run.Seen + page.Count, Position = page[^1].Id.Value }
            : run with { Seen = run.Seen + page.Count, Position = null, Phase = RunPhase.Absentees };
    }

    private async Task<DirectoryRun> TakeEntriesAsync(
        UnitScope scope, Organization organization, DirectoryRun run, IReadOnlyList<MemberId> newMembers)
    {
        var page = await runs.EntriesAsync(scope.Session, organization.Id, run.Position, Chunk);
        var changed = 0;
        if (run.Scope != SyncScope.Groups)
            changed += await FollowAsync(scope, organization, page, newMembers);
        if (run.Scope != SyncScope.Members && organization.Mapping.Enabled)
            changed += await groups.EvaluateNowAsync(
                scope, organization, await placements.TableAsync(scope.Session, organization), [.. page.Select(entry => entry.Id)], "sync",
                confirmed: run.Kind == RunKind.Apply);
        run = run with { Seen = run.Seen + page.Count, Changed = run.Changed + changed };
        return page.Count == Chunk ? run with { Position = page[^1].Id.Value } : run with { State = RunState.Done };
    }

    /// <summary>Each entry by itself: one that cannot be followed is audited and stops nobody.</summary>
    private async Task<int> FollowAsync(
        UnitScope scope, Organization organization, IReadOnlyList<DirectoryEntry> page, IReadOnlyList<MemberId> newMembers)
    {
        var known = (await members.FindManyAsync(scope.Session, organization.Id, [.. page.Select(entry => entry.Member).OfType<MemberId>()]))
            .ToDictionary(member => member.Member.Id);
        var waiting = organization with { OnNoSeatScim = NoSeatPolicy.Waiting };
        var changed = 0;
        foreach (var (at, entry) in page.Index())
        {
            var before = entry.Member is { } id ? known.GetValueOrDefault(id) : null;
            if (before is not null) before = await lifecycle.AsItIsAsync(scope.Session, before);
            var linked = before is null ? await links.FindAsync(scope.Session, waiting, EntryContent.Of(entry.Attributes)) : before;
            var followed = linked.Try(out var member, out var error)
                ? await follower.FollowAsync(scope, waiting, entry, member, newMembers[at], pushedAgain: before is null) : error;
            if (followed.Try(out var after, out error)) changed += after.Member != before ? 1 : 0;
            else scope.Note(organization.Id, "user.not_followed", Target.User(entry.Id), null, error.Detail);
        }
        return changed;
    }

    private async Task<DirectoryRun> TakeAbsenteesAsync(UnitScope scope, Organization organization, DirectoryRun run)
    {
        var page = await runs.AbsenteesAsync(scope.Session, organization.Id, run.StartedAt, run.Position, Chunk);
        var removed = 0;
        foreach (var member in page)
        {
            if (await lifecycle.IsProtectedAsync(scope.Session, member.Member))
            {
                EntryFollower.Ignore(scope, organization, member.Member, "not in the directory");
                continue;
            }
            await lifecycle.RemoveAsync(
                scope, organization, await lifecycle.AsItIsAsync(scope.Session, member), SuspensionCause.Directory, "not_in_directory");
            removed++;
        }
        run = run with { Seen = run.Seen + page.Count, Changed = run.Changed + removed };
        return page.Count == Chunk ? run with { Position = page[^1].Member.Id.Value } : run with { Position = null, Phase = RunPhase.Entries };
    }
}
