using System.Globalization;
using Provisioning.Core.Common;

namespace Provisioning.Core.Scim.Filters;

/// <summary>The filter language of RFC 7644 3.4.2.2 with its errata, and the paths of PATCH (3.5.2), which contain filters.</summary>
public static class ScimFilter
{
    /// <summary>Reads a whole filter. Anything wrong, and every limit exceeded: <see cref="InvalidFilter"/>.</summary>
    /// <param name="text">Percent-decoded.</param>
    public static Outcome<FilterNode> Parse(string text, FilterLimits limits)
    {
        if (Check(text, limits) is { } reason) return new InvalidFilter(reason);
        var parser = new FilterParser(text, limits.Depth);
        var node = parser.Whole();
        return node is null ? new InvalidFilter(parser.Problem) : node;
    }

    /// <summary>
    /// Reads <c>attr</c>, <c>attr.sub</c>, <c>attr[filter]</c> or <c>attr[filter].sub</c>. A malformed path is
    /// <see cref="InvalidPath"/>, a malformed filter in it <see cref="InvalidFilter"/> (checklist X6).
    /// </summary>
    public static Outcome<PathNode> ParsePath(string text, FilterLimits limits)
    {
        if (Check(text, limits) is { } reason) return new InvalidPath(reason);
        var parser = new FilterParser(text, limits.Depth);
        var path = parser.Path();
        if (path is not null) return path;
        return parser.IsInFilter ? new InvalidFilter(parser.Problem) : new InvalidPath(parser.Problem);
    }

    private static string? Check(string text, FilterLimits limits)
    {
        if (text.Length > limits.Length)
            return string.Create(CultureInfo.InvariantCulture,
                $"It is longer than {limits.Length} characters (setting Limits:FilterLength).");
        return TextKey.IsStorable(text) ? null : "It holds U+0000, U+FFFE or half a surrogate pair.";
    }
}

/// <summary>The path of a PATCH operation as it was written.</summary>
/// <param name="Attribute">Everything before the bracket, or all of it when there is none: names are not yet understood.</param>
/// <param name="SubAttribute">What follows <c>].</c>; null when nothing does.</param>
public sealed record PathNode(string Attribute, FilterNode? Filter, string? SubAttribute)
{
    public override string ToString() =>
        Filter is null ? Attribute : $"{Attribute}[{Filter}]{(SubAttribute is null ? "" : "." + SubAttribute)}";
}
