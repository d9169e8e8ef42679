namespace Provisioning.Api.Configuration;

/// <summary>Limits on what one request may ask (design D10); exceeding one is a 4xx that names it.</summary>
public sealed record LimitSettings
{
    /// <summary>Largest request body, in bytes.</summary>
    public int BodyBytes { get; init; } = 4_194_304;

    /// <summary>Deepest nesting of a JSON body.</summary>
    public int JsonDepth { get; init; } = 32;

    /// <summary>Longest filter, in characters.</summary>
    public int FilterLength { get; init; } = 8192;

    /// <summary>Deepest nesting of a filter.</summary>
    public int FilterDepth { get; init; } = 32;

    /// <summary>Most resources in one page.</summary>
    public int PageSize { get; init; } = 1000;

    /// <summary>Most rows a filter may read that the database cannot decide alone.</summary>
    public int FilterScan { get; init; } = 100_000;

    /// <summary>Most operations in one PATCH.</summary>
    public int PatchOperations { get; init; } = 2000;

    /// <summary>Most operations in one bulk request: maxOperations of /ServiceProviderConfig.</summary>
    public int BulkOperations { get; init; } = 1000;

    /// <summary>Largest bulk request, in bytes: maxPayloadSize of /ServiceProviderConfig.</summary>
    public int BulkBytes { get; init; } = 4_194_304;

    /// <summary>Requests per second of one SCIM token on one node; 0 is no limit. Entra ID asks for at least 25.</summary>
    public int ScimRate { get; init; } = 200;

    /// <summary>Requests per second of one admin token, or of one signed-in browser, on one node; 0 is no limit.</summary>
    public int AdminRate { get; init; } = 50;

    /// <summary>Requests per second of one application or gateway token on one node; 0 is no limit.</summary>
    public int ApplicationRate { get; init; } = 1000;

    /// <summary>How many seconds' worth of requests a token that was quiet may send at once.</summary>
    public int BurstSeconds { get; init; } = 10;
}
