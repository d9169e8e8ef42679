using System.Text;
using System.Text.Encodings.Web;
using Provisioning.Api.Hosting;

namespace Provisioning.Api.Sso;

/// <summary>
/// Writes pages for people: no script, no outside asset, one style sheet of our own, every value encoded. A page that holds a form which
/// leads to an identity provider says so, because browsers hold the redirect after a form against <c>form-action</c> too.
/// </summary>
public static class Page
{
    public const string StylePath = "/sso/style.css";

    private const string Policy = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'";

    /// <summary>Encodes text for a page.</summary>
    public static string Text(string? text) => HtmlEncoder.Default.Encode(text ?? "");

    /// <param name="title">Plain text.</param>
    /// <param name="body">HTML whose values are encoded.</param>
    /// <param name="hasForm">Whether a form of the page may lead elsewhere.</param>
    public static Task WriteAsync(HttpContext context, int status, string title, string body, bool hasForm = false)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = "text/html; charset=utf-8";
        Protect(response, hasForm);
        return response.WriteAsync(
            $"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="robots" content="noindex">
            <title>{Text(title)}</title>
            <link rel="stylesheet" href="{StylePath}">
            </head>
            <body>
            <main>
            <h1>{Text(title)}</h1>
            {body}
            </main>
            </body>
            </html>

            """, Encoding.UTF8, context.RequestAborted);
    }

    /// <summary>Headers of everything a browser shows: nothing loads, nothing frames, no address leaks by the Referer.</summary>
    public static void Protect(HttpResponse response, bool hasForm = false)
    {
        JsonAnswer.Protect(response);
        response.Headers.ContentSecurityPolicy = hasForm ? Policy : Policy + "; form-action 'self'";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers.XFrameOptions = "DENY";
    }

    /// <summary>Sends the browser on by GET.</summary>
    public static void Redirect(HttpContext context, string address)
    {
        Protect(context.Response);
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.Location = address;
    }

    public const string Style =
        """
        :root { color-scheme: light dark; --ground: #f4f5f7; --card: #fff; --ink: #1b1f24; --quiet: #4a525c; --line: #c9cfd6; --act: #0b57d0; --on-act: #fff; }
        @media (prefers-color-scheme: dark) {
          :root { --ground: #14171a; --card: #1e2226; --ink: #eceff2; --quiet: #b3bcc6; --line: #454c54; --act: #a8c7fa; --on-act: #0a2a5e; }
        }
        * { box-sizing: border-box; }
        body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--ground); color: var(--ink);
          font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
        main { width: 100%; max-width: 30rem; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 2rem 1.75rem; }
        h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25; }
        p { margin: 0 0 1rem; }
        label { display: block; margin: 0 0 .375rem; font-weight: 600; }
        h2 { margin: 1.5rem 0 .5rem; font-size: 1.125rem; }
        h3 { margin: 0; font-size: 1rem; overflow-wrap: anywhere; }
        section { border-top: 1px solid var(--line); padding: 1rem 0; }
        code { overflow-wrap: anywhere; font-size: .9375rem; }
        input, textarea { width: 100%; padding: .75rem; font: inherit; color: inherit; background: transparent; border: 1px solid var(--quiet); border-radius: .5rem; }
        .button { display: inline-block; width: 100%; margin: .25rem 0 1rem; padding: .75rem 1rem; font: inherit; font-weight: 600; text-align: center;
          text-decoration: none; color: var(--on-act); background: var(--act); border: 0; border-radius: .5rem; cursor: pointer; }
        form .button { margin-top: 1rem; }
        p a { color: var(--act); }
        :focus-visible { outline: 3px solid var(--act); outline-offset: 2px; }
        .problem { border-left: .25rem solid #c5221f; padding-left: .75rem; }
        .done { border-left: .25rem solid #188038; padding-left: .75rem; overflow-wrap: anywhere; }
        .quiet { color: var(--act); background: transparent; border: 1px solid var(--act); }
        .small + .small { margin-top: .5rem; }
        .small a { color: var(--act); }
        .small { color: var(--quiet); font-size: .875rem; margin: 0; overflow-wrap: anywhere; }
        ul { margin: 0 0 1rem; padding-left: 1.25rem; }

        """;
}
