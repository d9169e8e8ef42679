using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Tests.Contracts;
using Provisioning.Tests.Core;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Spend;

/// <summary>Who is inactive (rule SEAT-13): the report only tells.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class InactiveMembersTests(string engine) : UsageCore(engine)
{
    [Test]
    public async Task SEAT_13_a_sign_in_or_usage_is_activity_and_who_just_came_is_not_inactive()
    {
        var org = await Desk.OrganizationAsync();
        var names = new Dictionary<MemberId, string>();
        foreach (var name in (string[])["never", "signed-before", "signed-since", "used-before", "used-in-the-month", "used-since", "suspended"])
            names[await Desk.MemberAsync(org, name)] = name;
        var ids = names.ToDictionary(pair => pair.Value, pair => pair.Key);
        await SignedInAsync(ids["signed-before"], new DateOnly(2026, 5, 1));
        await SignedInAsync(ids["signed-since"], new DateOnly(2026, 5, 2));
        ContractDesk.Ok(await Stack.AdminAsync(org, ids["suspended"], new MemberCommand.Suspend()));
        foreach (var (at, name) in ((string, string)[])[("2026-04-30T12:00:00Z", "used-before"), ("2026-05-01T12:00:00Z", "used-in-the-month"), ("2026-05-20T12:00:00Z", "used-since")])
        {
            Desk.Contracts.At(at);
            await Desk.SpendAsync(org, ids[name], 1);
        }
        names[await Desk.MemberAsync(org, "new")] = "new"; // 20 May
        Desk.Contracts.At("2026-06-01T12:00:00Z");

        Assert.That(await InactiveSinceAsync(new DateOnly(2026, 5, 2)), Is.EqualTo((string[])["never", "signed-before", "used-before", "suspended"]));
        Assert.That(await InactiveSinceAsync(new DateOnly(2026, 3, 1)), Is.Empty, "nobody was there before the first day");
        foreach (var (id, name) in names.Where(pair => pair.Value != "suspended"))
            Assert.That((await Stack.FindAsync(org, id)).Seat.Tier, Is.Not.Null, name + " keeps the seat");

        async Task<IEnumerable<string>> InactiveSinceAsync(DateOnly day) => (await Stack.Database.ReadAsync(session => Stack.Members.ListAsync(
            session, org.Id, new MemberQuery(null, null, null, null, null, null, null, 100, day)), default)).Items.Select(member => names[member.Member.Id]);
    }

    private Task<Outcome<bool>> SignedInAsync(MemberId member, DateOnly day) => Stack.UnitAsync<bool>(async scope =>
    {
        await Stack.Members.SetSignedInAsync(scope.Session, member, day, null);
        return true;
    });
}
