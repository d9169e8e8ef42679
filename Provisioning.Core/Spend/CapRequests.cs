using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Spend;

/// <summary>Members ask for more, owners approve or deny (rule CAP-10).</summary>
public sealed class CapRequests(IDatabase database, UsageBooks books, CapBook caps, IContractStore contracts, TimeProvider time)
{
    public Task<Outcome<CapRequest>> AskAsync(
        OrganizationId organization, Actor actor, MemberId member, long amount, Currency currency, string? reason, Idempotency? idempotency, CancellationToken cancel)
    {
        var id = Ids.New<CapRequestId>(time);
        return WriteAsync(organization, actor, idempotency, async scope =>
        {
            await books.Counters.LockAsync(scope.Session, organization);
            if (await books.Counters.GroundsAsync(scope.Session, organization, [member], scope.Now) is not [{ State: MemberState.Active }])
                return new NotFound($"There is no active member {member}.");
            if ((await contracts.FindLatestAsync(scope.Session, organization))?.Conditions.Currency is not { } agreed || agreed != currency)
                return new InvalidValue("'amount' must be in the currency of the contract.");
            if (await books.Caps.FindPendingRequestAsync(scope.Session, organization, member) is { } pending)
                return new Conflict("request_pending", $"The request {pending.Id} waits for a decision; one at a time.");
            var request = new CapRequest(id, organization, member, amount, currency, reason, CapRequestState.Pending, scope.Now, null, null);
            await books.Caps.InsertRequestAsync(scope.Session, request);
            scope.Record(organization, "cap.requested", request.Target, null, request.Describe());
            return request;
        }, cancel);
    }

    /// <summary>Writes the individual cap; a second time answers the same.</summary>
    /// <param name="other">Null: what was asked for.</param>
    public Task<Outcome<CapRequest>> ApproveAsync(OrganizationId organization, Actor actor, CapRequestId id, Money? other, Idempotency? idempotency, CancellationToken cancel) =>
        DecideAsync(organization, actor, id, CapRequestState.Approved, idempotency, async (scope, request) =>
        {
            var set = await caps.SetAsync(scope, organization, new IfMatch((IReadOnlyList<long>?)null),
                new WantedCap(CapSubject.Of(request.Member), null, other?.Minor ?? request.Amount, other?.Currency ?? request.Currency));
            return set.Error;
        }, cancel);

    /// <summary>Leaves the caps as they are; a second time answers the same.</summary>
    public Task<Outcome<CapRequest>> DenyAsync(OrganizationId organization, Actor actor, CapRequestId id, Idempotency? idempotency, CancellationToken cancel) =>
        DecideAsync(organization, actor, id, CapRequestState.Denied, idempotency, (_, _) => Task.FromResult<Error?>(null), cancel);

    public Task<Page<CapRequest>> ListAsync(
        OrganizationId organization, CapRequestState? state, MemberId? member, byte[]? after, int limit, CancellationToken cancel) =>
        database.ReadAsync(session => books.Caps.ListRequestsAsync(session, organization, state, member, after, limit), cancel);

    private Task<Outcome<CapRequest>> DecideAsync(
        OrganizationId organization, Actor actor, CapRequestId id, CapRequestState state, Idempotency? idempotency, Func<UnitScope, CapRequest, Task<Error?>> apply, CancellationToken cancel) =>
        WriteAsync(organization, actor, idempotency, async scope =>
        {
            await books.Counters.LockAsync(scope.Session, organization);
            if (await books.Caps.FindRequestAsync(scope.Session, organization, id) is not { } request) return new NotFound($"There is no request {id}.");
            if (request.State == state) return request;
            var decided = request with { State = state, DecidedAt = scope.Now, DecidedBy = scope.Actor.Id };
            if (!await books.Caps.DecideRequestAsync(scope.Session, decided))
                return new Conflict("request_decided", $"The request {id} was {Words.Text(request.State)} already.");
            if (await apply(scope, request) is { } error) return error;
            scope.Record(organization, state == CapRequestState.Approved ? "cap.request_approved" : "cap.request_denied", request.Target, request.Describe(), decided.Describe());
            return decided;
        }, cancel);

    private Task<Outcome<CapRequest>> WriteAsync(
        OrganizationId organization, Actor actor, Idempotency? idempotency, Func<UnitScope, Task<Outcome<CapRequest>>> run, CancellationToken cancel)
    {
        var stamp = WriteStamp.Of(time, idempotency);
        return database.WriteAsync(
            new WriteUnit<CapRequest>(stamp.Unit, "cap.request", actor, stamp.Now, run)
            {
                // Without the reason, which the person wrote.
                Organization = organization, RequestHash = stamp.RequestHash, Remember = static request => request.Id.ToString(),
                Recall = async (session, kept) =>
                    Ids.TryParse<CapRequestId>(kept, out var id) && await books.Caps.FindRequestAsync(session, organization, id) is { } request
                        ? request : new NotFound($"There is no request {kept}."),
            }, cancel);
    }
}
