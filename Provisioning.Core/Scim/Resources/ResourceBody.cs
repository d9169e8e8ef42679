using System.Text.Json.Nodes;

namespace Provisioning.Core.Scim.Resources;

/// <summary>A POST or PUT body, understood.</summary>
/// <param name="Tree">
/// What the client may write, in canonical names, values as sent; nothing unassigned, no <c>schemas</c> (computed at output by
/// <see cref="ResourceSchemas"/>), no <c>members</c>. <c>active</c> is there only if it was sent.
/// </param>
/// <param name="Members">A group's members, each id once; null when the body does not name them, empty for null and [].</param>
public sealed record ResourceBody(JsonObject Tree, IReadOnlyList<MemberValue>? Members);
