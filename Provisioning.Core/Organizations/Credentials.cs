using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Organizations;

/// <summary>A token to be made; the secret exists only here and in the answer.</summary>
public sealed record NewToken(Door Door, Role? Role, string Name, DateTimeOffset? ExpiresAt, string Secret, MemberId? Member = null)
{
    public AccessToken For(OrganizationId organization, TimeProvider time) =>
        new(Ids.New<TokenId>(time), organization, Door, Role, Name, Instants.Now(time), ExpiresAt, null, Member);
}

/// <summary>Tokens of an organisation: who may speak to it.</summary>
public sealed class Credentials(IDatabase database, ITokenStore tokens, GrantCache cache, TokenUse use, TimeProvider time)
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
            // A member's role and state change in many places; a personal token is looked up at each request.
            if (read.Grant.Token.Member is null) cache.Keep(key, read.Grant, read.Hash, generation);
            found = read;
        }
        var now = time.GetUtcNow();
        if (!CryptographicOperations.FixedTimeEquals(hash, found.Hash) || !found.Grant.IsValid(now)) return null;
        use.Saw(found.Grant.Token, now);
        return found.Grant;
    }

    public Task<IReadOnlyList<AccessToken>> TokensAsync(Organization organization, CancellationToken cancel) =>
        database.ReadAsync(session => tokens.ListAsync(session, organization.Id), cancel);

    public Task<Page<AccessToken>> TokensAsync(Organization organization, Door? door, byte[]? after, int limit, CancellationToken cancel) =>
        database.ReadAsync(session => tokens.ListAsync(session, organization.Id, door, after, limit), cancel);

    /// <summary>Keeps a new token; answers whether this is a replay of an earlier request, whose secret nobody knows any more.</summary>
    public async Task<Outcome<(AccessToken Token, bool Replayed)>> IssueAsync(
        Organization organization, Actor actor, NewToken wanted, Idempotency? idempotency, CancellationToken cancel)
    {
        var token = wanted.For(organization.Id, time);
        var issued = await database.WriteAsync(new WriteUnit<AccessToken>(idempotency?.Id ?? Ids.New<UnitId>(time), "token.issue", actor, Instants.Now(time), async scope =>
        {
            if (wanted.Door == Door.Scim && await tokens.CountValidAsync(scope.Session, organization.Id, Door.Scim, scope.Now) >= ScimTokensAtOnce)
                return new Conflict("too_many_tokens", "Two SCIM tokens are valid at once, for rotation; revoke the older one first.");
            // Only a secret from configuration can be known already; one that was revoked does not come back to life.
            if (await tokens.FindAsync(scope.Session, TokenSecret.Hash(wanted.Secret)) is not null)
                return new InvalidValue($"The secret of the {Words.Text(wanted.Door)} token belongs to a token that exists, expired or was revoked; choose another one.");
            if (!await tokens.InsertAsync(scope.Session, token, TokenSecret.Hash(wanted.Secret)))
                return new NotFound($"There is no active member {token.Member}.");
            scope.Note(organization.Id, "token.issued", Target.Token(token.Id), Describe(token));
            return token;
        }) { Organization = organization.Id, RequestHash = idempotency?.RequestHash }, cancel);
        return issued.Select(kept => (kept, kept.Id != token.Id));
    }

    /// <summary>Writes which tokens were used lately, outside any request.</summary>
    public async Task WriteUseAsync(Actor actor, CancellationToken cancel)
    {
        var now = Instants.Now(time);
        foreach (var due in use.TakeDue().Chunk(500))
            await database.WriteAsync(new WriteUnit<Done>(Ids.New<UnitId>(time), "token.use", actor, now, async scope =>
            {
                await tokens.SetUsedAsync(scope.Session, due, now);
                return default(Done);
            }), cancel);
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
        ["door"] = Words.Text(token.Door), ["role"] = token.Role is { } role ? Words.Text(role) : null, ["member"] = token.Member?.ToString(),
        ["name"] = token.Name,
        ["expiresAt"] = token.ExpiresAt is { } expires ? Instants.Text(expires) : null,
    };
}
