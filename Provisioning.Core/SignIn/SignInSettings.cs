using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Core.SignIn;

/// <summary>Sign-in settings of an organisation.</summary>
/// <param name="ReturnTo">Addresses people may be sent to: scheme, host, port and path count exactly, the query is the application's own.</param>
/// <param name="Version">0: never set.</param>
public sealed record SignInSettings(IReadOnlyList<string> ReturnTo, long Version)
{
    /// <summary>Whether owners and admins may have a one-time link to the administration sent to their address when sign-in is broken.</summary>
    public bool RecoveryLinks { get; init; }

    public const int MostAddresses = 50, LongestAddress = 2000;

    public static readonly SignInSettings None = new([], 0);

    /// <summary>
    /// Whether somebody may be sent there. Compared as parsed, so that no trick of writing (user names, backslashes, dots, case of the host)
    /// makes another address look like one of the list.
    /// </summary>
    public bool Allows(string? address) =>
        Parse(address) is { } wanted && !HasCode(wanted)
        && ReturnTo.Any(allowed => Parse(allowed) is { } entry
            && entry.Scheme == wanted.Scheme && entry.Authority == wanted.Authority && entry.AbsolutePath == wanted.AbsolutePath);

    /// <summary>A code of the caller's own beside ours would let somebody be signed in as the caller.</summary>
    private static bool HasCode(Uri address) => address.Query.TrimStart('?').Split('&', ';')
        .Any(pair => Uri.UnescapeDataString(pair.Split('=')[0]).Equals("code", StringComparison.OrdinalIgnoreCase));

    /// <summary>An absolute https address (http on this machine only), without user name and fragment; null for anything else.</summary>
    public static Uri? Parse(string? address) =>
        address is { Length: > 0 and <= LongestAddress } && !address.Any(static letter => letter is <= ' ' or '\\' or >= '\u007f')
        && Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri is { UserInfo: "", Fragment: "" } && uri.Host.Length > 0
        && address.StartsWith(uri.Scheme + "://", StringComparison.OrdinalIgnoreCase)
        && (uri.Scheme == "https" || (uri.Scheme == "http" && uri.IsLoopback)) ? uri : null;
}

/// <summary>Reads and writes the sign-in settings of an organisation.</summary>
public sealed class SignInSettingsChanges(IDatabase database, ISignInSettingsStore store, TimeProvider time)
{
    public Task<SignInSettings> FindAsync(Organization organization, CancellationToken cancel) =>
        database.ReadAsync(session => store.FindAsync(session, organization.Id), cancel);

    /// <param name="returnTo">Each one that <see cref="SignInSettings.Parse"/> reads.</param>
    /// <param name="recoveryLinks">Null: as it is.</param>
    public Task<Outcome<SignInSettings>> SetAsync(
        Organization organization, Actor actor, IfMatch condition, IReadOnlyList<string> returnTo, bool? recoveryLinks, CancellationToken cancel) =>
        database.WriteAsync(new WriteUnit<SignInSettings>(Ids.New<UnitId>(time), "sign_in_settings.set", actor, Instants.Now(time), async scope =>
        {
            var before = await store.FindAsync(scope.Session, organization.Id);
            if (!condition.Accepts(before.Version)) return new VersionConflict($"The settings were changed meanwhile; their version is \"{before.Version}\" now.");
            var after = before with { ReturnTo = returnTo, RecoveryLinks = recoveryLinks ?? before.RecoveryLinks };
            if (!await store.SaveAsync(scope.Session, organization.Id, after)) throw new UnitConflictException("The settings were changed meanwhile.");
            scope.Note(organization.Id, "sign_in_settings.changed", Target.Organization(organization.Id), new JsonObject
            {
                ["before"] = Describe(before), ["after"] = Describe(after),
            });
            return after with { Version = before.Version + 1 };
        }) { Organization = organization.Id }, cancel);

    private static JsonObject Describe(SignInSettings settings) => new()
    {
        ["returnTo"] = new JsonArray([.. settings.ReturnTo.Select(text => JsonValue.Create(text))]), ["recoveryLinks"] = settings.RecoveryLinks,
    };
}
