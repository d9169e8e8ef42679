using System.Text.Json;
using Microsoft.AspNetCore.Http;
using NUnit.Framework;
using Provisioning.Api.Hosting;
using Provisioning.Api.Scim;
using Provisioning.Core.Common;
using Provisioning.Tests.Coverage;

namespace Provisioning.Tests.Hosting;

public sealed class ErrorMappingTests
{
    private static readonly Type[] Kinds = [.. typeof(Error).Assembly.GetTypes().Where(static type => type.IsSubclassOf(typeof(Error)) && !type.IsAbstract)];

    /// <summary>The registered scimType values: RFC 7644 3.12 and RFC 9865 2.1.</summary>
    private static readonly string[] ScimTypes =
    [
        "invalidFilter", "tooMany", "uniqueness", "mutability", "invalidSyntax", "invalidPath", "noTarget", "invalidValue", "invalidVers",
        "sensitive", "invalidCursor", "expiredCursor", "invalidCount",
    ];

    [TestCaseSource(nameof(Kinds))]
    public async Task Every_error_has_a_problem_json_form(Type kind)
    {
        var (context, body) = await WriteAsync(context => Problems.WriteAsync(context, Example(kind)));
        var root = body.RootElement;
        Assert.Multiple(() =>
        {
            Assert.That(context.Response.StatusCode, Is.InRange(400, 503));
            Assert.That(context.Response.ContentType, Is.EqualTo("application/problem+json"));
            Assert.That(root.GetProperty("type").GetString(), Is.EqualTo("about:blank"));
            Assert.That(root.GetProperty("status").GetInt32(), Is.EqualTo(context.Response.StatusCode));
            Assert.That(root.GetProperty("title").GetString(), Is.Not.Empty);
            Assert.That(root.GetProperty("code").GetString(), Does.Match("^[a-z_]+$"));
            Assert.That(root.GetProperty("detail").GetString(), Is.EqualTo("why"));
            Assert.That(root.GetProperty("correlationId").GetString(), Is.EqualTo("c-1"));
        });
    }

    [TestCaseSource(nameof(Kinds))]
    [Checklist("E2", "E4")]
    public async Task Every_error_has_a_scim_form(Type kind)
    {
        var (context, body) = await WriteAsync(context => ScimErrors.WriteAsync(context, Example(kind)));
        var root = body.RootElement;
        Assert.Multiple(() =>
        {
            Assert.That(context.Response.ContentType, Is.EqualTo("application/scim+json"));
            Assert.That(root.GetProperty("schemas")[0].GetString(), Is.EqualTo("urn:ietf:params:scim:api:messages:2.0:Error"));
            Assert.That(root.GetProperty("status").GetString(), Is.EqualTo(context.Response.StatusCode.ToString(System.Globalization.CultureInfo.InvariantCulture)));
            Assert.That(root.GetProperty("detail").GetString(), Does.EndWith("why"));
            if (!root.TryGetProperty("scimType", out var scimType)) return;
            Assert.That(context.Response.StatusCode, Is.EqualTo(400).Or.EqualTo(409));
            Assert.That(ScimTypes, Does.Contain(scimType.GetString()));
        });
    }

