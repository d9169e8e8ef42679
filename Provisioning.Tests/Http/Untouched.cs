using NUnit.Framework;

namespace Provisioning.Tests.Http;

/// <summary>What an attack must leave as it was.</summary>
internal static class Untouched
{
    /// <summary>Audited although nothing was made or changed; what a job says of the pools as the set-up left them (seats.low), and what a test itself does.</summary>
    private static readonly string[] Others = ["sign_in.refused", "seat.refused", "seats.", "connection."];

    /// <summary>
    /// People with version, seat and last sign-in, the directory's users, the seats, the places and requests of the waiting list, and whatever was
    /// audited (sessions, links, invitations ...) but <see cref="Others"/>.
    /// </summary>
    public static async Task<string> StateAsync(this TestOrganization organization) => string.Join('\n',
    [
        .. (await organization.MembersAsync()).Concat(await organization.ScimUsersAsync()).Select(one => one.ToJsonString()),
        (await organization.Owner.Get("/seats")).Expect(200).Body, (await organization.Owner.Get("/seats/waiting")).Expect(200).Body,
        .. (await organization.AuditAsync()).Select(record => (Id: TestOrganization.Text(record, "id"), Action: TestOrganization.Text(record, "action")!))
            .Where(record => !Others.Any(other => record.Action.StartsWith(other, StringComparison.Ordinal))).Select(record => $"{record.Action} {record.Id}"),
    ]);

    /// <summary>Fails when anything was made or changed since <paramref name="before"/>.</summary>
    public static async Task ExpectUntouchedAsync(this TestOrganization organization, string before) =>
        Assert.That(await organization.StateAsync(), Is.EqualTo(before), "nothing is made or changed");
}
