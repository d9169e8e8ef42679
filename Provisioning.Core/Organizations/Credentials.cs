using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Organizations;

/// <summary>A token to be made; the secret exists only here and in the answer.</summary>
public sealed record NewToken(Door Door, Role? Role, string Name, DateTimeOffset? ExpiresAt, string Secret)
{
    public AccessToken For(OrganizationId organization, TimeProvider time) =>
        new(Ids.New<TokenId>(time), organization, Door, Role, Name, Instants.Now(time), ExpiresAt, null);
}

/// <summary>Tokens of an organisation: who may speak to it.</summary>
public sealed class Credentials(IDatabase database, ITokenStore tokens, GrantCache cache, TimeProvider time)
{
    /// <summary>SCIM tokens valid at once, for rotation (rule SCIM-1).</summary>
    public const int ScimTokensAtOnce = 2;

    /// <summary>The token of a secret and its organisation; null for one that is unknown, revoked or expired.</summary>
    public async Task<TokenGrant?> AuthenticateAsync(string secret, CancellationToken cancel)
    {
        var hash = TokenSecret.Hash(secret);
        var key = Convert.ToHexString(hash);
        if (cache.Find(key) is not { } found)
        {
            var generation = cache.Generation;
            if (await database.ReadAsync(session => tokens.FindAsync(session, hash), cancel) is not { } read) return null;
            cache.Keep(key, read.Grant, read.Hash, generation);
            found = read;
        }
        return CryptographicOperations.FixedTimeEquals(hash, found.Hash) && found.Grant.Token.IsValid(time.GetUtcNow()) ? found.Grant : null;
    }

    public Task<IReadOnlyList<AccessToken>> TokensAsync(Organization organization, CancellationToken cancel) =>
        database.ReadAsync(session => tokens.ListAsync(session, organization.Id), cancel);

    /// <summary>Keeps a new token; answers whether this is a replay of an earlier request, whose secret nobody knows any more.</summary>
    public async Task<Outcome<(AccessToken Token, bool Replayed)>> IssueAsync(
        Organization organization, Actor actor, NewToken wanted, Idempotency? idempotency, CancellationToken cancel)
    {
        var token = wanted.For(organization.Id, time);
        var issued = await database.WriteAsync(new WriteUnit<AccessToken>(idempotency?.Id ?? Ids.New<UnitId>(time), "token.issue", actor, Instants.Now(time), async scope =>
        {
            var valid = (await tokens.ListAsync(scope.Session, organization.Id)).Where(other => other.IsValid(scope.Now));
            if (wanted.Door == Door.Scim && valid.Count(other => other.Door == Door.Scim) >= ScimTokensAtOnce)
                return new Conflict("too_many_tokens", "Two SCIM tokens are valid at once, for rotation; revoke the older one first.");
            // Only a secret from configuration can be known already; one that was revoked does not come back to life.
            if (await tokens.FindAsync(scope.Session, TokenSecret.Hash(wanted.Secret)) is not null)
                return new InvalidValue($"The secret of the {Words.Text(wanted.Door)} token belongs to a token that exists, expired or was revoked; choose another one.");
            await tokens.InsertAsync(scope.Session, token, TokenSecret.Hash(wanted.Secret));
            scope.Note(organization.Id, "token.issued", Target.Token(token.Id), Describe(token));
            return token;
        }) { Organization = organization.Id, RequestHash = idempotency?.RequestHash }, cancel);
        return issued.Select(kept => (kept, kept.Id != token.Id));
    }

    public async Task<Outcome<Done>> RevokeAsync(Organization organization, Actor actor, TokenId id, CancellationToken cancel)
    {
        var revoked = await database.WriteAsync(new WriteUnit<Done>(Ids.New<UnitId>(time), "token.revoke", actor, Instants.Now(time), async scope =>
        {
            if (!await tokens.RevokeAsync(scope.Session, organization.Id, id, scope.Now)) return new NotFound($"There is no valid token {id}.");
            scope.Note(organization.Id, "token.revoked", Target.Token(id), null);
            return default(Done);
        }) { Organization = organization.Id }, cancel);
        cache.Forget(organization.Id);
        return revoked;
    }

    private static JsonObject Describe(AccessToken token) => new()
    {
        ["door"] = Words.Text(token.Door), ["role"] = token.Role is { } role ? Words.Text(role) : null, ["name"] = token.Name,
        ["expiresAt"] = token.ExpiresAt is { } expires ? Instants.Text(expires) : null,
    };
}
