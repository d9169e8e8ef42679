namespace Provisioning.Api.Hosting;

/// <summary>How a door words what the host refuses by status alone; the writer sets status, headers and body.</summary>
public delegate Task StatusWriter(HttpContext context, int status, string detail);

/// <summary>A door's error format, for every address under a path prefix. Doors register theirs; Hosting knows none of them.</summary>
/// <param name="PathPrefix">Whole segments, for example <c>/scim</c>.</param>
public sealed record ErrorFormat(string PathPrefix, StatusWriter Write);

/// <summary>The registered formats; an address without one gets problem+json.</summary>
public sealed class ErrorFormats(IEnumerable<ErrorFormat> formats)
{
    private readonly ErrorFormat[] longestFirst = [.. formats.OrderByDescending(static format => format.PathPrefix.Length)];

    public StatusWriter For(PathString path)
    {
        foreach (var format in longestFirst)
            if (path.StartsWithSegments(format.PathPrefix, StringComparison.OrdinalIgnoreCase)) return format.Write;
        return Problems.WriteStatusAsync;
    }
}

public static class ErrorFormatRegistration
{
    /// <summary>Hook of a door: its own errors for everything under the prefix.</summary>
    public static IServiceCollection AddErrorFormat(this IServiceCollection services, string pathPrefix, StatusWriter write) =>
        services.AddSingleton(new ErrorFormat(pathPrefix, write));
}
