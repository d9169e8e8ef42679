namespace Provisioning.Core.Journal;

/// <summary>
/// Somebody else changed, between the read and the guarded write, what this attempt of a unit relied on. The database rolls the
/// attempt back and runs the unit again; it never reaches a door.
/// </summary>
public sealed class UnitConflictException(string message) : Exception(message);
