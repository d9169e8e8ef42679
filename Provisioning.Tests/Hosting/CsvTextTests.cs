using NUnit.Framework;
using Provisioning.Api.Admin;

namespace Provisioning.Tests.Hosting;

/// <summary>CSV for spreadsheets: what people call themselves never becomes a formula.</summary>
public sealed class CsvTextTests
{
    [TestCase("=1+1")]
    [TestCase("@SUM(A1)")]
    [TestCase("x;=HYPERLINK(\"http://evil\")", Description = "where the semicolon separates")]
    [TestCase("\n=1+1", Description = "a leading line feed")]
    [TestCase("\r\n+1")]
    [TestCase("\t-1")]
    [TestCase("ann\n@x")]
    [TestCase("\uFF1D1+1", Description = "full width")]
    [TestCase("x;\uFF0B1")]
    [TestCase("\uFF0D1")]
    [TestCase("\uFF20x")]
    public void NOTI_6_no_cell_begins_like_a_formula_wherever_a_spreadsheet_splits(string name)
    {
        var line = CsvText.Line([name, "end"]);
        var cell = CsvText.Read(line)![0][0];
        Assert.That(cell.Replace("'", "", StringComparison.Ordinal), Is.EqualTo(name), "nothing is lost");
        foreach (var part in cell.Split(';', '\t', '\r', '\n').Where(part => part.Length > 0))
            Assert.That(part[0], Is.Not.AnyOf('=', '+', '-', '@', '\uFF1D', '\uFF0B', '\uFF0D', '\uFF20'), line);
        Assert.That(cell[0], Is.Not.AnyOf('\t', '\r', '\n'));
    }

    [TestCase("Ann-Marie")]
    [TestCase("a=b")]
    [TestCase("O'Neil; Esq.")]
    public void NOTI_6_other_names_stay_as_they_are(string name) => Assert.That(CsvText.Line([name]), Is.EqualTo(name + "\r\n"));
}
