using System.Text;
using System.Text.RegularExpressions;

namespace Provisioning.Api.Admin;

/// <summary>CSV as RFC 4180 has it, for people who open it in a spreadsheet.</summary>
internal static partial class CsvText
{
    public const string MediaType = "text/csv";

    /// <summary>The whole Content-Type of an answer.</summary>
    public const string ContentType = "text/csv; charset=utf-8; header=present";

    public static string Line(IEnumerable<string?> cells) => string.Join(',', cells.Select(Cell)) + "\r\n";

    /// <summary>A spreadsheet takes a cell that starts like a formula for one: names come from outside, so those are made text.</summary>
    private static string Cell(string? value)
    {
        if (string.IsNullOrEmpty(value)) return "";
        value = FormulaStart().Replace(value, "'");
        return value.AsSpan().IndexOfAny("\",\r\n") < 0 ? value : $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    /// <summary>Before a sign that begins a formula, in either width; after a separator that some countries' spreadsheets go by, too.</summary>
    [GeneratedRegex("(?<=^|[;\\t\\r\\n])(?=[=+\\-@\\uFF1D\\uFF0B\\uFF0D\\uFF20\\t\\r\\n])", RegexOptions.CultureInvariant)]
    private static partial Regex FormulaStart();

    /// <summary>Reads rows of cells; empty lines are left out. Null: a quotation mark where none may be, or one that is not closed.</summary>
    public static IReadOnlyList<IReadOnlyList<string>>? Read(string text)
    {
        var (rows, row, cell) = (new List<IReadOnlyList<string>>(), new List<string>(), new StringBuilder());
        var (quoted, closed) = (false, false);
        for (var at = 0; at < text.Length; at++)
        {
            var letter = text[at];
            if (quoted)
            {
                if (letter != '"') cell.Append(letter);
                else if (at + 1 < text.Length && text[at + 1] == '"') cell.Append(text[at++]);
                else (quoted, closed) = (false, true);
            }
            else if (letter == '"')
            {
                if (closed || cell.Length > 0) return null;
                quoted = true;
            }
            else if (letter is ',' or '\n' or '\r')
            {
                row.Add(cell.ToString());
                cell.Clear();
                closed = false;
                if (letter == ',') continue;
                if (row is not [""]) rows.Add(row);
                row = [];
            }
            else if (closed)
            {
                return null;
            }
            else
            {
                cell.Append(letter);
            }
        }
        if (quoted) return null;
        row.Add(cell.ToString());
        if (row is not [""]) rows.Add(row);
        return rows;
    }
}
