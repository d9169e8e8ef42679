using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;

namespace Provisioning.Api.Admin;

/// <summary>The audit trail of an organisation: read, export, verify; and the erasure of a removed person (domain.md section 11).</summary>
public static class AuditEndpoints
{
    /// <summary>Records per read of an export.</summary>
    private const int ExportPage = 500;

    public static void MapAudit(this IEndpointRouteBuilder organization)
    {
        const string filters = "target (an id), actor (an id), action, channel, from and to (instants; to is exclusive)";
        organization.MapRest("GET", "/audit", Access.Owner, ListAsync).WithSummary("Audit records, newest first")
            .WithDescription($"Query: {filters}, limit (1-500), cursor. sequence and chain are null until a record is sealed, about a second later.")
            .Produces<AuditPageForm>();
        organization.MapRest("GET", "/audit/export", Access.Owner, ExportAsync).WithSummary("Sealed audit records as JSON lines, oldest first")
            .WithDescription($"Query: {filters}, after (a sequence: only what comes later, for a regular export).")
            .Produces<AuditForm>(200, RestReply.JsonLines);
        organization.MapRest("GET", "/audit/verification", Access.Owner, VerifyAsync).WithSummary("Check the hash chain of the audit trail")
            .WithDescription("Query: expect, a link remembered from an earlier answer (lastSequence:chain). Answers the first place where the trail is not what was written.")
            .Produces<VerificationForm>();
        organization.MapRest("POST", "/members/{id}/erase", Access.Owner, EraseAsync).WithSummary("Erase the personal data of a removed member; cannot be undone")
            .WithDescription("No body. The ids and what happened stay, and the audit trail still verifies.")
            .Produces<ErasureForm>().Refuses("member_not_removed", "managed_by_directory");
    }

    private static async Task<Outcome<RestReply>> ListAsync(RestRequest request)
    {
        if (!request.Limit().Try(out var limit, out var error)) return error;
        if (!Cursor.Read(request.Query("cursor"), 16).Try(out var after, out error)) return error;
        if (!Query(request, after, limit).Try(out var query, out error)) return error;
        var page = await request.Service<IDatabase>().ReadAsync(
            session => request.Service<IAuditStore>().ListAsync(session, request.Organization.Id, query, request.Cancel), request.Cancel);
        return RestReply.Ok(new AuditPageForm([.. page.Items.Select(AuditForm.ToApi)], page.Next));
    }

