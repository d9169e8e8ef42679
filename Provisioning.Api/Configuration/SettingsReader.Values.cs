using System.Globalization;

namespace Provisioning.Api.Configuration;

/// <summary>One value by its name, and what is said of one that is not accepted.</summary>
internal sealed partial class SettingsReader
{
    private int Integer(string name, int standard, int least, int most)
    {
        if (Text(name) is not { } given) return standard;
        if (int.TryParse(given, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && number >= least && number <= most) return number;
        Refuse(name, given, string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to {most}"));
        return standard;
    }

    private bool Flag(string name, bool standard)
    {
        if (Text(name) is not { } given) return standard;
        if (bool.TryParse(given, out var flag)) return flag;
        Refuse(name, given, "true or false");
        return standard;
    }

    /// <summary>A token. It is sent in a header, so it is visible ASCII; two doors cannot share one, because the token decides the door.</summary>
    private string? Secret(string name, int shortest, int longest)
    {
        if (Text(name) is not { } given) return null;
        if (given.Length < shortest || given.Length > longest || !given.All(static c => c is > ' ' and <= '~'))
            Refuse(name, null, string.Create(CultureInfo.InvariantCulture, $"{shortest} to {longest} visible ASCII characters without blanks"));
        else if (!secrets.TryAdd(given, name))
            problems.Add($"{Named(name)} is the same token as {secrets[given]}; each door needs a token of its own.");
        return given;
    }

    /// <summary>The value; an empty one counts as absent, as an unset variable in a compose file arrives as an empty one.</summary>
    private string? Text(string name)
    {
        if (!names.Contains(name, StringComparer.Ordinal)) names.Add(name);
        return configuration[name] is { Length: > 0 } given ? given : null;
    }

    /// <param name="given">Null for a value that is or can hold a secret.</param>
    private void Refuse(string name, string? given, string accepted) =>
        problems.Add(given is null
            ? $"{Named(name)} has a value that is not accepted (not shown); it accepts {accepted}."
            : $"{Named(name)} is \"{Shown(given)}\"; it accepts {accepted}.");

    private static string Named(string name) => $"{name} (environment: {name.Replace(":", "__", StringComparison.Ordinal)})";

    /// <summary>On one line and not too long.</summary>
    private static string Shown(string given)
    {
        var line = string.Concat(given.Take(100).Select(static c => char.IsControl(c) ? '?' : c));
        return given.Length > 100 ? line + "..." : line;
    }

    private static bool Is(string left, string right) => string.Equals(left, right, StringComparison.OrdinalIgnoreCase);
}
