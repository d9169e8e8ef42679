using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.SignIn;

/// <summary>What a connection says about a person at sign-in (domain.md, JIT).</summary>
/// <param name="Subject">The person at the connection; compared exactly.</param>
/// <param name="EmailVerified">The connection's word about the address; null: it said nothing.</param>
/// <param name="ExternalId">The claim a gateway hands over for matching with externalId (Entra's <c>oid</c>).</param>
public sealed record SignInRequest(
    Connection Connection, string Subject, string? Email, bool? EmailVerified, string? Name, IReadOnlyList<string> Groups, string? ExternalId)
{
    /// <summary>The identity provider says that there are groups it did not send (Entra: more than 200): none is not known to be none.</summary>
    public bool GroupsHidden { get; init; }

    /// <summary>The address, if the connection vouches for it (rule JIT-1); an unverified one matches and creates nobody.</summary>
    public EmailAddress? VerifiedEmail =>
        (EmailVerified ?? Connection.TrustEmail) && EmailAddress.TryParse(Email, out var address) ? address : null;

    /// <summary>The value that may equal a directory entry's externalId: the one stated, else what the connection's claim says.</summary>
    public string? MatchedExternalId => ExternalId ?? (Connection.ExternalIdClaim == "sub" ? Subject : null);
}

/// <summary>The answer to a sign-in: a deny is a normal answer.</summary>
/// <param name="Reason">For allow: existing, linked, restored or created; for deny: one of <see cref="DenyReason"/>.</param>
/// <param name="ProductAccess">False: may administer, may not use the product (rule JIT-4).</param>
/// <param name="Tiers">When a seat was refused: how full the tiers were.</param>
public sealed record SignInAnswer(
    bool Allowed, string Reason, MemberId? Member, Role? Role, string? Tier, bool ProductAccess, IReadOnlyList<TierUse> Tiers);

/// <summary>Why a sign-in is refused, and what to tell whom.</summary>
/// <param name="Code">Stable, for programs.</param>
/// <param name="Message">For the person, in plain words.</param>
/// <param name="WouldHelp">What an administrator can do about it.</param>
public sealed record DenyReason(string Code, string Message, IReadOnlyList<string> WouldHelp)
{
    public static readonly DenyReason SeatUnavailable = new("seat_unavailable",
        "Your organisation has no free seat right now.",
        ["Suspend or unassign a member who no longer needs a seat (PATCH /members/{id}).", "Buy another seat; whoever waits gets it first.", "Then sign in again."]);

    public static readonly DenyReason SeatUnassigned = new("seat_unassigned",
        "An administrator of your organisation has taken your seat away.",
        ["Give the member a seat again (PATCH /members/{id} with a tier)."]);

    public static readonly DenyReason NotInvited = new("not_invited",
        "Your organisation admits people by invitation, and there is none for you.", ["Invite the person."]);

    public static readonly DenyReason NotProvisioned = new("not_provisioned",
        "Your organisation's directory has not assigned this product to you.", ["Assign the product to the person in the identity provider."]);

    public static readonly DenyReason Deprovisioned = new("deprovisioned",
        "Your access has been withdrawn.", ["Assign the product to the person again in the identity provider, or restore the member."]);

    public static readonly DenyReason AmbiguousEmail = new("ambiguous_email",
        "More than one member uses your e-mail address, so we cannot tell who you are.",
        ["Give the members different addresses, or push an externalId that the connection sends at sign-in."]);

    public static readonly DenyReason IdentityConflict = new("identity_conflict",
        "Your e-mail address belongs to a member who signs in with another account.",
        ["Check that the identity provider sends the same subject for the person; addresses alone never take over an account.",
         "For somebody who administers, an owner confirms the link once (POST /members/{id}/link-confirmation)."]);

    public static readonly DenyReason ConnectionDisabled = new("connection_disabled",
        "Your organisation has switched this way of signing in off.", ["Enable the connection (PUT /connections/{id})."]);

    public static readonly DenyReason TermInactive = new("term_inactive",
        "Your organisation's subscription has ended.", ["Renew the subscription."]);

    public static readonly DenyReason GroupsHidden = new("groups_hidden",
        "Your identity provider did not say which groups you are in.",
        ["Let it send only the groups that are assigned to this application; or push the person and the groups over SCIM."]);

    public static readonly DenyReason EmailNotVerified = new("email_not_verified",
        "Your identity provider did not confirm your e-mail address.", ["Send a verified address, or let the connection trust the addresses it sends."]);

    public static readonly DenyReason DomainNotVerified = new("domain_not_verified",
        "Your e-mail address does not belong to a verified domain of the organisation.", ["Verify the domain."]);

    public static readonly DenyReason NoMappedGroup = new("no_mapped_group",
        "You are in none of the groups that may use this product.",
        ["Put the person into a group that is mapped to a role (GET /provisioning shows them), and let the identity provider send it."]);

    /// <summary>Why a suspended member is turned away.</summary>
    public static DenyReason Of(Member suspended) =>
        suspended.SuspendedBy == SuspensionCause.NoMappedGroup ? NoMappedGroup : Deprovisioned;

    public static readonly IReadOnlyDictionary<string, DenyReason> All = new[]
    {
        NoMappedGroup, SeatUnavailable, SeatUnassigned, NotInvited, NotProvisioned, Deprovisioned, AmbiguousEmail, IdentityConflict, TermInactive,
        EmailNotVerified, DomainNotVerified, GroupsHidden, ConnectionDisabled,
    }.ToDictionary(reason => reason.Code);
}
