using Provisioning.Core.Common;

namespace Provisioning.Core.Organizations;

/// <summary>Who commands, as far as it decides what is allowed.</summary>
/// <param name="Role">The role; a token without a member has one of its own, the operator acts as an owner.</param>
/// <param name="Member">The member, when a person acts (personal token, session); null for tokens and the operator.</param>
public sealed record Authority(Role Role, MemberId? Member = null, bool IsOperator = false)
{
    public static readonly Authority Operator = new(Role.Owner, null, IsOperator: true);
}

/// <summary>What one person may do to another.</summary>
public enum PersonAct { Invite, MoveSeat, Suspend, Remove, ChangeRole, ConfirmLink, EndSession }

/// <summary>
/// Who may do what to whom (rules ROLE-2 and ROLE-3), as one table. What opens a route is the table of <c>Access</c> at the door
/// (ROLE-1, ROLE-5).
/// </summary>
public static class RoleRules
{
    /// <summary>The least powerful role that may; null: nobody. Columns: the role of the person it is done to (for an invitation, the role offered).</summary>
    private static readonly Dictionary<PersonAct, Role?[]> Least = new()
    {
        //                        primary_owner, owner,      admin,      user
        [PersonAct.Invite] =     [null,          Role.Owner, Role.Owner, Role.Admin],
        [PersonAct.MoveSeat] =   [Role.Owner,    Role.Owner, Role.Owner, Role.Admin],
        [PersonAct.Suspend] =    [null,          Role.Owner, Role.Owner, Role.Admin],
        [PersonAct.Remove] =     [null,          Role.Owner, Role.Owner, Role.Admin],
        [PersonAct.ChangeRole] = [null,          Role.Owner, Role.Owner, Role.Owner],
        [PersonAct.EndSession] = [Role.Owner,    Role.Owner, Role.Owner, Role.Admin],
        // An owner also says which identity providers are believed: of both together he would make himself the primary owner.
        [PersonAct.ConfirmLink] = [Role.PrimaryOwner, Role.Owner, Role.Owner, Role.Owner],
    };

    /// <summary>
    /// Null when allowed. The operator acts as an owner, and alone invites a primary owner (rule INV-6).
    /// </summary>
    /// <param name="role">Of the person it is done to.</param>
    /// <param name="person">The person; null for one who is no member yet.</param>
    public static Error? Check(Authority authority, PersonAct act, Role role, MemberId? person)
    {
        if (act == PersonAct.Invite && role == Role.PrimaryOwner)
            return authority.IsOperator ? null : new Forbidden("Only the operator invites the primary owner.");
        var least = Least[act][(int)role];
        if (authority.Role > (least ?? Role.Owner) && !(authority.IsOperator && act == PersonAct.ConfirmLink))
            return new Forbidden(act == PersonAct.ChangeRole ? "Only an owner may change a role."
                : least == Role.PrimaryOwner ? "Only the primary owner in person, or the operator, may do this to the primary owner."
                : "Only an owner may do this to an owner or an admin.");
        if (least is null)
            return new Conflict("last_primary_owner", "The primary owner cannot be suspended, removed or given another role; transfer the ownership first.");
        return act is PersonAct.Suspend or PersonAct.Remove && person is not null && person == authority.Member
            ? new Conflict("cannot_remove_self", "Nobody removes or suspends himself; another owner can.")
            : null;
    }

    /// <summary>Giving a role needs what taking it needs; nobody is made primary owner but by a transfer (rule ROLE-3).</summary>
    public static Error? CheckGiven(Role given) => given == Role.PrimaryOwner
        ? new Conflict("last_primary_owner", "There is one primary owner; the primary owner transfers the ownership (POST /ownership-transfer).") : null;
}
