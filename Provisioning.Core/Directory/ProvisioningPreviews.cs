using System.Text.Json;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Directory;

/// <summary>What an owner is shown before the directory takes over.</summary>
/// <param name="LastPush">When the directory pushed last; null: never.</param>
/// <param name="Limit">More removals than this must be confirmed by their number.</param>
public sealed record PreviewReport(PlanReport Plan, DateTimeOffset? LastPush, int Limit);

/// <summary>Somebody of a what-if question.</summary>
/// <param name="Groups">Names or externalIds of groups.</param>
public sealed record SupposedPerson(string UserName, bool Active, IReadOnlyList<string> Groups);

/// <summary>Preview and apply of a change of mode or mapping (rule SCIM-12), and the what-if question. Only apply changes anything.</summary>
public sealed class ProvisioningPreviews(
    IDatabase database, ProvisioningSettings settings, PlanReader plans, IRunStore runs, IOrganizationStore organizations, GrantCache cache, TimeProvider time)
{
    /// <summary>How long a preview can be applied; then it is deleted, because it shows people by name.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public async Task<Outcome<(ProvisioningPreview Preview, PreviewReport Report)>> PreviewAsync(
        Organization organization, Actor actor, ProvisioningChange change, Idempotency? idempotency, CancellationToken cancel)
    {
        // One snapshot for what is shown and for its fingerprint.
        var read = await database.ReadAsync(async session =>
        {
            var before = (await organizations.FindAsync(session, organization.Id.ToString()))!;
            var after = change.ApplyTo(before);
            if (!(await plans.TableAsync(session, before, after, change)).Try(out var table, out var error)) return (Outcome<(PreviewReport, string)>)error;
            var plan = await plans.OfDirectoryAsync(session, before, after, table);
            return (new PreviewReport(plan, await runs.LastPushAsync(session, before.Id), MassGuard.Limit(await plans.CountMembersAsync(session, before.Id))),
                await runs.FingerprintAsync(session, before.Id));
        }, cancel);
        if (!read.Try(out var seen, out var refused)) return refused;
        var (report, fingerprint) = seen;
        var preview = new ProvisioningPreview(
            Ids.New<PreviewId>(time), organization.Id, JsonSerializer.Serialize(change, Json), fingerprint, JsonSerializer.Serialize(report, Json), report.Plan.Removals.Count,
            Instants.Now(time), null);
        return await database.WriteAsync(new WriteUnit<(ProvisioningPreview, PreviewReport)>(
            idempotency?.Id ?? Ids.New<UnitId>(time), "provisioning.preview", actor, preview.CreatedAt, async scope =>
        {
            await runs.InsertPreviewAsync(scope.Session, preview);
            scope.Record(organization.Id, "directory.preview_created", Target(preview.Id), null, new()
            {
                ["adds"] = report.Plan.Adds.Count, ["removals"] = report.Plan.Removals.Count, ["roleChanges"] = report.Plan.RoleChanges.Count,
                ["tierChanges"] = report.Plan.TierChanges.Count, ["seatsMissing"] = report.Plan.MissingSeats.Values.Sum(),
            });
            return (preview, report);
        })
        {
            Organization = organization.Id, RequestHash = idempotency?.RequestHash,
            Remember = _ => preview.Id.ToString(), Recall = async (session, kept) => await RecallAsync(session, organization, kept),
        }, cancel);
    }

    /// <summary>What was shown, for a request that comes again; gone when a person was erased since.</summary>
    private async Task<Outcome<(ProvisioningPreview, PreviewReport)>> RecallAsync(ISession session, Organization organization, string kept) =>
        Ids.TryParse<PreviewId>(kept, out var id) && await runs.FindPreviewAsync(session, organization.Id, id) is { Shown.Length: > 0 } preview
            ? (preview, JsonSerializer.Deserialize<PreviewReport>(preview.Shown, Json)!)
            : new Conflict("preview_outdated", "What this preview showed was erased since; ask for a new one.");

    /// <summary>
    /// Carries a preview out: the settings at once, the people by a run. Refuses an outdated preview (409 preview_outdated), an empty
    /// directory (409 would_lock_out), and above the guard a number of removals that was not repeated (409 removal_count_mismatch). The
    /// same preview applied twice is applied once.
    /// </summary>
    public async Task<Outcome<DirectoryRun>> ApplyAsync(
        Organization organization, Actor actor, PreviewId id, int? removals, bool acknowledge, Idempotency? idempotency, CancellationToken cancel)
    {
        var runId = Ids.New<DirectoryRunId>(time);
        var applied = await database.WriteAsync(new WriteUnit<DirectoryRun>(
            idempotency?.Id ?? Ids.New<UnitId>(time), "provisioning.apply", actor, Instants.Now(time), async scope =>
        {
            if (await runs.FindPreviewAsync(scope.Session, organization.Id, id) is not { } preview) return new NotFound($"There is no preview {id}.");
            if (preview.Run is { } earlier) return (await runs.FindAsync(scope.Session, organization.Id, earlier))!;
            if (preview.CreatedAt + Lifetime < scope.Now || await runs.FingerprintAsync(scope.Session, organization.Id) != preview.Fingerprint)
                return new Conflict("preview_outdated", "The directory, the members or the settings have changed since this preview; ask for a new one.");
            var before = (await organizations.FindAsync(scope.Session, organization.Id.ToString()))!;
            var change = JsonSerializer.Deserialize<ProvisioningChange>(preview.Wanted, Json)!;
            if (change.ApplyTo(before).FollowsDirectory && !await settings.HasEntriesAsync(scope.Session, before.Id))
                return new Conflict("would_lock_out", "The directory has pushed nobody, so everybody would lose access. Push people first.");
            var limit = MassGuard.Limit(await plans.CountMembersAsync(scope.Session, before.Id));
            if ((removals is not null || preview.Removals > limit) && removals != preview.Removals)
                return new Conflict("removal_count_mismatch", $"{preview.Removals} people would lose access; repeat this number as \"removals\" to confirm it.");
            if (!(await settings.WriteAsync(scope, before, change, acknowledge)).Try(out _, out var error)) return error;
            var run = DirectoryRun.Start(runId, before.Id, RunKind.Apply, SyncScope.Both, scope.Now);
            await runs.InsertAsync(scope.Session, run);
            if (!await runs.SetRunAsync(scope.Session, preview, runId)) throw new UnitConflictException("The preview was applied by somebody else.");
            scope.Note(before.Id, "directory.apply_started", Target(preview.Id), new() { ["removals"] = preview.Removals, ["run"] = runId.ToString() });
            return run;
        }) { Organization = organization.Id, RequestHash = idempotency?.RequestHash }, cancel);
        cache.Forget(organization.Id);
        return applied;
    }

    /// <summary>
    /// Given these people in these groups: who would sit where, who would wait, who would lose access. Nothing is changed or kept.
    /// </summary>
    /// <param name="complete">Whether these people are all there are: then members not among them count as absent.</param>
    public Task<Outcome<PlanReport>> SupposeAsync(
        Organization organization, ProvisioningChange change, IReadOnlyList<SupposedPerson> people, bool complete, CancellationToken cancel) =>
        database.ReadAsync(async session =>
        {
            var before = (await organizations.FindAsync(session, organization.Id.ToString()))!;
            var after = change.ApplyTo(before);
            if (!(await plans.TableAsync(session, before, after, change)).Try(out var table, out var error)) return (Outcome<PlanReport>)error;
            return await plans.OfPeopleAsync(session, before, table, people, complete);
        }, cancel);

    /// <summary>Deletes previews that are past their time (rule TIME-3).</summary>
    public Task<Outcome<int>> SweepAsync(Lease? lease, Actor actor, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<int>(Ids.New<UnitId>(time), "previews.delete", actor, Instants.Now(time), async scope =>
            await runs.DeletePreviewsAsync(scope.Session, scope.Now - Lifetime)) { Lease = lease }, cancel);

    private static Target Target(PreviewId preview) => new("preview", preview.ToString());
}
