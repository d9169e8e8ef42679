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
}
