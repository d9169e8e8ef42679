using System.Text;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;

namespace Provisioning.Api.Admin;

/// <summary>Members as CSV (RFC 4180, rule NOTI-6), for people who open it in a spreadsheet.</summary>
internal static class MemberCsv
{
    /// <summary>Members read at once.</summary>
    public const int PageSize = 500;

    private static readonly string[] Columns =
    [
        "id", "userName", "email", "displayName", "role", "state", "suspendedBy", "seatStatus", "tier", "desiredTier", "waitingSince", "source",
        "createdAt", "lastSignInOn",
    ];

    public static async Task WriteAsync(
        HttpResponse response, Page<SeatedMember> page, Func<byte[], Task<Page<SeatedMember>>> next, CancellationToken cancel)
    {
        response.ContentType = "text/csv; charset=utf-8; header=present";
        response.Headers.ContentDisposition = "attachment; filename=\"members.csv\"";
        await response.WriteAsync(CsvText.Line(Columns), cancel);
        while (true)
        {
            var text = new StringBuilder();
            foreach (var member in page.Items) text.Append(CsvText.Line(Cells(MemberForm.ToApi(member))));
            await response.WriteAsync(text.ToString(), cancel);
            if (page.Next is null) return;
            page = await next(Ids.ToBytes(page.Items[^1].Member.Id));
        }
    }

    private static string?[] Cells(MemberForm member) =>
    [
        member.Id, member.UserName, member.Email, member.DisplayName, member.Role, member.State, member.SuspendedBy, member.SeatStatus, member.Tier,
        member.DesiredTier, member.WaitingSince, member.Source, member.CreatedAt, member.LastSignInOn,
    ];
}
