namespace Provisioning.Core.Journal;

/// <summary>An open transaction of the database. Rooms pass it on; only Storage looks inside.</summary>
public interface ISession;
