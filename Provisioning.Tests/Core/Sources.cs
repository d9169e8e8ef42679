namespace Provisioning.Tests.Core;

/// <summary>The source files of the service, found from the test assembly upwards.</summary>
internal static class Sources
{
    public static string Root { get; } = Find();

    /// <summary>Files of a project as (room, name, text); the room is the folder, "" for the project's own.</summary>
    public static IEnumerable<(string Room, string File, string Text)> Of(string project)
    {
        var folder = Path.Combine(Root, project);
        foreach (var file in Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var relative = Path.GetRelativePath(folder, file).Replace('\\', '/');
            if (relative.StartsWith("obj/", StringComparison.Ordinal) || relative.StartsWith("bin/", StringComparison.Ordinal)) continue;
            yield return (Path.GetDirectoryName(relative)!.Replace('\\', '/'), $"{project}/{relative}", File.ReadAllText(file));
        }
    }

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Provisioning.sln"))) return folder.FullName;
        throw new InvalidOperationException("Provisioning.sln is in no folder above the tests.");
    }
}
