namespace Provisioning.Core.Common;

/// <summary>Who acts, through which door: written into every audit record (domain.md section 11).</summary>
/// <param name="Kind">member, token, operator, job, or the connection that vouched for a person at sign-in.</param>
/// <param name="Id">The member's, token's or job's id; "operator" for the operator.</param>
/// <param name="CorrelationId">The request's id, the same in the answer, the log and the audit record.</param>
public sealed record Actor(ActorKind Kind, string Id, Channel Channel, string CorrelationId);

public enum ActorKind { Member, ScimToken, AdminToken, GatewayToken, ApplicationToken, Operator, Job, Connection }

/// <summary>The door a change came through.</summary>
public enum Channel { AdminApi, Scim, Jit, Job, Operator }
