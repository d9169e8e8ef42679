namespace Provisioning.Api.Configuration;

/// <summary>The service cannot start with what it was given. Holds every problem found, one line each, none with a secret in it.</summary>
public sealed class SettingsException(IReadOnlyList<string> problems) : Exception(string.Join(Environment.NewLine, problems))
{
    public SettingsException(string problem) : this([problem])
    {
    }

    public IReadOnlyList<string> Problems { get; } = problems;
}
