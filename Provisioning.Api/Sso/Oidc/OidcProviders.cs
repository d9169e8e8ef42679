using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using Provisioning.Api.Hosting;
using Provisioning.Api.Sso.Oidc.Tokens;
using Provisioning.Core.Common;

namespace Provisioning.Api.Sso.Oidc;

/// <summary>What a provider publishes about itself (OpenID Connect Discovery 1.0, 3).</summary>
/// <param name="SendsIssuer">Its answers carry <c>iss</c> (RFC 9207): one without it is none of its answers.</param>
public sealed record OidcMetadata(
    Uri AuthorizationEndpoint, Uri TokenEndpoint, Uri KeysEndpoint, Uri? UserInfoEndpoint, Uri? EndSessionEndpoint, bool SendsIssuer,
    IReadOnlyList<string> TokenEndpointAuthMethods);

/// <summary>
/// Providers with their metadata and keys, fetched when first needed and kept for an hour. A provider that does not answer is remembered
/// as it was for a day, so that its hiccup keeps nobody out. Keys are fetched again for a key id that is not known, at most twice a minute.
/// </summary>
public sealed class OidcProviders(OutboundHttp http, OutboundAddress addresses, TimeProvider time)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromHours(1), Stale = TimeSpan.FromDays(1), BetweenRotations = TimeSpan.FromSeconds(30);

    /// <summary>Issuers kept; beyond it everything is forgotten, so that owners cannot fill the memory.</summary>
    private const int Most = 2000;

    private const int Depth = 16, MostBytes = 512 * 1024;

    private readonly TimeProvider time = time;
    private readonly ConcurrentDictionary<string, Provider> providers = new(StringComparer.Ordinal);

    public Task<Outcome<OidcMetadata>> MetadataAsync(string issuer, CancellationToken cancel) => Of(issuer).MetadataAsync(cancel);

    /// <summary>Verifies a token with the keys the provider publishes now.</summary>
    public Task<Error?> VerifyAsync(string issuer, SignedToken token, CancellationToken cancel) => Of(issuer).VerifyAsync(token, cancel);

    /// <summary>Fetches metadata and keys now, whatever is remembered.</summary>
    public async Task<(Outcome<OidcMetadata> Metadata, Outcome<ProviderKeys>? Keys)> LookAsync(string issuer, CancellationToken cancel)
    {
        var provider = new Provider(this, issuer);
        var metadata = await provider.MetadataAsync(cancel);
        if (!metadata.IsOk) return (metadata, null);
        var keys = await provider.KeysAsync(metadata.Value, cancel);
        if (keys.IsOk) providers[issuer] = provider;
        return (metadata, keys);
    }

    private Provider Of(string issuer)
    {
        if (providers.Count >= Most) providers.Clear();
        return providers.GetOrAdd(issuer, static (name, all) => new Provider(all, name), this);
    }

    private async Task<Outcome<OidcMetadata>> FetchMetadataAsync(string issuer, CancellationToken cancel)
    {
        if (!Uri.TryCreate(issuer.TrimEnd('/') + "/.well-known/openid-configuration", UriKind.Absolute, out var address)) return Bad("The issuer is no address.");
        if (!(await http.GetAsync(address, "application/json", cancel, mostBytes: MostBytes)).Try(out var answer, out var error)) return error;
        if (!answer.IsSuccess) return Bad(FormattableString.Invariant($"{address} answered with status {answer.Status}."));
        if (!JsonText.Parse(answer.Body, Depth).Try(out var json, out _)) return Bad($"{address} answered with something that is no JSON object.");
        // Exactly (Discovery 4.3): a document that speaks for another issuer would let one provider stand in for the other.
        if (ClaimText.Of(json, "issuer") != issuer) return Bad($"The document at {address} names another issuer; write the issuer exactly as the provider does.");
        if (Endpoint(json, "authorization_endpoint") is not { } authorize || Endpoint(json, "token_endpoint") is not { } token || Endpoint(json, "jwks_uri") is not { } keys)
            return Bad($"The document at {address} lacks an https address for authorization_endpoint, token_endpoint or jwks_uri.");
        return new OidcMetadata(
            authorize, token, keys, Endpoint(json, "userinfo_endpoint"), Endpoint(json, "end_session_endpoint"),
            ClaimText.Flag(json, "authorization_response_iss_parameter_supported") == true, ClaimText.Many(json, "token_endpoint_auth_methods_supported"));
    }

    private async Task<Outcome<ProviderKeys>> FetchKeysAsync(OidcMetadata metadata, CancellationToken cancel)
    {
        if (!(await http.GetAsync(metadata.KeysEndpoint, "application/jwk-set+json, application/json", cancel, mostBytes: MostBytes)).Try(out var answer, out var error)) return error;
        return answer.IsSuccess ? ProviderKeys.Read(answer.Body) : Bad(FormattableString.Invariant($"{metadata.KeysEndpoint} answered with status {answer.Status}."));
    }

    private Uri? Endpoint(JsonObject json, string name) =>
        Uri.TryCreate(ClaimText.Of(json, name), UriKind.Absolute, out var address) && addresses.AllowsScheme(address) && address is { UserInfo: "", Fragment: "" }
            ? address : null;

    private static Unprocessable Bad(string detail) => new("provider_invalid", detail);

    /// <summary>One issuer. One fetch at a time: who waits meets what the first one brought.</summary>
    [SuppressMessage("Design", "CA1001", Justification = "A semaphore whose wait handle nobody takes holds nothing to give back.")]
    private sealed class Provider(OidcProviders all, string issuer)
    {
        private readonly SemaphoreSlim gate = new(1, 1);
        private (OidcMetadata Value, long At)? metadata;
        private (ProviderKeys Value, long At)? keys;
        private long? rotatedAt;

        public async Task<Outcome<OidcMetadata>> MetadataAsync(CancellationToken cancel)
        {
            if (metadata is { } kept && IsYounger(kept.At, Fresh)) return kept.Value;
            await gate.WaitAsync(cancel);
            try
            {
                if (metadata is { } meanwhile && IsYounger(meanwhile.At, Fresh)) return meanwhile.Value;
                var fetched = await all.FetchMetadataAsync(issuer, cancel);
                if (fetched.IsOk) metadata = (fetched.Value, all.time.GetTimestamp());
                else if (metadata is { } old && IsYounger(old.At, Stale)) return old.Value;
                return fetched;
            }
            finally
            {
                gate.Release();
            }
        }

        public async Task<Outcome<ProviderKeys>> KeysAsync(OidcMetadata from, CancellationToken cancel)
        {
            if (keys is { } kept && IsYounger(kept.At, Fresh)) return kept.Value;
            await gate.WaitAsync(cancel);
            try
            {
                if (keys is { } meanwhile && IsYounger(meanwhile.At, Fresh)) return meanwhile.Value;
                return await FetchAsync(from, cancel);
            }
            finally
            {
                gate.Release();
            }
        }

        public async Task<Error?> VerifyAsync(SignedToken token, CancellationToken cancel)
        {
            if (!(await MetadataAsync(cancel)).Try(out var from, out var error)) return error;
            if (!(await KeysAsync(from, cancel)).Try(out var published, out error)) return error;
            var verdict = published.Verify(token);
            if (verdict == KeyVerdict.NoSuchKey && await RotateAsync(from, published, cancel) is { } newer) verdict = newer.Verify(token);
            return verdict switch
            {
                KeyVerdict.Good => null,
                KeyVerdict.NoSuchKey => SignedToken.Refused("The token is signed with a key that the provider does not publish for it (kid, alg)."),
                _ => SignedToken.Refused("The signature of the token is wrong."),
            };
        }

        /// <summary>A key id nobody published yet: new keys, or somebody who makes us ask; the pause bounds the latter.</summary>
        private async Task<ProviderKeys?> RotateAsync(OidcMetadata from, ProviderKeys seen, CancellationToken cancel)
        {
            await gate.WaitAsync(cancel);
            try
            {
                if (keys is { } meanwhile && !ReferenceEquals(meanwhile.Value, seen)) return meanwhile.Value;
                if (rotatedAt is { } last && IsYounger(last, BetweenRotations)) return null;
                rotatedAt = all.time.GetTimestamp();
                var fetched = await FetchAsync(from, cancel);
                return fetched.IsOk ? fetched.Value : null;
            }
            finally
            {
                gate.Release();
            }
        }

        private async Task<Outcome<ProviderKeys>> FetchAsync(OidcMetadata from, CancellationToken cancel)
        {
            var fetched = await all.FetchKeysAsync(from, cancel);
            if (fetched.IsOk) keys = (fetched.Value, all.time.GetTimestamp());
            else if (keys is { } old && IsYounger(old.At, Stale)) return old.Value;
            return fetched;
        }

        private bool IsYounger(long at, TimeSpan than) => all.time.GetElapsedTime(at) < than;
    }
}
