using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Notifications;
using Provisioning.Core.SignIn;

namespace Provisioning.Api.Hosting;

/// <summary>Where one-time links lead, made for each mail.</summary>
public sealed class RecoveryAddresses(IDatabase database, IRecoveryStore links, RecoveryTokens tokens, PublicUrl urls, TimeProvider time) : IRecoveryMails
{
    public const string Path = "/sso/recovery";

    public async Task<RecoveryMail?> FindAsync(OrganizationId organization, string link, CancellationToken cancel) =>
        Ids.TryParse<RecoveryLinkId>(link, out var id)
        && await database.ReadAsync(session => links.FindAsync(session, organization, id), cancel) is { } found && found.IsOpen(time.GetUtcNow())
            ? new RecoveryMail(found.ExpiresAt, Of(await tokens.TokenAsync(id, cancel))) : null;

    public Uri Of(string token) => new($"{urls.Root()}{Path}?token={token}");
}
