using System.Globalization;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Query;
using Provisioning.Core.Schemas;
using Provisioning.Core.Scim.Filters;
using Provisioning.Core.Scim.Resources;

namespace Provisioning.Core.Scim.Operations;

/// <summary>A list request, understood, for one of the resource types it is about.</summary>
public sealed record TypeRequest(ResourceType Type, Predicate? Filter, SortOrder? Sort, Projection Projection);

/// <summary>A list request, understood.</summary>
/// <param name="Types">In the order in which their resources come, when nothing sorts them.</param>
/// <param name="Start">1-based.</param>
/// <param name="From">By cursor: where it goes on; null by index.</param>
public sealed record ListRequest(
    ScimCaller Caller, string Endpoint, ListParameters Asked, IReadOnlyList<TypeRequest> Types, int Start, int Count, CursorPlace? From, int ScanLimit)
{
    public bool ByCursor => From is not null;

    /// <summary>The slice that this request wants of one type.</summary>
    public ResourceQuery Query(TypeRequest type) => new(type.Filter, Start, Count, ScanLimit, Caller.BaseUrl)
    {
        Sort = type.Sort, ByCursor = ByCursor, After = From?.Position,
    };
}

/// <summary>Reads list parameters (RFC 7644 3.4.2, RFC 9865), of GET and of POST /.search alike.</summary>
public sealed class ListRequests(ScimLimits limits, ListCursors cursors)
{
    /// <param name="endpoint">Binds cursors to it; the same for GET and POST.</param>
    /// <param name="types">Several at the root: a name that only one of them knows is no value of the others (checklist R4).</param>
    public Outcome<ListRequest> Read(ScimCaller caller, string endpoint, ListParameters asked, params IReadOnlyList<ResourceType> types)
    {
        if (!Number(asked.StartIndex, "startIndex", 1).Try(out var start, out var error)) return error;
        if (!Number(asked.Count, "count", limits.DefaultPage).Try(out var count, out error)) return error;
        count = Math.Clamp(count, 0, limits.PageSize);
        if (!Descending(asked.SortOrder).Try(out var descending, out error)) return error;
        FilterNode? filter = null;
        if (asked.Filter is not null && !ScimFilter.Parse(asked.Filter, limits.Filter).Try(out filter, out error)) return error;
        var requests = new List<TypeRequest>(types.Count);
        foreach (var type in types)
        {
            if (!Projection.Parse(type, asked.Attributes, asked.ExcludedAttributes).Try(out var projection, out error)) return error;
            Predicate? bound = null;
            if (filter is not null && !FilterBinder.Bind(filter, type, [.. types.Where(other => other != type)]).Try(out bound, out error)) return error;
            if (!Sort(asked.SortBy, descending, type, types).Try(out var sort, out error)) return error;
            requests.Add(new TypeRequest(type, bound, sort, projection));
        }
        CursorPlace? from = null;
        if (asked.Cursor is not null && !cursors.Read(caller, endpoint, asked, count).Try(out from, out error)) return error;
        return new ListRequest(caller, endpoint, asked, requests, Math.Max(1, start), count, from, limits.FilterScan);
    }

    /// <summary>The cursor of the next page; null on the last one.</summary>
    public string? Next(ListRequest request, CursorPlace? place) =>
        place is null ? null : cursors.Write(request.Caller, request.Endpoint, request.Asked, request.Count, place);

    /// <summary>
    /// A complex attribute sorts by its <c>value</c> (checklist S1). A name that nothing has is refused: an order that is none would
    /// lose resources between pages.
    /// </summary>
    private static Outcome<SortOrder?> Sort(string? sortBy, bool descending, ResourceType type, IReadOnlyList<ResourceType> types)
    {
        if (string.IsNullOrWhiteSpace(sortBy)) return (SortOrder?)null;
        var name = sortBy.Trim();
        if (Path(name, type) is { } path) return new SortOrder(path, descending);
        // Whoever has no such attribute has no value.
        return types.Any(other => Path(name, other) is not null)
            ? new SortOrder(new BoundPath(name, ValueKind.Text, false, [name]), descending)
            : new InvalidValue($"'sortBy' names no attribute of a {type.Name} that resources can be sorted by.");
    }

    private static BoundPath? Path(string name, ResourceType type)
    {
        if (type.Resolve(name) is not { Attribute: { } attribute } path) return null;
        if (path.Leaf is { IsComplex: true }) return attribute.Sub("value") is { } value && path.SubAttribute is null ? FilterBinder.BindPath(path.With(value)) : null;
        return FilterBinder.BindPath(path);
    }

    private static Outcome<bool> Descending(string? sortOrder)
    {
        if (string.IsNullOrWhiteSpace(sortOrder) || sortOrder.Trim().Equals("ascending", StringComparison.OrdinalIgnoreCase)) return false;
        return sortOrder.Trim().Equals("descending", StringComparison.OrdinalIgnoreCase)
            ? true : new InvalidValue("'sortOrder' must be ascending or descending.");
    }

    /// <summary>What is no integer of 64 bits is refused; what is out of range is brought into it (checklist G1, G2, G5).</summary>
    private static Outcome<int> Number(string? text, string name, int absent)
    {
        if (text is null) return absent;
        return long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? (int)Math.Clamp(number, int.MinValue, int.MaxValue)
            : new InvalidValue($"'{name}' must be an integer.");
    }
}
