using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Invitations;
using Provisioning.Core.Journal;
using Provisioning.Core.Notifications;

namespace Provisioning.Api.Hosting;

/// <summary>The links by which invited people come, made for each mail (rule INV-9).</summary>
public sealed class InvitationLinks(
    IDatabase database, IInvitationStore invitations, InvitationTokens tokens, PublicUrl urls, TimeProvider time) : IInvitationMails
{
    public const string Path = "/invitations/accept";

    public async Task<InvitationMail?> FindAsync(OrganizationId organization, string invitation, CancellationToken cancel) =>
        Ids.TryParse<InvitationId>(invitation, out var id)
        && await database.ReadAsync(session => invitations.FindAsync(session, organization, id), cancel) is { } found && found.IsOpen(time.GetUtcNow())
            ? new InvitationMail(found.Email, Words.Text(found.Role), found.Tier, found.ExpiresAt, await LinkAsync(found, cancel)) : null;

    /// <summary>The link of one invitation.</summary>
    public async Task<Uri> LinkAsync(Invitation invitation, CancellationToken cancel) =>
        new($"{urls.Root()}{Path}?token={await tokens.TokenAsync(invitation, cancel)}");
}
