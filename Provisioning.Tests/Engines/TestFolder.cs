namespace Provisioning.Tests.Engines;

/// <summary>
/// Where tests keep their databases: in memory where the machine has room for it (Linux), else in the temporary folder. A killed process
/// loses nothing in either; what survives the machine is not what a test can show, and waiting for a disk was most of a run.
/// </summary>
internal static class TestFolder
{
    private const string Memory = "/dev/shm";
    private const long Gigabyte = 1024 * 1024 * 1024;

    public static readonly string Root = Room() > 3 * Gigabyte ? Memory : Path.GetTempPath();

    /// <summary>Whether databases may be left lying until the end of the run.</summary>
    public static readonly bool IsMemoryAmple = Room() > 10 * Gigabyte;

    /// <summary>A new folder of its own.</summary>
    public static string Make(string prefix) => Directory.CreateDirectory(Path.Combine(Root, prefix + Guid.NewGuid().ToString("n"))).FullName;

    private static long Room()
    {
        try
        {
            return Directory.Exists(Memory) ? new DriveInfo(Memory).AvailableFreeSpace : 0;
        }
        catch (Exception unknown) when (unknown is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return 0;
        }
    }
}
