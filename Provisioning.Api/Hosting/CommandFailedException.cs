namespace Provisioning.Api.Hosting;

/// <summary>A command could not do its work; the message is for the person who typed it.</summary>
public sealed class CommandFailedException(string message) : Exception(message);
