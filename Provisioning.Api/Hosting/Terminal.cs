namespace Provisioning.Api.Hosting;

/// <summary>Where the program writes what a person who started it reads.</summary>
/// <param name="Out">Answers.</param>
/// <param name="Error">Why it did not do what was asked, a line each.</param>
public sealed record Terminal(TextWriter Out, TextWriter Error)
{
    /// <summary>That of the process.</summary>
    public static Terminal OfProcess { get; } = new(Console.Out, Console.Error);
}
