using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Directory;

/// <summary>The owner's word about suspensions that the mass-removal guard held back (rule SCIM-14).</summary>
public sealed class ParkedEffects(
    IDatabase database, IParkedStore parked, IOrganizationStore organizations, IMemberStore members, Placements placements,
    MemberLifecycle lifecycle, SeatEngine seats, TimeProvider time)
{
    /// <summary>People suspended in one unit.</summary>
    private const int Chunk = 50;

    public Task<Page<ParkedEffect>> ListAsync(Organization organization, ParkedState? state, byte[]? after, int limit, CancellationToken cancel) =>
        database.ReadAsync(session => parked.ListAsync(session, organization.Id, state, after, limit), cancel);

    public Task<Outcome<(ParkedEffect Effect, IReadOnlyList<SeatedMember> People, string? Next)>> FindAsync(
        Organization organization, ParkedEffectId id, byte[]? after, int limit, CancellationToken cancel) =>
        database.ReadAsync(async session =>
        {
            if (await parked.FindAsync(session, organization.Id, id) is not { } effect)
                return (Outcome<(ParkedEffect, IReadOnlyList<SeatedMember>, string?)>)NoSuchEffect(id);
            var page = await parked.MembersAsync(session, organization.Id, id, after, limit);
            return (effect, await members.FindManyAsync(session, organization.Id, [.. page.Items]), page.Next);
        }, cancel);

    /// <summary>Suspends them after all, those whom still no mapped group contains: the first at once, a job carries on.</summary>
    public async Task<Outcome<ParkedEffect>> ApplyAsync(
        Organization organization, Actor actor, ParkedEffectId id, Idempotency? idempotency, CancellationToken cancel)
    {
        var begun = await MoveAsync(organization, actor, id, ParkedState.Applying, "members.parked_applied", idempotency, cancel);
        return begun.IsOk ? await StepAsync(organization.Id, id, actor, null, cancel) : begun;
    }

    /// <summary>They stay, until a mapped group contains them again or the next sync.</summary>
    public Task<Outcome<ParkedEffect>> DiscardAsync(
        Organization organization, Actor actor, ParkedEffectId id, Idempotency? idempotency, CancellationToken cancel) =>
        MoveAsync(organization, actor, id, ParkedState.Discarded, "members.parked_discarded", idempotency, cancel);

    public Task<IReadOnlyList<(OrganizationId Organization, ParkedEffectId Effect)>> ApplyingAsync(CancellationToken cancel) =>
        database.ReadAsync(session => parked.ApplyingAsync(session, 50), cancel);

    /// <summary>One unit of an effect that is being applied.</summary>
    public Task<Outcome<ParkedEffect>> StepAsync(
        OrganizationId organizationId, ParkedEffectId id, Actor actor, Lease? lease, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<ParkedEffect>(Ids.New<UnitId>(time), "parked.step", actor, Instants.Now(time), async scope =>
        {
            await seats.LockAsync(scope, organizationId);
            var organization = (await organizations.FindAsync(scope.Session, organizationId.ToString()))!;
            var page = await parked.MembersAsync(scope.Session, organizationId, id, null, Chunk);
            var people = await members.FindManyAsync(scope.Session, organizationId, page.Items);
            var places = await placements.OfEntriesAsync(
                scope.Session, await placements.TableAsync(scope.Session, organization), [.. people.Select(member => member.Entry).OfType<ResourceId>()]);
            foreach (var member in people.OrderBy(member => member.Member.Id.Value))
            {
                // Of whom the directory says nothing, the last sign-in did: one in a mapped group would have taken the member out of the effect.
                var stays = member.Member.State != MemberState.Active || !organization.Mapping.Enabled
                    || (organization.FollowsDirectory && member.Entry is { } entry && places[entry].InEffect)
                    || await lifecycle.IsProtectedAsync(scope.Session, member.Member);
                if (!stays)
                    await lifecycle.SuspendAsync(scope, organization, await lifecycle.AsItIsAsync(scope.Session, member), SuspensionCause.NoMappedGroup);
            }
            await parked.RemoveAsync(scope.Session, organizationId, page.Items);
            if (page.Next is null) await parked.MoveAsync(scope.Session, organizationId, id, ParkedState.Applying, ParkedState.Applied);
            return (await parked.FindAsync(scope.Session, organizationId, id))!;
        }) { Organization = organizationId, Lease = lease }, cancel);

    private Task<Outcome<ParkedEffect>> MoveAsync(
        Organization organization, Actor actor, ParkedEffectId id, ParkedState to, string action, Idempotency? idempotency, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<ParkedEffect>(idempotency?.Id ?? Ids.New<UnitId>(time), "parked.decide", actor, Instants.Now(time), async scope =>
        {
            await seats.LockAsync(scope, organization.Id);
            if (await parked.FindAsync(scope.Session, organization.Id, id) is not { } effect) return NoSuchEffect(id);
            if (effect.State == to || (to == ParkedState.Applying && effect.State == ParkedState.Applied)) return effect;
            if (!await parked.MoveAsync(scope.Session, organization.Id, id, ParkedState.Parked, to))
                return new Conflict("effect_decided", $"This effect is {Words.Text(effect.State)} already.");
            scope.Record(organization.Id, action, new Target("parked_effect", id.ToString()), null, new() { ["cause"] = effect.Cause, ["count"] = effect.Count });
            return effect with { State = to };
        }) { Organization = organization.Id, RequestHash = idempotency?.RequestHash }, cancel);

    private static NotFound NoSuchEffect(ParkedEffectId id) => new($"There is no parked effect {id}.");
}
