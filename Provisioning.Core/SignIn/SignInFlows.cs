using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.SignIn;

/// <summary>Begins sign-ins and finishes each once; the state is in the database, so any node may finish what another began.</summary>
public sealed class SignInFlows(IDatabase database, IFlowStore flows, TimeProvider time)
{
    /// <summary>How long a person may take at the identity provider.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(15);

    /// <param name="returnTo">One the organisation allows, or null.</param>
    public async Task<Outcome<FlowSecrets>> BeginAsync(
        Connection connection, Actor actor, string browserSecret, string? returnTo, CancellationToken cancel)
    {
        var (now, state) = (Instants.Now(time), SignInSecret.New());
        var flow = new SignInFlow(
            SignInSecret.Hash(state), connection.Organization, connection.Id, SignInSecret.Hash(browserSecret), returnTo, null, now, now + Life, null);
        var begun = await database.WriteAsync(new WriteUnit<bool>(Ids.New<UnitId>(time), "sign_in.begin", actor, now, async scope =>
        {
            // The row is the receipt: an attempt after an unknown outcome finds it.
            if (await flows.FindAsync(scope.Session, flow.StateHash) is null) await flows.InsertAsync(scope.Session, flow);
            return true;
        }) { Organization = connection.Organization, IsRepeatable = true }, cancel);
        return begun.Select(_ => FlowSecrets.Of(state, browserSecret));
    }

    /// <summary>The flow of a state, whatever became of it; null for a state nobody gave out.</summary>
    public Task<SignInFlow?> FindAsync(byte[] stateHash, CancellationToken cancel) =>
        database.ReadAsync(session => flows.FindAsync(session, stateHash), cancel);

    /// <summary>Takes a flow for good: false when it was taken already or is over, so a second answer finds nothing to finish.</summary>
    public Task<Outcome<bool>> TakeAsync(SignInFlow flow, Actor actor, CancellationToken cancel) =>
        WriteAsync("sign_in.take", flow.Organization, actor, scope => flows.TakeAsync(scope.Session, flow.StateHash, scope.Now), cancel);

    /// <summary>Keeps what a cross-site POST brought until the browser comes for it; false when there is something already, or the flow is over.</summary>
    /// <param name="answer">Encrypted by the caller.</param>
    public Task<Outcome<bool>> AnswerAsync(SignInFlow flow, Actor actor, string answer, CancellationToken cancel) =>
        WriteAsync("sign_in.answer", flow.Organization, actor, scope => flows.AnswerAsync(scope.Session, flow.StateHash, answer, scope.Now), cancel);

    /// <summary>Uses an id of the identity provider (assertion, token) once; false when it was used before. Kept until <paramref name="until"/>.</summary>
    public Task<Outcome<bool>> UseOnceAsync(Connection connection, Actor actor, string id, DateTimeOffset until, CancellationToken cancel) =>
        WriteAsync("sign_in.use_once", connection.Organization, actor,
            scope => flows.UseOnceAsync(scope.Session, connection.Id, SignInSecret.Hash(id), until), cancel);

    private Task<Outcome<bool>> WriteAsync(
        string kind, OrganizationId organization, Actor actor, Func<UnitScope, Task<bool>> write, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<bool>(Ids.New<UnitId>(time), kind, actor, Instants.Now(time), async scope => await write(scope))
        {
            Organization = organization,
        }, cancel);
}