    [TestCase(typeof(InvalidSyntax), 400, "invalid_request", 400, "invalidSyntax")]
    [TestCase(typeof(InvalidValue), 400, "invalid_request", 400, "invalidValue")]
    [TestCase(typeof(InvalidFilter), 400, "invalid_request", 400, "invalidFilter")]
    [TestCase(typeof(InvalidPath), 400, "invalid_request", 400, "invalidPath")]
    [TestCase(typeof(NoTarget), 400, "invalid_request", 400, "noTarget")]
    [TestCase(typeof(MutabilityViolated), 400, "invalid_request", 400, "mutability")]
    [TestCase(typeof(TooMany), 400, "invalid_request", 400, "tooMany")]
    [TestCase(typeof(InvalidCursor), 400, "invalid_cursor", 400, "invalidCursor")]
    [TestCase(typeof(ExpiredCursor), 400, "invalid_cursor", 400, "expiredCursor")]
    [TestCase(typeof(InvalidCount), 400, "invalid_request", 400, "invalidCount")]
    [TestCase(typeof(Unauthenticated), 401, "unauthenticated", 401, null)]
    [TestCase(typeof(Forbidden), 403, "forbidden_role", 403, null)]
    [TestCase(typeof(WrongMode), 403, "wrong_mode", 403, null)]
    [TestCase(typeof(NotFound), 404, "not_found", 404, null)]
    [TestCase(typeof(VersionConflict), 412, "version_conflict", 412, null)]
    [TestCase(typeof(PreconditionMissing), 428, "precondition_required", 428, null)]
    [TestCase(typeof(BodyTooLarge), 413, "body_too_large", 413, null)]
    [TestCase(typeof(UnsupportedMediaType), 415, "unsupported_media_type", 415, null)]
    [TestCase(typeof(NotUnique), 409, "member_exists", 409, "uniqueness")]
    [TestCase(typeof(Gone), 410, "some_code", 410, null)]
    [TestCase(typeof(Conflict), 409, "some_code", 409, null)]
    [TestCase(typeof(Unprocessable), 422, "some_code", 400, "invalidValue")]
    [TestCase(typeof(SeatDenied), 409, "tier_full", 403, null)]
    [TestCase(typeof(NotImplemented), 501, "not_implemented", 501, null)]
    [TestCase(typeof(RateLimited), 429, "rate_limited", 429, null)]
    [TestCase(typeof(StoreUnavailable), 503, "store_unavailable", 503, null)]
    public void An_error_maps_to_the_documented_status_and_code_at_each_door(Type kind, int status, string code, int scimStatus, string? scimType)
    {
        var error = Example(kind);
        var (restStatus, restCode, _) = Problems.From(error);
        var scim = ScimErrors.From(error);
        Assert.That((restStatus, restCode, scim.Status, scim.ScimType), Is.EqualTo((status, code, scimStatus, scimType)));
    }

    private static TierUse Full(string tier) => new(tier, 10, 1, 1, 0, 0);

    [TestCase("premium", "premium", "premium")]
    [TestCase(null, null, "standard")]
    public async Task No_seat_is_tier_full_with_a_purchase_hint_over_rest(string? asked, string? tier, string hinted)
    {
        var (_, body) = await WriteAsync(context => Problems.WriteAsync(context, new SeatDenied(asked, [Full("premium"), Full("standard")], "full")));
        Assert.That(body.RootElement.GetProperty("tier").GetString(), Is.EqualTo(tier));
        Assert.That(body.RootElement.GetProperty("purchaseHint").GetRawText(), Is.EqualTo($$"""{"kind":"add","tier":"{{hinted}}","quantity":1}"""));
    }

    [TestCase("all premium seats are taken", Description = "SCIM-5")]
    [TestCase("seat_unavailable: all premium seats are taken", Description = "SCIM-5")]
    public async Task No_seat_is_seat_unavailable_over_scim(string detail)
    {
        var (context, body) = await WriteAsync(context => ScimErrors.WriteAsync(context, new SeatDenied("premium", [Full("premium")], detail)));
        Assert.That(context.Response.StatusCode, Is.EqualTo(403));
        Assert.That(body.RootElement.GetProperty("detail").GetString(), Is.EqualTo("seat_unavailable: all premium seats are taken"));
    }

    [TestCase("member_exists", "uniqueness")]
    [TestCase("last_primary_owner", null)]
    public void A_conflict_without_a_scim_type_says_its_code_in_the_detail(string code, string? scimType) =>
        Assert.That(ScimErrors.From(new Conflict(code, "why")), Is.EqualTo((409, scimType, code + ": why")));

