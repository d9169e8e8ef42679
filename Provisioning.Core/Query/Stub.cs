namespace Provisioning.Core.Query;
public abstract record Predicate;
