using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using NUnit.Framework;
using Provisioning.Api.Hosting;
using Provisioning.Tests.Core;

namespace Provisioning.Tests.Hosting;

/// <summary>One JSON object per line, none lost, whoever writes at the same time.</summary>
public sealed partial class JsonLogTests
{
    private static readonly string[] Scope = ["CorrelationId:c-1"];

    [Test]
    public void A_line_has_the_message_its_fields_the_scopes_and_the_exception()
    {
        var line = Written(logger =>
        {
            using (logger.BeginScope("CorrelationId:c-1"))
                Answered(logger, new InvalidOperationException("no \"way\"\n"), 503, 1.5, null);
        }).Single();
        Assert.Multiple(() =>
        {
            Assert.That((string?)line["LogLevel"], Is.EqualTo("Warning"));
            Assert.That((int?)line["EventId"], Is.EqualTo(7));
            Assert.That((string?)line["Category"], Is.EqualTo("Tested"));
            Assert.That((string?)line["Message"], Is.EqualTo("Answered 503 in 1.5 for (null)"));
            Assert.That((int?)line["State"]!["Status"], Is.EqualTo(503));
            Assert.That((double?)line["State"]!["ElapsedMs"], Is.EqualTo(1.5));
            Assert.That((string?)line["State"]!["{OriginalFormat}"], Is.EqualTo("Answered {Status} in {ElapsedMs} for {Who}"));
            Assert.That((string?)line["Exception"], Does.Contain("no \"way\""));
            Assert.That(line["Scopes"]!.AsArray().Select(scope => (string?)scope), Is.EqualTo(Scope));
            Assert.That(DateTimeOffset.Parse((string)line["Timestamp"]!, System.Globalization.CultureInfo.InvariantCulture).Offset, Is.EqualTo(TimeSpan.Zero));
        });
    }

    [Test]
    public void Lines_of_many_writers_are_whole_and_none_is_lost()
    {
        const int writers = 8, each = 2000;
        var lines = Written(logger => Parallel.For(0, writers, writer =>
        {
            for (var number = 0; number < each; number++) Line(logger, writer, number);
        }));
        var seen = lines.Select(line => ((int)line["State"]!["Writer"]!, (int)line["State"]!["Number"]!)).ToHashSet();
        Assert.That((lines.Count, seen.Count), Is.EqualTo((writers * each, writers * each)));
    }

    private static List<JsonNode> Written(Action<ILogger> write)
    {
        using var output = new MemoryStream();
        using (var log = new JsonLog(new AdjustableTime(), output)) write(log.CreateLogger("Tested"));
        return [.. Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];
    }

    [LoggerMessage(7, LogLevel.Warning, "Answered {Status} in {ElapsedMs} for {Who}")]
    private static partial void Answered(ILogger logger, Exception exception, int status, double elapsedMs, string? who);

    [LoggerMessage(LogLevel.Information, "Line {Writer} {Number}")]
    private static partial void Line(ILogger logger, int writer, int number);
}