    private static Task<Outcome<RestReply>> ExportAsync(RestRequest request)
    {
        if (!Query(request, null, ExportPage).Try(out var query, out var error)) return Task.FromResult<Outcome<RestReply>>(error);
        long after = 0;
        if (request.Query("after") is { } text && !long.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out after))
            return Task.FromResult<Outcome<RestReply>>(new InvalidValue("'after' must be the sequence of an audit record."));
        return Task.FromResult<Outcome<RestReply>>(RestReply.OfLines(LinesAsync(request, query, after, request.Cancel)));
    }

    /// <summary>Up to what was sealed at the start, in small reads: an export never holds a snapshot open.</summary>
    private static async IAsyncEnumerable<object> LinesAsync(
        RestRequest request, AuditQuery query, long after, [EnumeratorCancellation] CancellationToken cancel)
    {
        var database = request.Service<IDatabase>();
        var head = await database.ReadAsync(session => request.Service<IJournalStore>().HeadAsync(session, request.Organization.Id), cancel);
        var last = head?.AuditSequence ?? 0;
        while (after < last)
        {
            var page = await database.ReadAsync(
                session => request.Service<IAuditStore>().ListSealedAsync(session, request.Organization.Id, query, after, last, query.Limit), cancel);
            foreach (var record in page) yield return AuditForm.ToApi(record);
            if (page.Count < query.Limit) yield break;
            after = page[^1].Sequence!.Value;
        }
    }

    private static async Task<Outcome<RestReply>> VerifyAsync(RestRequest request)
    {
        if (!ChainAnchor.Parse(request.Query("expect")).Try(out var expected, out var error)) return error;
        var report = await request.Service<AuditVerification>().VerifyAsync(request.Organization.Id, expected, request.Cancel);
        return RestReply.Ok(VerificationForm.ToApi(report));
    }

    private static async Task<Outcome<RestReply>> EraseAsync(RestRequest request)
    {
        if (!MemberEndpoints.Parse(request.Id).Try(out var id, out var error)) return error;
        if (!(await request.BodyAsync(mayBeEmpty: true)).Try(out var body, out error)) return error;
        if (body.Fields.Problem is { } problem) return problem;
        var erased = await request.Service<MemberErasure>().EraseAsync(request.Organization, request.Actor, id, body.Idempotency, request.Cancel);
        return erased.Select(records => RestReply.Ok(new ErasureForm(id.ToString(), records)));
    }

    private static Outcome<AuditQuery> Query(RestRequest request, byte[]? after, int limit)
    {
        if (!request.QueryWord<Channel>("channel").Try(out var channel, out var error)) return error;
        if (!Instant(request, "from").Try(out var from, out error)) return error;
        if (!Instant(request, "to").Try(out var to, out error)) return error;
        if (from >= to) return new InvalidValue("'from' must lie before 'to'.");
        return new AuditQuery(request.Query("target"), request.Query("actor"), request.Query("action"), after, limit)
        {
            Channel = channel is { } word ? Words.Text(word) : null, From = from, To = to,
        };
    }

    private static Outcome<DateTimeOffset?> Instant(RestRequest request, string name)
    {
        if (request.Query(name) is not { } text) return (DateTimeOffset?)null;
        return XsdDateTime.TryParse(text, out var instant) ? instant : new InvalidValue($"'{name}' must be an instant such as 2026-01-31T12:00:00Z.");
    }
}

public sealed record ActorForm(string Kind, string Id);

public sealed record TargetForm(string Kind, string Id);

/// <summary>An audit record.</summary>
/// <param name="Sequence">Its place in the chain, from 1; null until it is sealed.</param>
/// <param name="Chain">SHA-256 over the link before it and this record, in hexadecimal.</param>
/// <param name="Erased">before and after were erased with the person.</param>
public sealed record AuditForm(
    string Id, string At, ActorForm Actor, string Channel, string Action, TargetForm Target, JsonNode? Before, JsonNode? After, string? Reason,
    string CorrelationId, long? Sequence, string? Chain, bool Erased)
{
    public static AuditForm ToApi(AuditRecord record) => new(
        record.Id, Instants.Text(record.At), new ActorForm(record.ActorKind, record.ActorId), record.Channel, record.Action,
        new TargetForm(record.Target.Kind, record.Target.Id), record.Before, record.After, record.Reason, record.CorrelationId, record.Sequence,
        record.Chain is null ? null : Convert.ToHexStringLower(record.Chain), record.IsErased);
}

public sealed record AuditPageForm(IReadOnlyList<AuditForm> Records, string? NextCursor);

/// <summary>The first place where the trail is not what was written.</summary>
/// <param name="Fault">removed, changed, detail_removed, detail_changed, erasure_unaccounted, end_differs or anchor_differs.</param>
public sealed record ChainProblemForm(long Sequence, string Fault, string Detail);

/// <summary>What a verification found. Keep lastSequence and chain somewhere else, and give them back as expect.</summary>
public sealed record VerificationForm(bool Intact, long Records, long Erased, long Unsealed, long LastSequence, string? Chain, ChainProblemForm? Problem)
{
    public static VerificationForm ToApi(ChainReport report) => new(
        report.Problem is null, report.Records, report.Erased, report.Unsealed, report.Last?.Sequence ?? 0,
        report.Last is { } last ? Convert.ToHexStringLower(last.Chain) : null,
        report.Problem is { } problem ? new ChainProblemForm(problem.Sequence, Words.Text(problem.Fault), problem.Detail) : null);
}

/// <param name="Records">Audit records whose before and after were emptied.</param>
public sealed record ErasureForm(string MemberId, int Records);
