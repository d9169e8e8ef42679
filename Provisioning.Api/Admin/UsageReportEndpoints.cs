using System.Text;
using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Spend;

namespace Provisioning.Api.Admin;

/// <summary>Month-to-date for owners (rule NOTI-6).</summary>
public static class UsageReportEndpoints
{
    private const int CsvPage = 500;

    private static readonly string[] Columns =
    [
        "period", "memberId", "userName", "input", "output", "cacheWrite", "cacheRead", "cost", "settled", "held", "cap", "currency",
    ];

    public static void MapUsageReports(this IEndpointRouteBuilder organization)
    {
        organization.MapRest("GET", "/usage/summary", Access.Owner, SummaryAsync).WithSummary("A month of the organisation: spending, caps, credits, and each member who used something")
            .WithDescription("Query: period (2026-03; default: this month in the billing zone), limit (1-500), cursor.").Produces<UsageSummaryForm>();
        organization.MapRest("GET", "/usage/summary.csv", Access.Owner, CsvAsync).WithSummary("The members' month as CSV")
            .WithDescription("Query: period.").Produces<string>(200, CsvText.MediaType);
    }

    private static async Task<Outcome<RestReply>> SummaryAsync(RestRequest request)
    {
        if (!request.Limit().Try(out var limit, out var error)) return error;
        if (!Cursor.Read(request.Query("cursor"), 16).Try(out var after, out error)) return error;
        if (!Period(request).Try(out var period, out error)) return error;
        var summary = await request.Service<UsageReports>().SummaryAsync(request.Organization.Id, period, after, limit, request.Cancel);
        return RestReply.Ok(UsageSummaryForm.ToApi(summary));
    }

    private static async Task<Outcome<RestReply>> CsvAsync(RestRequest request)
    {
        if (!Period(request).Try(out var period, out var error)) return error;
        var reports = request.Service<UsageReports>();
        var currency = await reports.CurrencyAsync(request.Organization.Id, request.Cancel);
        var page = await reports.MembersAsync(request.Organization.Id, period, null, CsvPage, request.Cancel);
        return new RestReply(200, null, Write: async response =>
        {
            response.ContentType = CsvText.ContentType;
            response.Headers.ContentDisposition = $"attachment; filename=\"usage-{period}.csv\"";
            await response.WriteAsync(CsvText.Line(Columns), request.Cancel);
            while (true)
            {
                var text = new StringBuilder();
                foreach (var member in page.Items) text.Append(CsvText.Line(Cells(period, MemberUsageForm.ToApi(member, currency), currency)));
                await response.WriteAsync(text.ToString(), request.Cancel);
                if (page.Next is null) return;
                page = await reports.MembersAsync(request.Organization.Id, period, Ids.ToBytes(page.Items[^1].Member), CsvPage, request.Cancel);
            }
        });
    }

    private static string?[] Cells(UsagePeriod period, MemberUsageForm member, Currency? currency) =>
    [
        period.Text, member.MemberId, member.UserName, Number(member.Tokens.Input), Number(member.Tokens.Output), Number(member.Tokens.CacheWrite),
        Number(member.Tokens.CacheRead), member.Cost, member.Settled, member.Held, member.Cap, currency?.Code,
    ];

    private static string Number(long value) => value.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static Outcome<UsagePeriod> Period(RestRequest request)
    {
        if (request.Query("period") is not { } text) return request.Service<UsageReports>().Current(request.Organization);
        return UsagePeriod.TryParse(text, out var period) ? period : new InvalidValue("'period' must be a month such as 2026-03.");
    }
}

public sealed record TokenCountsForm(long Input, long Output, long CacheWrite, long CacheRead)
{
    public static TokenCountsForm ToApi(TokenCounts tokens) => new(tokens.Input, tokens.Output, tokens.CacheWrite, tokens.CacheRead);
}

/// <summary>Spending of a month; amounts with six decimals.</summary>
/// <param name="Tier">Null: the organisation.</param>
/// <param name="Held">Set aside for requests under way.</param>
/// <param name="Cap">In the currency; null: none.</param>
public sealed record UsageStandingForm(string? Tier, string Settled, string Held, string? Cap, string? CapBasis)
{
    public static UsageStandingForm ToApi(UsageStanding standing, Currency? currency) => new(
        standing.Tier, standing.Settled.Text(), standing.Held.Text(), standing.Cap is { } cap ? currency?.Text(cap) : null, standing.CapBasis);
}

/// <param name="Cost">Of everything, what the seat includes too; <paramref name="Settled"/> is what counts against caps and is paid for.</param>
public sealed record MemberUsageForm(
    string MemberId, string? UserName, TokenCountsForm Tokens, string Cost, string Settled, string Held, string? Cap)
{
    public static MemberUsageForm ToApi(MemberUsage usage, Currency? currency) => new(
        usage.Member.ToString(), usage.UserName, TokenCountsForm.ToApi(usage.Tokens), usage.Cost.Text(), usage.Settled.Text(), usage.Held.Text(),
        usage.Cap is { } cap ? currency?.Text(cap) : null);
}

/// <param name="Credits">Where usage is prepaid.</param>
public sealed record UsageSummaryForm(
    string Period, string? Currency, UsageStandingForm Organisation, IReadOnlyList<UsageStandingForm> Tiers, CreditsForm? Credits,
    IReadOnlyList<MemberUsageForm> Members, string? NextCursor)
{
    public static UsageSummaryForm ToApi(UsageSummary summary) => new(
        summary.Period.Text, summary.Currency?.Code, UsageStandingForm.ToApi(summary.Organisation, summary.Currency),
        [.. summary.Tiers.Select(tier => UsageStandingForm.ToApi(tier, summary.Currency))],
        summary.Credits is { } credits ? CreditsForm.ToApi(credits, summary.Currency) : null,
        [.. summary.Members.Items.Select(member => MemberUsageForm.ToApi(member, summary.Currency))], summary.Members.Next);
}
