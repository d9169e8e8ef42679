using System.Text.RegularExpressions;

namespace Provisioning.Api.Scim;

/// <summary>
/// Ping and administrators give a base URL that ends with a slash, and the client appends a path that begins with one.
/// Sent: <c>GET /scim/v2//Users</c>. Meant: <c>GET /scim/v2/Users</c>.
/// </summary>
internal sealed partial class DoubledSlashes : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(static (context, following) =>
        {
            var path = context.Request.Path;
            if (path.StartsWithSegments("/scim") && path.Value!.Contains("//", StringComparison.Ordinal))
                context.Request.Path = Slashes().Replace(path.Value, "/");
            return following(context);
        });
        next(app);
    };

    [GeneratedRegex("//+")]
    private static partial Regex Slashes();
}
