using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Organizations;
using Provisioning.Core.Scim.Filters;
using Provisioning.Core.Scim.Operations;
using Provisioning.Tests.Coverage;

namespace Provisioning.Tests.Core;

/// <summary>What a cursor carries and when it ends (RFC 9865, checklist section 9).</summary>
public sealed class ListCursorTests
{
    private static readonly AdjustableTime Time = new();
    private static readonly ListParameters Asked = new("userName pr", null, "10", null, "groups") { SortBy = "userName" };

    private readonly ListCursors cursors = new(new PlainSeal(), new ScimLimits(FilterLimits.Default, 1000, 1000, 10, 0) { CursorLife = TimeSpan.FromMinutes(10) }, Time);
    private readonly ScimCaller caller = new(Organization("a"), new Actor(ActorKind.ScimToken, "tok_1", Channel.Scim, "c"), "https://x/scim/v2");

    [TestCase(null)]
    [TestCase(new byte[0])]
    [TestCase(new byte[] { 1, 2, 255 })]
    public void A_cursor_brings_its_place_back(byte[]? key)
    {
        var place = new CursorPlace(1, new ListPosition(key, Ids.New<ResourceId>(Time)));
        var back = Read(cursors.Write(caller, "/Users", Asked, 10, place), 10).Value;
        Assert.That((back.Type, back.Position!.Id, back.Position.Key), Is.EqualTo((place.Type, place.Position!.Id, key)));
        Assert.That(Read(cursors.Write(caller, "/Users", Asked, 10, new CursorPlace(1, null)), 10).Value, Is.EqualTo(new CursorPlace(1, null)));
        Assert.That(Read("", 10).Value, Is.EqualTo(new CursorPlace(0, null)), "an empty one starts");
    }

    [Test]
    [Checklist("K4", "K13")]
    public void K4_a_cursor_that_timed_out_is_expiredCursor()
    {
        var cursor = cursors.Write(caller, "/Users", Asked, 10, new CursorPlace(0, null));
        Time.Advance(TimeSpan.FromSeconds(599));
        Assert.That(Read(cursor, 10).IsOk, Is.True);
        Time.Advance(TimeSpan.FromSeconds(2));
        Assert.That(Read(cursor, 10).Error, Is.InstanceOf<ExpiredCursor>());
    }

    [Test]
    [Checklist("K3", "K5", "K12")]
    public void K12_a_cursor_of_another_organisation_token_endpoint_or_request_is_invalid()
    {
        var cursor = cursors.Write(caller, "/Users", Asked, 10, new CursorPlace(0, null));
        var others = new (ScimCaller Caller, string Endpoint, ListParameters Asked)[]
        {
            (caller with { Organization = Organization("b") }, "/Users", Asked), (caller with { Actor = caller.Actor with { Id = "tok_2" } }, "/Users", Asked),
            (caller, "/Groups", Asked), (caller, "/Users", Asked with { Filter = null }), (caller, "/Users", Asked with { SortBy = null }),
            (caller, "/Users", Asked with { SortOrder = "descending" }), (caller, "/Users", Asked with { Attributes = "id" }),
            (caller, "/Users", Asked with { ExcludedAttributes = null, Attributes = "groups" }), (caller, "/Users", Asked with { ExcludedAttributes = "" }),
        };
        foreach (var other in others)
            Assert.That(cursors.Read(other.Caller, other.Endpoint, other.Asked with { Cursor = cursor }, 10).Error, Is.InstanceOf<InvalidCursor>(), other.ToString());
        Assert.That(Read(cursor, 11).Error, Is.InstanceOf<InvalidCount>());
        Assert.That(Read(cursor[..^2], 10).Error, Is.InstanceOf<InvalidCursor>());
        Assert.That(Read("00", 10).Error, Is.InstanceOf<InvalidCursor>());
        Assert.That(Read(cursor, 10).IsOk, Is.True);
    }

    private Outcome<CursorPlace> Read(string cursor, int count) => cursors.Read(caller, "/Users", Asked with { Cursor = cursor }, count);

    private static Organization Organization(string slug) =>
        new(Ids.New<OrganizationId>(Time), slug, slug, "UTC", ProvisioningMode.Scim, NoSeatPolicy.Waiting, false, null, Time.GetUtcNow(), 1);
}
