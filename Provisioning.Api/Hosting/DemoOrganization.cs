using System.Text.Json.Nodes;
using Provisioning.Api.Configuration;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Api.Hosting;

/// <summary>
/// The demo organisation acme (design D9): tiers and seats, a verified domain, a gateway connection, tokens; no users and no groups.
/// Tokens come from configuration, or are made at each start, replacing those of the start before, and printed.
/// </summary>
public sealed class DemoOrganization(
    ServiceSettings settings, IDatabase database, IOrganizationStore organizations, OrganizationSetup setup, Credentials credentials, TimeProvider time)
{
    /// <summary>Outside Development a token that came from configuration is not repeated on the console.</summary>
    private bool IsDevelopment => settings.EnvironmentName == Environments.Development;

    public const string Slug = "acme", Domain = "acme.example", Gateway = "demo";
    private const string TokenName = "demo";

    private static readonly Dictionary<string, int> Ranks = new() { ["standard"] = 10, ["premium"] = 20 };

    /// <summary>What the start-up text shows; null before <see cref="PrepareAsync"/> and without a demo.</summary>
    public DemoFacts? Facts { get; private set; }

    public async Task PrepareAsync(CancellationToken cancel)
    {
        var actor = new Actor(ActorKind.Job, "demo", Channel.Job, "demo");
        var wanted = Tokens();
        var tiers = Tiers();
        var organization = await database.ReadAsync(session => organizations.FindAsync(session, Slug), cancel);
        if (organization is null)
        {
            var created = await setup.CreateAsync(actor, new NewOrganization(
                Slug, "Acme", "UTC", ProvisioningMode.ScimAndJit, tiers, [Domain],
                [new NewConnection(Gateway, ConnectionKind.Gateway, TrustEmail: true, ExternalIdClaim: "sub")], wanted), null, cancel);
            if (!created.IsOk) throw new SettingsException($"The demo organisation could not be made: {created.Error.Detail}");
        }
        else
        {
            await RenewTokensAsync(organization, actor, wanted, cancel);
        }
        Facts = new DemoFacts(
            Slug, Domain, Gateway, Shown(wanted[0], settings.Demo.ScimToken), Shown(wanted[1], settings.Demo.OwnerToken),
            Shown(wanted[2], settings.Demo.GatewayToken),
            [.. tiers.OrderByDescending(tier => tier.Rank).Select(tier => (tier.Tier, tier.Purchased))]);
    }

    private async Task RenewTokensAsync(Organization organization, Actor actor, IReadOnlyList<NewToken> wanted, CancellationToken cancel)
    {
        var stale = new List<NewToken>();
        foreach (var token in wanted)
        {
            if (await credentials.AuthenticateAsync(token.Secret, cancel) is not { } grant) stale.Add(token);
            else if (grant.Organization.Id != organization.Id || grant.Token.Door != token.Door || grant.Token.Role != token.Role)
                throw new SettingsException($"The secret given for the {Words.Text(token.Door)} token of the demo organisation opens another door already; choose another one.");
        }
        foreach (var old in await credentials.TokensAsync(organization, cancel))
            if (old.Name == TokenName && old.IsValid(time.GetUtcNow()) && stale.Exists(token => token.Door == old.Door))
                await credentials.RevokeAsync(organization, actor, old.Id, cancel);
        foreach (var token in stale)
            if (await credentials.IssueAsync(organization, actor, token, null, cancel) is { IsOk: false, Error: { } error })
                throw new SettingsException($"A demo token could not be made: {error.Detail}");
    }

    private string? Shown(NewToken token, string? given) => given is null || IsDevelopment ? token.Secret : null;

    private List<NewToken> Tokens()
    {
        return
        [
            Token(Door.Scim, null, settings.Demo.ScimToken), Token(Door.Admin, Role.Owner, settings.Demo.OwnerToken),
            Token(Door.Gateway, null, settings.Demo.GatewayToken),
        ];

        static NewToken Token(Door door, Role? role, string? given) => new(door, role, TokenName, null, given ?? TokenSecret.New(door));
    }

    /// <summary>Tiers beside the two known ones rank above them, in the order of their names.</summary>
    private List<TierSeats> Tiers() =>
    [
        .. settings.Demo.Seats.OrderBy(tier => tier.Key, StringComparer.Ordinal).Select((tier, at) => new TierSeats(
            tier.Key, Ranks.TryGetValue(tier.Key, out var rank) ? rank : 100 + at, tier.Value,
            new JsonObject { ["tier"] = tier.Key })),
    ];
}
