namespace Provisioning.Core.Journal;

/// <summary>A read found the database out of reach for the whole deadline; doors answer 503 with Retry-After.</summary>
public sealed class StoreUnavailableException(Exception inner) : Exception("The database did not answer in time.", inner);
