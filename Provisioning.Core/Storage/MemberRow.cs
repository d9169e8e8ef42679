using System.Buffers.Binary;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.Storage;

/// <summary>A member, the seat side and the id of the linked entry, as one row.</summary>
internal sealed record MemberRow(
    byte[] Id, byte[] Organization_Id, string User_Name, string? Match_Email, string? Display_Name, string Role, string State,
    long Admin_Suspended, string? Suspended_By, string Source, long? Last_Sign_In_On, long Created_At, long Version,
    byte[] Member_Id, string Status, string? Tier, string? Desired_Tier, string? Last_Tier, long? Waiting_Since, long Seat_Version, byte[]? Entry_Id)
{
    private static readonly int Epoch = new DateOnly(1970, 1, 1).DayNumber;

    public static long Days(DateOnly day) => day.DayNumber - Epoch;

    public SeatedMember ToMember() => new(
        new Member(
            Rows.Id<MemberId>(Id), Rows.Id<OrganizationId>(Organization_Id), User_Name, Match_Email, Display_Name, Words.Parse<Role>(Role),
            Words.Parse<MemberState>(State), Admin_Suspended != 0, Rows.OptionalWord<SuspensionCause>(Suspended_By),
            Words.Parse<MemberSource>(Source), Last_Sign_In_On is { } day ? DateOnly.FromDayNumber((int)day + Epoch) : null,
            Instants.FromMicroseconds(Created_At), Version),
        new SeatRow(Member_Id, Status, Tier, Desired_Tier, Last_Tier, Waiting_Since, Seat_Version).ToSeat(),
        Rows.OptionalId<ResourceId>(Entry_Id));

    /// <summary>The place in the waiting list, as a cursor key: waitingSince, then id.</summary>
    public byte[] WaitingKey()
    {
        var key = new byte[24];
        BinaryPrimitives.WriteInt64BigEndian(key, Waiting_Since!.Value);
        Id.CopyTo(key, 8);
        return key;
    }
}
