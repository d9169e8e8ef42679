using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;
using Provisioning.Api.Hosting;

namespace Provisioning.Tests.Http;

/// <summary>Every route and who may call it, against an approved list: a new route is a decision, not an accident.</summary>
public sealed class RouteListTests
{
    [Test]
    public async Task Every_route_has_the_approved_policy()
    {
        await using var service = await TestService.StartAsync();
        var actual = service.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .SelectMany(endpoint => (endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["ANY"])
                .Where(method => method != "HEAD").Select(method => // HEAD is GET without the body
                $"{method,-6} {endpoint.RoutePattern.RawText!.TrimEnd('/')}: {endpoint.Metadata.GetMetadata<RoutePolicy>()?.Who ?? "NOBODY DECIDED"}"))
            .Order(StringComparer.Ordinal).Distinct().ToArray();
        var approved = await File.ReadAllLinesAsync(Path.Combine(AppContext.BaseDirectory, "Data", "routes.txt"));
        var difference = actual.Except(approved).Select(line => "+ " + line).Concat(approved.Except(actual).Select(line => "- " + line));
        Assert.That(difference, Is.Empty, "Routes differ from Data/routes.txt; if the change is meant, approve it there:\n" + string.Join('\n', actual));
    }
}
