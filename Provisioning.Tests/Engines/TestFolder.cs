namespace Provisioning.Tests.Engines;

/// <summary>
/// Where tests keep their databases: in memory where the machine has room for it (Linux), else in the temporary folder. A killed process
/// loses nothing in either; what survives the machine is not what a test can show, and waiting for a disk was most of a run.
/// </summary>
internal static class TestFolder
{
    private const string Memory = "/dev/shm";
    private const long Needed = 3L * 1024 * 1024 * 1024;

    public static readonly string Root = HasRoom() ? Memory : Path.GetTempPath();

    /// <summary>A new folder of its own.</summary>
    public static string Make(string prefix) => Directory.CreateDirectory(Path.Combine(Root, prefix + Guid.NewGuid().ToString("n"))).FullName;

    private static bool HasRoom()
    {
        try
        {
            return Directory.Exists(Memory) && new DriveInfo(Memory).AvailableFreeSpace > Needed;
        }
        catch (Exception unknown) when (unknown is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return false;
        }
    }
}
