using Microsoft.OpenApi;

namespace Provisioning.Api.Hosting;

/// <summary>The OpenAPI document of the REST routes, and the front page. SCIM describes itself at /scim/v2/Schemas.</summary>
public static class Description
{
    public static void AddDescription(this IServiceCollection services) =>
        services.ConfigureHttpJsonOptions(static options => options.SerializerOptions.NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.Strict)
            .AddOpenApi("v1", static options => options.AddSchemaTransformer(RouteDescription.SchemaAsync).AddOperationTransformer(RouteDescription.OperationAsync)
        .AddDocumentTransformer(static (document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "Provisioning", Version = "v1",
                Description = "Seats, members, sign-in decisions and organisations. Errors are problem+json with a stable code. "
                    + "A POST that changes something takes an Idempotency-Key; a change of what has a version needs If-Match. SCIM 2.0 is served at /scim/v2 and describes itself there.",
            };
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                ["bearer"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "A token of the organisation, or the operator's." },
            };
            document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("bearer", document)] = [] }];
            return Task.CompletedTask;
        }));

    public static void MapDescription(this IEndpointRouteBuilder routes)
    {
        routes.MapOpenApi("/openapi/{documentName}.json").WithMetadata(new RoutePolicy("anyone"));
        routes.MapGet("/", static () => TypedResults.Text(
            """
            Provisioning: SCIM 2.0, just-in-time sign-in decisions and seats.
              /scim/v2            SCIM base URL
              /v1/organizations   administration and sign-in decisions
              /openapi/v1.json    description of the REST routes
              /health/ready       readiness

            """)).ExcludeFromDescription().WithMetadata(new RoutePolicy("anyone"));
    }
}
