using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Core.Directory;

/// <summary>A person in an organisation. What the identity provider says about the person is a <see cref="DirectoryEntry"/>, linked 0..1.</summary>
/// <param name="UserName">Unique (folded) among the members that are not removed (invariant I-2).</param>
/// <param name="MatchEmail">The address a sign-in is matched by (rule SCIM-15); not unique.</param>
/// <param name="AdminSuspended">An administrator's suspension stands, whatever the directory says.</param>
/// <param name="SuspendedBy">Why the member is suspended, the administrator's word first.</param>
/// <param name="LastSignInOn">UTC date of the last sign-in.</param>
public sealed record Member(
    MemberId Id, OrganizationId Organization, string UserName, string? MatchEmail, string? DisplayName, Role Role,
    MemberState State, bool AdminSuspended, SuspensionCause? SuspendedBy, MemberSource Source, DateOnly? LastSignInOn,
    DateTimeOffset CreatedAt, long Version)
{
    /// <summary>Owners and admins can sign in to the administration without a seat (rules ROLE-4, JIT-4).</summary>
    public bool Administers => Role is Role.PrimaryOwner or Role.Owner or Role.Admin;

    /// <summary>
    /// Whether the directory's word tells who the person is. Of somebody who administers and came in another way it may link an entry, but
    /// neither give the person another address nor another account (rule JIT-1).
    /// </summary>
    public bool IsOfDirectory => !Administers || Source == MemberSource.Scim;

    /// <summary>What an audit record says of a member's state.</summary>
    public JsonObject Describe() => new()
    {
        ["userName"] = UserName, ["role"] = Words.Text(Role), ["state"] = Words.Text(State),
        ["suspendedBy"] = SuspendedBy is { } cause ? Words.Text(cause) : null,
    };
}

/// <summary>A member and the seat side, as lists and decisions need them.</summary>
/// <param name="Entry">The linked directory entry, if any.</param>
public sealed record SeatedMember(Member Member, MemberSeat Seat, ResourceId? Entry)
{
    /// <summary>Moves when either side moves: a drain changes the seat and knows nothing of the member's row.</summary>
    public long Version => Member.Version + Seat.Version;
}

public enum MemberState { Active, Suspended, Removed }

public enum SuspensionCause { Admin, Directory, NoMappedGroup }

/// <summary>How the member came in.</summary>
public enum MemberSource { Scim, Jit, Invite, System }
