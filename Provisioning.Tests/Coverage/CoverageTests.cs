using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using NUnit.Framework;
using NUnit.Framework.Interfaces;
using Provisioning.Tests.Core;

namespace Provisioning.Tests.Coverage;

/// <summary>
/// Which test shows which row of the checklist, from the rows that tests name: in their own name, in a <see cref="ChecklistAttribute"/>,
/// or as <c>rows</c> of a recorded conversation. The table stands in infra/scim-coverage.md; with PROVISIONING_WRITE_COVERAGE=1 the test
/// writes it anew.
/// </summary>
public sealed partial class CoverageTests
{
    private const string Table = "infra/scim-coverage.md";

    /// <summary>Fixtures in whose names of tests such words are rows; elsewhere E1 is a worked example and D5 a decision.</summary>
    private static readonly string[] SpeakOfRows =
        ["ScimListTests", "BulkTests", "ScimRowsTests", "BadInputTests", "IsolationTests", "SeatRaceTests", "FilterSqlTests", "ListCursorTests", "SchemaExtensionTests"];

    private sealed record Row(string Id, string Level, string Text);

    [Test]
    public void No_row_of_the_checklist_that_must_hold_is_without_a_test()
    {
        var shown = Shown();
        var unknown = shown.Where(pair => Rows.All(row => row.Id != pair.Row)).Select(pair => $"{pair.Test} names {pair.Row}");
        Assert.That(unknown, Is.Empty, "rows that the checklist does not have");
        var empty = Rows.Where(row => row.Level.Contains('M', StringComparison.Ordinal) && shown.All(pair => pair.Row != row.Id)).Select(row => $"{row.Id} {row.Text}");
        Assert.That(empty, Is.Empty, "rows without a test");
    }

    [Test]
    public async Task The_table_in_infra_is_that_of_the_tests()
    {
        var (file, table) = (Path.Combine(Sources.Root, Table), Write());
        if (Environment.GetEnvironmentVariable("PROVISIONING_WRITE_COVERAGE") == "1") await File.WriteAllTextAsync(file, table);
        Assert.That(File.Exists(file) ? await File.ReadAllTextAsync(file) : "", Is.EqualTo(table), $"{Table} is stale; run this test with PROVISIONING_WRITE_COVERAGE=1");
    }

    private static string Write()
    {
        var shown = Shown();
        var text = new StringBuilder("""
            # Which test shows which row of the SCIM checklist

            Written by `CoverageTests` from the names and attributes of the tests; the rows are those of `Provisioning.Tests/Data/rfc-checklist.md`.
            Levels: M must, S should, m may, - must or should not.

            | row | level | requirement | shown by |
            |---|---|---|---|

            """);
        foreach (var row in Rows)
        {
            var tests = shown.Where(pair => pair.Row == row.Id).Select(pair => pair.Test).Distinct().Order(StringComparer.Ordinal).ToList();
            text.Append("| ").Append(row.Id).Append(" | ").Append(row.Level).Append(" | ").Append(row.Text).Append(" | ")
                .AppendJoin("<br>", tests).Append(tests.Count == 0 ? "-" : "").Append(" |\n");
        }
        return text.ToString().ReplaceLineEndings("\n");
    }

    /// <summary>Sections 1 to 18 and 20; events (19) are not offered.</summary>
    private static IReadOnlyList<Row> Rows { get; } =
    [
        .. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Data", "rfc-checklist.md"))
            .Select(line => RowLine().Match(line) is { Success: true } row ? new Row(row.Groups[1].Value, row.Groups[2].Value, row.Groups[3].Value.Trim())
                : NoteLine().Match(line) is { Success: true } note ? new Row(note.Groups[1].Value, "M", note.Groups[2].Value.Trim()) : null)
            .OfType<Row>().Where(row => row.Id[0] != 'V'),
    ];

    private static List<(string Row, string Test)> Shown()
    {
        var rows = Rows.Select(row => row.Id).ToHashSet(StringComparer.Ordinal);
        var shown = new List<(string, string)>();
        foreach (var method in typeof(CoverageTests).Assembly.GetTypes().SelectMany(type => type.GetMethods()))
        {
            if (!method.GetCustomAttributes().Any(attribute => attribute is ITestBuilder or ISimpleTestBuilder)) continue;
            var type = method.DeclaringType!;
            var speaks = type.Namespace == "Provisioning.Tests.Language" || type.Name.EndsWith("RowTests", StringComparison.Ordinal) || SpeakOfRows.Contains(type.Name);
            var named = !speaks || RuleName().IsMatch(method.Name) ? [] : method.Name.Split('_').Where(word => rows.Contains(word) && word[0] != 'D');
            var attributed = method.GetCustomAttribute<ChecklistAttribute>()?.Rows ?? [];
            shown.AddRange(named.Concat(attributed).Select(row => (row, $"{type.Name}.{method.Name}")));
        }
        foreach (var file in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Data", "idp"), "*.json").Order(StringComparer.Ordinal))
        {
            using var conversation = JsonDocument.Parse(File.ReadAllText(file));
            if (!conversation.RootElement.TryGetProperty("rows", out var of)) continue;
            shown.AddRange(of.EnumerateArray().Select(row => (row.GetString()!, "conversation " + Path.GetFileNameWithoutExtension(file))));
        }
        return shown;
    }

    [GeneratedRegex(@"^\| ([A-Z]\d+) \| (\S+) \| (.*) \| [^|]* \|\s*$")]
    private static partial Regex RowLine();

    [GeneratedRegex(@"^- (N\d+) (.*)$")]
    private static partial Regex NoteLine();

    /// <summary>Rules of domain.md and decisions of the design have names of the same form, and other meanings: SEAT_4, D5.</summary>
    [GeneratedRegex(@"^[A-Z]{2,}_\d")]
    private static partial Regex RuleName();
}
