using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Directory;

/// <summary>Hands the ownership of an organisation on (rule ROLE-3): both roles change in one unit, and a unique key allows one primary owner (I-3).</summary>
public sealed class Ownership(IDatabase database, IMemberStore members, TimeProvider time)
{
    /// <summary>The current primary owner hands over, typing the new owner's address.</summary>
    public Task<Outcome<SeatedMember>> TransferAsync(
        Organization organization, Actor actor, MemberId from, MemberId to, string confirmEmail, Idempotency? idempotency, CancellationToken cancel) =>
        WriteAsync(organization, actor, idempotency, async scope =>
        {
            if (await members.PrimaryOwnerAsync(scope.Session, organization.Id) is not { } owner || owner.Member.Id != from)
                return new Forbidden("Only the primary owner transfers the ownership.");
            if (!(await FindAsync(scope, organization, to)).Try(out var heir, out var error)) return error;
            return HasAddress(heir.Member, confirmEmail)
                ? await HandOverAsync(scope, organization, owner, heir)
                : new InvalidValue("'confirmEmail' is not the address of the member who is to own the organisation.");
        }, cancel);

    /// <summary>The operator appoints, when the primary owner is gone.</summary>
    public Task<Outcome<SeatedMember>> AppointAsync(
        Organization organization, Actor actor, MemberId to, Func<UnitScope, Task> also, CancellationToken cancel) =>
        WriteAsync(organization, actor, null, async scope =>
        {
            if (!(await FindAsync(scope, organization, to)).Try(out var heir, out var error)) return error;
            await also(scope);
            return await HandOverAsync(scope, organization, await members.PrimaryOwnerAsync(scope.Session, organization.Id), heir);
        }, cancel);

    /// <summary>Gives the ownership to somebody while nobody has it (rule INV-6).</summary>
    internal async Task<SeatedMember> TakeAsync(UnitScope scope, Organization organization, SeatedMember heir)
    {
        var after = await members.UpdateAsync(scope.Session, heir.Member with { Role = Role.PrimaryOwner });
        scope.Record(organization.Id, "member.role_changed", Target.Member(after.Id), heir.Member.Describe(), after.Describe(), "ownership");
        return heir with { Member = after };
    }

    private async Task<Outcome<SeatedMember>> FindAsync(UnitScope scope, Organization organization, MemberId id)
    {
        if (await members.FindAsync(scope.Session, organization.Id, id) is not { } found || found.Member.State == MemberState.Removed)
            return new NotFound($"There is no member {id}.");
        return found.Member.State == MemberState.Active ? found
            : new InvalidValue("The member is suspended; an active member is needed to own the organisation.");
    }

    private async Task<Outcome<SeatedMember>> HandOverAsync(UnitScope scope, Organization organization, SeatedMember? owner, SeatedMember heir)
    {
        if (owner?.Member.Id == heir.Member.Id) return heir;
        if (owner is not null)
        {
            var stepped = await members.UpdateAsync(scope.Session, owner.Member with { Role = Role.Owner });
            scope.Record(organization.Id, "member.role_changed", Target.Member(stepped.Id), owner.Member.Describe(), stepped.Describe(), "ownership");
        }
        return await TakeAsync(scope, organization, heir);
    }

    private static bool HasAddress(Member member, string typed) =>
        EmailAddress.TryParse(typed, out var address) && (address.Normalized == member.MatchEmail
            || (EmailAddress.TryParse(member.UserName, out var name) && name.Normalized == address.Normalized));

    private Task<Outcome<SeatedMember>> WriteAsync(
        Organization organization, Actor actor, Idempotency? idempotency, Func<UnitScope, Task<Outcome<SeatedMember>>> run, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<SeatedMember>(idempotency?.Id ?? Ids.New<UnitId>(time), "ownership.transfer", actor, Instants.Now(time), run)
        {
            Organization = organization.Id, RequestHash = idempotency?.RequestHash,
            Remember = member => member.Member.Id.ToString(),
            Recall = async (session, id) => Ids.TryParse<MemberId>(id, out var member)
                && await members.FindAsync(session, organization.Id, member) is { } found ? found : new NotFound($"There is no member {id}."),
        }, cancel);
}
