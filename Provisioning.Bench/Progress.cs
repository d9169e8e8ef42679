using System.Diagnostics;
using System.Globalization;

namespace Provisioning.Bench;

/// <summary>One line that grows; in a file, a line per tenth.</summary>
internal sealed class Progress(string what, long whole)
{
    private const int Width = 30;

    private readonly Stopwatch clock = Stopwatch.StartNew();
    private long shown = -1;

    public void At(long done)
    {
        var share = whole == 0 ? 1 : (double)done / whole;
        var step = (long)(share * (Console.IsErrorRedirected ? 10 : 200));
        if (step == shown && done < whole) return;
        shown = step;
        var filled = (int)(share * Width);
        var bar = new string('#', filled) + new string('.', Width - filled);
        var line = string.Create(CultureInfo.InvariantCulture, $"{what} [{bar}] {done:N0} of {whole:N0}, {clock.Elapsed.TotalSeconds:F0} s");
        if (Console.IsErrorRedirected) Console.Error.WriteLine(line);
        else Console.Error.Write("\r" + line + (done >= whole ? "\n" : ""));
    }
}
