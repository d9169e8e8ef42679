using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Tests.Core;

/// <summary>From groups to role and tier, as pure rules (GRP-1 to GRP-4), and what is reserved for whom (SEAT-15).</summary>
public sealed class MappingRulesTests
{
    private static readonly Dictionary<string, int> Ranks = new() { ["standard"] = 10, ["premium"] = 20 };
    private static readonly ResourceId A = new(new Guid(1, 0, 0, new byte[8])), B = new(new Guid(2, 0, 0, new byte[8])), C = new(new Guid(3, 0, 0, new byte[8]));

    private static MappingTable Table(UnmappedTier unmapped, MappedTierExhausted full, GroupMapping[] mappings, params Nesting[] nesting) =>
        new(new MappingPolicy(true, unmapped, full), mappings, nesting, Ranks);

    [Test]
    public void GRP_1_no_role_group_is_no_access_whatever_the_tier_groups()
    {
        var table = Table(UnmappedTier.HighestAvailable, MappedTierExhausted.Wait, [new("a", A, Role.User, null), new("b", B, null, "premium")]);
        Assert.That(table.Of([B]), Is.EqualTo(Placement.None));
        Assert.That(table.Of([A]).InEffect, Is.True);
        Assert.That(table.Of([C]).InEffect, Is.False);
        Assert.That(MappingTable.Off.Of([C]), Is.EqualTo(Placement.Unmapped));
    }

    [Test]
    public void GRP_2_and_GRP_4_the_most_powerful_role_and_the_highest_tier_win_in_any_order()
    {
        GroupMapping[] mappings =
        [
            new("a", A, Role.User, null), new("b", B, Role.Admin, null), new("a", A, null, "premium"), new("b", B, null, "standard"), new("c", C, null, "gone"),
        ];
        var table = Table(UnmappedTier.Remove, MappedTierExhausted.FallbackLower, mappings);
        foreach (var groups in (ResourceId[][])[[A, B, C], [C, B, A]])
            Assert.That((table.Of(groups).Role, table.Of(groups).Wish.Only, table.Of(groups).Wish.FallsBack), Is.EqualTo((Role.Admin, "premium", true)));
        Assert.That(table.Of([B]).Wish.Only, Is.EqualTo("standard"));
    }

    [Test]
    public void GRP_1_nesting_counts_downwards_only_and_cycles_end()
    {
        var table = Table(UnmappedTier.HighestAvailable, MappedTierExhausted.Wait, [new("a", A, Role.User, null)], new(A, B), new(B, C), new(C, B));
        Assert.That(table.Of([C]).InEffect && table.Of([B]).InEffect, Is.True);
        Assert.That(table.Within(B), Is.EquivalentTo((ResourceId[])[B, C]));
        var upwards = Table(UnmappedTier.HighestAvailable, MappedTierExhausted.Wait, [new("c", C, Role.User, null)], new(A, B), new(B, C));
        Assert.That(upwards.Of([A]).InEffect, Is.False);
    }

    [Test]
    public void JIT_7_names_are_compared_without_regard_to_case_and_externalIds_exactly()
    {
        var table = Table(UnmappedTier.HighestAvailable, MappedTierExhausted.Wait,
            [new("Old name", A, Role.User, null) { DisplayName = "Staff", ExternalId = "Ex-1" }]);
        foreach (var name in (string[])["staff", "STAFF", "old NAME", "Ex-1"]) Assert.That(table.OfNames([name]).InEffect, Is.True, name);
        foreach (var name in (string[])["ex-1", "staff ", ""]) Assert.That(table.OfNames([name]).InEffect, Is.False, name);
    }

    [Test]
    public void SEAT_15_available_is_free_less_what_is_kept_for_groups_of_others()
    {
        MemberId ada = new(new Guid(9, 0, 0, new byte[8])), bob = new(new Guid(8, 0, 0, new byte[8]));
        var groups = ((MemberId Member, ResourceId Group)[])[(ada, A), (ada, B)];
        var book = new ReservationBook(
            [new(A, "premium", 2), new(B, "premium", 3)], [new(B, "premium", 1)], groups.ToLookup(item => item.Member, item => item.Group));
        Assert.That((book.Others("premium", ada), book.Others("premium", bob), book.Others("premium", null), book.Others("standard", bob)), Is.EqualTo((0, 4, 4, 0)));
        book.Take("premium", ada);
        Assert.That(book.Others("premium", bob), Is.EqualTo(3), "who is in several groups counts for the lowest id");
        book.Take("premium", bob);
        Assert.That(book.Others("premium", null), Is.EqualTo(3));
        book.Leave("premium", ada);
        Assert.That(book.Others("premium", bob), Is.EqualTo(4));
    }
}
