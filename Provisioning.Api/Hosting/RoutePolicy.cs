namespace Provisioning.Api.Hosting;

/// <summary>Who may call a route; every route has one, and a test compares them with the approved list.</summary>
/// <param name="Who">For example <c>scim token</c>, <c>admin</c>, <c>owner</c>, <c>operator</c>, <c>gateway token</c>, <c>anyone</c>.</param>
public sealed record RoutePolicy(string Who);

/// <summary>A route for anyone whose requests are counted per client (<see cref="ClientLimits.TakeRequest"/>).</summary>
public sealed record CountedRoute
{
    public static readonly CountedRoute Mark = new();
}
