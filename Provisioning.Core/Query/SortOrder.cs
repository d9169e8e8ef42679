namespace Provisioning.Core.Query;

/// <summary>One sort key (RFC 7644 3.4.2.3).</summary>
/// <param name="Descending">Resources without a value come last ascending and first descending.</param>
public sealed record SortOrder(BoundPath Path, bool Descending);
