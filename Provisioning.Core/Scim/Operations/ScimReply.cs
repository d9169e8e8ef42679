using System.Text.Json;
using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Organizations;
using Provisioning.Core.Scim.Filters;

namespace Provisioning.Core.Scim.Operations;

/// <summary>An answer without transport: the door writes it.</summary>
/// <param name="Body">Null for 204.</param>
/// <param name="Tag">The ETag of the resource in the body, or of the one that was changed.</param>
public sealed record ScimReply(int Status, JsonObject? Body, string? Location = null, string? Tag = null)
{
    public static readonly ScimReply NoContent = new(204, null);

    /// <summary>Writes the body instead of <see cref="Body"/>, for answers that are copied out of the store rather than built.</summary>
    public Action<Utf8JsonWriter>? Write { get; init; }

    /// <summary>Writes the body in parts, each flushed before the next is read: for answers of any length.</summary>
    public Func<Utf8JsonWriter, CancellationToken, Task>? Stream { get; init; }

    /// <summary>Paths and names that no schema has and that were left out; for the log (checklist X6).</summary>
    public IReadOnlyList<string> Ignored { get; init; } = [];
}

/// <summary>Who asks, for which organisation, and under which base URL the answer names its resources.</summary>
/// <param name="BaseUrl">For example <c>http://127.0.0.1:5080/scim/v2</c>, without trailing slash.</param>
public sealed record ScimCaller(Organization Organization, Actor Actor, string BaseUrl);

/// <summary>Limits on what one request may ask (design D10).</summary>
/// <param name="PageSize">Most resources in one page; more is capped, not refused (checklist G2).</param>
/// <param name="FilterScan">Most rows a filter may look at that SQL cannot decide.</param>
/// <param name="PatchOperations">Most operations in one PATCH.</param>
/// <param name="GroupPatchBody">Most members of a group whose PATCH answers with the group; 0 is always 204 (checklist X2).</param>
public sealed record ScimLimits(FilterLimits Filter, int PageSize, int FilterScan, int PatchOperations, int GroupPatchBody)
{
    /// <summary>Resources in a page when the request does not say.</summary>
    public int DefaultPage => Math.Min(100, PageSize);

    /// <summary>Most operations in one bulk request.</summary>
    public int BulkOperations { get; init; } = 1000;

    /// <summary>Largest bulk request, in bytes.</summary>
    public int BulkBytes { get; init; } = 4_194_304;

    /// <summary>How long a cursor can be used (RFC 9865 4).</summary>
    public TimeSpan CursorLife { get; init; } = TimeSpan.FromHours(1);
}

/// <summary>The parameters of a list, as sent; null is absent.</summary>
/// <param name="Attributes">Names separated by commas.</param>
public sealed record ListParameters(string? Filter, string? StartIndex, string? Count, string? Attributes, string? ExcludedAttributes)
{
    public string? SortBy { get; init; }

    public string? SortOrder { get; init; }

    /// <summary>Empty starts a list by cursor (RFC 9865 2).</summary>
    public string? Cursor { get; init; }
}
