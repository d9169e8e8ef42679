namespace Provisioning.Core.Common;

/// <summary>The condition of an If-Match header (RFC 9110 13.1.1); versions are our counters.</summary>
/// <param name="Versions">Null: any current version (<c>*</c>).</param>
public sealed record IfMatch(IReadOnlyList<long>? Versions)
{
    /// <summary>The versions of an If-None-Match header, which must not be the current one (RFC 9110 13.1.2).</summary>
    public IfMatch? Unless { get; init; }

    public bool Accepts(long version) => (Versions is null || Versions.Contains(version)) && Unless?.Accepts(version) is not true;

    /// <summary>Both headers of a request as one condition; null when neither is there.</summary>
    public static IfMatch? Parse(string? ifMatch, string? ifNoneMatch) => (Parse(ifMatch), Parse(ifNoneMatch)) switch
    {
        (var match, null) => match,
        (var match, { } unless) => new IfMatch(match?.Versions) { Unless = unless },
    };

    /// <summary>
    /// Reads a list of entity tags; weak and strong compare alike, because a version stands for the whole resource. A tag that is
    /// none of ours matches nothing.
    /// </summary>
    /// <returns>Null when the header is absent.</returns>
    public static IfMatch? Parse(string? header)
    {
        if (string.IsNullOrWhiteSpace(header)) return null;
        if (header.Trim() == "*") return new IfMatch((IReadOnlyList<long>?)null);
        return new IfMatch([.. header.Split(',').Select(Version)]);
    }

    private static long Version(string tag)
    {
        var text = tag.Trim();
        if (text.StartsWith("W/", StringComparison.Ordinal)) text = text[2..];
        text = text.Trim('"');
        return long.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var version) ? version : -1;
    }
}