    [Test]
    public async Task Refused_credentials_name_the_scheme_and_an_absent_store_the_wait_at_both_doors()
    {
        foreach (var write in new Func<HttpContext, Error, Task>[] { Problems.WriteAsync, ScimErrors.WriteAsync })
        {
            var (refused, _) = await WriteAsync(context => write(context, new Unauthenticated("why")));
            Assert.That(refused.Response.Headers.WWWAuthenticate.ToString(), Is.EqualTo("Bearer realm=\"provisioning\""));
            var (away, _) = await WriteAsync(context => write(context, new StoreUnavailable("why")));
            Assert.That(away.Response.Headers.RetryAfter.ToString(), Is.EqualTo("2"));
            var (limited, _) = await WriteAsync(context => write(context, new RateLimited("why", 7)));
            Assert.That(limited.Response.Headers.RetryAfter.ToString(), Is.EqualTo("7"));
        }
    }

    [Test]
    public async Task A_detail_that_quotes_hostile_text_is_still_valid_json_and_bounded()
    {
        var hostile = "lone \uD800, nul \0, quote \" " + new string('x', 100_000);
        foreach (var write in new Func<HttpContext, Error, Task>[] { Problems.WriteAsync, ScimErrors.WriteAsync })
        {
            var (_, body) = await WriteAsync(context => write(context, new InvalidValue(hostile)));
            Assert.That(body.RootElement.GetProperty("detail").GetString(), Does.StartWith("lone \uFFFD, nul \0, quote \" x").And.Length.LessThan(2100));
        }
    }

    [Test]
    public async Task A_result_of_a_handler_writes_the_same()
    {
        var (problem, _) = await WriteAsync(context => Problems.Result(new NotFound("why")).ExecuteAsync(context));
        var (scim, _) = await WriteAsync(context => ScimErrors.Result(new NotFound("why")).ExecuteAsync(context));
        Assert.That((problem.Response.StatusCode, problem.Response.ContentType), Is.EqualTo((404, "application/problem+json")));
        Assert.That((scim.Response.StatusCode, scim.Response.ContentType), Is.EqualTo((404, "application/scim+json")));
    }

    [TestCase(400, "invalid_request")]
    [TestCase(404, "not_found")]
    [TestCase(405, "method_not_allowed")]
    [TestCase(408, "request_timeout")]
    [TestCase(429, "rate_limited")]
    [TestCase(500, "internal_error")]
    [TestCase(418, "invalid_request")]
    public async Task A_bare_status_has_a_stable_code(int status, string code)
    {
        var (context, body) = await WriteAsync(context => Problems.WriteStatusAsync(context, status, "why"));
        Assert.That((context.Response.StatusCode, body.RootElement.GetProperty("code").GetString()), Is.EqualTo((status, code)));
    }

    /// <summary>An instance of any kind, made from its constructor, so that a new kind is tested without being named here.</summary>
    private static Error Example(Type kind)
    {
        var constructor = kind.GetConstructors().Single();
        return (Error)constructor.Invoke([.. constructor.GetParameters().Select(static parameter => parameter.Name switch
        {
            "Detail" => "why",
            "Code" => "some_code",
            "Tier" => "premium",
            "Wait" => 7,
            "Tiers" => (object)new TierUse[] { new("premium", 20, 1, 1, 0, 0), new("standard", 10, 1, 1, 0, 0) },
            var name => throw new InvalidOperationException($"No example for {name}."),
        })]);
    }

    private static async Task<(HttpContext Context, JsonDocument Body)> WriteAsync(Func<HttpContext, Task> write)
    {
        var body = new MemoryStream();
        var context = new DefaultHttpContext { TraceIdentifier = "c-1" };
        context.Response.Body = body;
        await write(context);
        Assert.That(context.Response.ContentLength, Is.EqualTo(body.Length));
        return (context, JsonDocument.Parse(body.ToArray()));
    }
}
