using System.Text.Json.Nodes;
using Provisioning.Core.Query;
using Provisioning.Core.Schemas;
using Provisioning.Core.Scim.Filters;

namespace Provisioning.Core.Scim.Patching;

/// <summary>A PATCH request, understood (RFC 7644 3.5.2).</summary>
/// <param name="Operations">For <see cref="Patcher"/>, in order.</param>
/// <param name="Members">What happens to a group's member rows, in order; empty for users.</param>
/// <param name="Ignored">Paths and names that were left out because no schema has them, for the log (checklist X6).</param>
public sealed record PatchRequest(
    IReadOnlyList<PatchOperation> Operations, IReadOnlyList<MemberOperation> Members, IReadOnlyList<string> Ignored);

public enum PatchVerb { Add, Remove, Replace }

/// <param name="Target">Null for an operation without path.</param>
/// <param name="Value">As sent; null for a removal and for JSON null.</param>
public sealed record PatchOperation(PatchVerb Verb, PatchTarget? Target, JsonNode? Value);

/// <summary>Where an operation acts.</summary>
/// <param name="Path">The attribute, sub-attribute or extension; with a filter, the sub-attribute of the chosen elements.</param>
/// <param name="Filter">Chooses elements; bound to them (<see cref="PredicateEvaluator.MatchesElement"/>).</param>
/// <param name="Written">The filter as written: what it equates is what a created element has (erratum 8097).</param>
public sealed record PatchTarget(AttributePath Path, Predicate? Filter, FilterNode? Written);

/// <summary>
/// The changed copy, and whether it differs from the resource: a no-op moves neither version nor lastModified (checklist C8).
/// </summary>
public sealed record PatchResult(JsonObject Resource, bool Changed);
