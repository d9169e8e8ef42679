using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NUnit.Framework;
using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Tests.Core;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Hosting;

[NonParallelizable]
public sealed partial class TelemetryTests
{
    private const string Secret = "ada.lovelace";

    [Test]
    [CancelAfter(30_000)]
    public async Task With_an_endpoint_traces_metrics_and_logs_arrive_and_hold_no_person(CancellationToken cancellation)
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        await using (var service = await TestService.StartAsync(1, 0, $"OTEL_EXPORTER_OTLP_ENDPOINT={receiver.Address}",
            "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_METRIC_EXPORT_INTERVAL=500", "OTEL_SERVICE_NAME=seats-of-the-test", "Logging:LogLevel:Default=Information"))
        {
            await WorkAsync(await service.OrganizationAsync());
            // The seats are read and the jobs run after a while.
            while (receiver.Missing("metrics", "provisioning.seats.purchased", "provisioning.job.runs").Any()) await Task.Delay(100, cancellation);
        }
        using (Assert.EnterMultipleScope())
        {
            Assert.That(receiver.Missing("traces", "POST /scim/v2/Users", "unit user.create", "UPDATE seat_pools", "commit", "seats-of-the-test"), Is.Empty);
            Assert.That(receiver.Missing("metrics", "http.server.request.duration", "provisioning.commit.units", "provisioning.seat.claim.duration",
                "provisioning.refusals", "provisioning.outbox.age", "seats-of-the-test"), Is.Empty);
            Assert.That(receiver.Missing("logs", "/scim/v2/Users", "CorrelationId", "seats-of-the-test"), Is.Empty);
            string[] forbidden = [Secret, "userName", TestService.OperatorToken];
            foreach (var signal in (string[])["traces", "metrics", "logs"])
                Assert.That(receiver.Missing(signal, forbidden), Is.EquivalentTo(forbidden), signal);
        }
    }

    [Test]
    public async Task Without_an_endpoint_nothing_of_it_exists()
    {
        await using var service = await TestService.StartAsync();
        Assert.That(service.Services.GetService<Telemetry>(), Is.Null);
        Assert.That(service.Services.GetServices<ILoggerProvider>().Select(provider => provider.GetType().Name), Has.None.Contains("OpenTelemetry"));
    }

    [TestCase("", ExpectedResult = "")]
    [TestCase("OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4317", ExpectedResult = "TRACES METRICS LOGS")]
    [TestCase("OTEL_EXPORTER_OTLP_ENDPOINT=", ExpectedResult = "", Description = "a compose file passes an unset variable on as an empty one")]
    [TestCase("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=http://collector:4317", ExpectedResult = "METRICS")]
    [TestCase("OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4317 OTEL_LOGS_EXPORTER=none", ExpectedResult = "TRACES METRICS")]
    [TestCase("OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4317 OTEL_SDK_DISABLED=true", ExpectedResult = "")]
    public string The_standard_variables_decide_which_signals_are_sent(string variables)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(variables.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(variable => variable.Split('=')).Select(parts => new KeyValuePair<string, string?>(parts[0], parts[1]))).Build();
        return string.Join(' ', ((string[])["TRACES", "METRICS", "LOGS"]).Where(signal => Telemetry.IsWanted(configuration, signal)));
    }

    [Test]
    public async Task Only_the_signals_with_an_endpoint_have_a_provider()
    {
        await using var service = await TestService.StartAsync(1, 0, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://127.0.0.1:9/v1/traces",
            "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_BSP_EXPORT_TIMEOUT=100", "OTEL_EXPORTER_OTLP_TIMEOUT=100");
        var telemetry = service.Services.GetRequiredService<Telemetry>();
        Assert.That(telemetry.Traces, Is.Not.Null);
        Assert.That(telemetry.Metrics, Is.Null);
    }

    [Test]
    [CancelAfter(30_000)]
    public async Task A_listener_sees_refusals_by_reason_and_the_seats_of_a_tier(CancellationToken cancellation)
    {
        using var meters = new Meters(Instruments.Name);
        await using var service = await TestService.StartAsync();
        var organization = await service.OrganizationAsync([("velvet", 20, 1)], onNoSeat: "reject");
        await organization.PushAsync("first");
        (await organization.Scim.Post("/Users", organization.User("second"))).Expect(403);
        (await organization.Scim.Get("/Users?filter=nonsense")).Expect(400);
        (await organization.Gateway.Post("/sign-in-decisions", new { connection = "demo", subject = "third", email = organization.Mail("third") })).Expect(200);
        (await organization.Admin.Put("/provisioning", new { })).Expect(403);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(meters.Sum("provisioning.refusals", "door=scim reason=seat_unavailable"), Is.EqualTo(1));
            Assert.That(meters.Sum("provisioning.refusals", "door=scim reason=invalidFilter"), Is.EqualTo(1));
            Assert.That(meters.Sum("provisioning.refusals", "door=jit reason=seat_unavailable"), Is.EqualTo(1));
            Assert.That(meters.Sum("provisioning.refusals", "door=admin reason=forbidden_role"), Is.EqualTo(1));
            Assert.That(meters.Count("provisioning.seat.claim.duration", "unit=user.create"), Is.EqualTo(1));
            Assert.That(meters.Count("provisioning.commit.duration"), Is.GreaterThan(3).And.EqualTo(meters.Count("provisioning.commit.units")));
        }

        // Read every ten seconds.
        while (meters.Last("provisioning.seats.assigned", "tier=velvet") is not 1)
        {
            await Task.Delay(200, cancellation);
            meters.Observe();
        }
        using (Assert.EnterMultipleScope())
        {
            Assert.That(meters.Last("provisioning.seats.purchased", "tier=velvet"), Is.EqualTo(1));
            Assert.That(meters.Last("provisioning.seats.free", "tier=velvet"), Is.Zero);
            Assert.That(meters.Last("provisioning.seats.held", "tier=velvet"), Is.Zero);
            Assert.That(meters.Last("provisioning.seats.queued", "tier=velvet"), Is.Zero);
            Assert.That(meters.Last("provisioning.seats.waiting", "tier=velvet"), Is.Zero);
            Assert.That(meters.Last("provisioning.outbox.age"), Is.GreaterThanOrEqualTo(0));
        }
    }

    [Test]
    public async Task One_trace_leads_from_the_request_over_the_unit_to_its_statements_and_names_nobody()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name is Instruments.Name or "Microsoft.AspNetCore",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using (var service = await TestService.StartAsync())
        {
            var organization = await service.OrganizationAsync();
            await WorkAsync(organization);
            await Task.WhenAll(Enumerable.Range(0, 20).Select(at => organization.PushAsync(Secret + at.ToString(CultureInfo.InvariantCulture))));
        }
        var requests = spans.Where(span => span.DisplayName == "POST /scim/v2/Users" && Equals(span.GetTagItem("http.response.status_code"), 201)).ToList();
        Assert.That(requests, Has.Count.EqualTo(21));
        foreach (var request in requests)
        {
            var unit = spans.Single(span => span.ParentSpanId == request.SpanId && span.DisplayName == "unit user.create");
            Assert.That(unit.TraceId, Is.EqualTo(request.TraceId));
            var statements = spans.Where(span => span.ParentSpanId == unit.SpanId).Select(span => span.DisplayName).ToList();
            Assert.That(statements, Does.Contain("INSERT members").And.Contain("INSERT audit_records").And.Contain("INSERT outbox"));
        }
        Assert.That(spans.Where(span => span.DisplayName == "commit"), Is.Not.Empty);
        Assert.That(spans.Where(span => span.DisplayName == "commit").Sum(span => span.GetTagItem("provisioning.commit.units") is int units ? units : 0), Is.GreaterThanOrEqualTo(21));
        var roots = spans.Where(span => span.Parent is null && span.ParentSpanId == default).Select(span => span.DisplayName).Distinct();
        Assert.That(roots.Where(name => name.StartsWith("SELECT", StringComparison.Ordinal) || name.StartsWith("UPDATE", StringComparison.Ordinal)), Is.Empty,
            "the polling of jobs makes no traces");

        var texts = spans.SelectMany(span => span.TagObjects.Select(tag => $"{tag.Key}={tag.Value}").Append(span.DisplayName).Append(span.StatusDescription ?? "")
            .Concat(span.Events.SelectMany(happened => happened.Tags.Select(tag => $"{tag.Key}={tag.Value}")))
            .Concat(span.Baggage.Select(item => $"{item.Key}={item.Value}"))).Distinct().ToList();
        string[] forbidden = ["ada", "@", "example", "userName", "filter=", " eq ", "sk_", TestService.OperatorToken, TestService.DemoScimToken, "Bearer", "url.", "user_agent", "?"];
        // A correlation id is random hexadecimal, in which "ada" stands now and then.
        Assert.That(texts.Where(text => !text.StartsWith("provisioning.correlation_id=", StringComparison.Ordinal) && forbidden.Any(word => text.Contains(word, StringComparison.Ordinal))), Is.Empty);
    }

    [Test]
    public async Task Probes_leave_no_trace()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name is "Microsoft.AspNetCore",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var host = await RunningHost.StartAsync();
        await host.Client.GetStringAsync(new Uri("/health/live", UriKind.Relative));
        Assert.That(spans.Where(span => span.Recorded), Is.Empty);
    }

    [Test]
    public async Task The_dashboard_and_the_README_name_metrics_that_exist_and_leave_none_of_ours_out()
    {
        using var meters = new Meters(Instruments.Name, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime");
        await using var service = await TestService.StartAsync();
        await service.Anonymous.Get("/health/live");
        var exists = meters.Published.SelectMany(PrometheusNames).ToHashSet(StringComparer.Ordinal);
        var dashboard = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Sources.Root, "infra/dashboards/provisioning.json")))!;
        var named = Texts(dashboard, "expr").SelectMany(expression => MetricName().Matches(expression).Select(match => match.Value)).ToHashSet(StringComparer.Ordinal);
        Assert.That(named, Is.Not.Empty);
        Assert.That(named.Except(exists), Is.Empty, "named by the dashboard, measured by nobody");

        var ours = meters.Published.Where(instrument => instrument.Meter.Name == Instruments.Name).ToList();
        Assert.That(ours.Where(instrument => !PrometheusNames(instrument).Any(named.Contains)).Select(instrument => instrument.Name), Is.Empty, "not on the dashboard");
        var readme = await File.ReadAllTextAsync(Path.Combine(Sources.Root, "README.md"));
        Assert.That(ours.Where(instrument => !readme.Contains($"`{instrument.Name}`", StringComparison.Ordinal)).Select(instrument => instrument.Name), Is.Empty, "not in the README");
    }

    /// <summary>A push, a filtered list, a refused request and a sign-in, all of one person.</summary>
    private static async Task WorkAsync(TestOrganization organization)
    {
        await organization.PushAsync(Secret);
        (await organization.Scim.Get($"/Users?filter=userName eq \"{organization.Mail(Secret)}\"")).Expect(200);
        (await organization.Scim.Post("/Users", organization.User(Secret))).Expect(409);
        (await organization.Gateway.Post("/sign-in-decisions", new { connection = "demo", subject = Secret, email = organization.Mail(Secret) })).Expect(200);
    }

    /// <summary>The names a collector gives an instrument when Prometheus reads it.</summary>
    private static IEnumerable<string> PrometheusNames(Instrument instrument)
    {
        var type = instrument.GetType().Name;
        var name = instrument.Name.Replace('.', '_') + instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        if (type.StartsWith("Histogram", StringComparison.Ordinal)) return [name + "_bucket", name + "_sum", name + "_count"];
        return type.StartsWith("Counter", StringComparison.Ordinal) || type.StartsWith("ObservableCounter", StringComparison.Ordinal) ? [name + "_total"] : [name];
    }

    private static IEnumerable<string> Texts(JsonNode? node, string name) => node switch
    {
        JsonObject item => item.SelectMany(field => field.Key == name && field.Value is JsonValue value ? [value.GetValue<string>()] : Texts(field.Value, name)),
        JsonArray items => items.SelectMany(item => Texts(item, name)),
        _ => [],
    };

    [GeneratedRegex(@"\b(?:provisioning|http_server|kestrel|dotnet|process)_\w+")]
    private static partial Regex MetricName();

    /// <summary>Keeps what the meters of these names measure, and takes part in every observation.</summary>
    private sealed class Meters : IDisposable
    {
        private readonly MeterListener listener = new();
        private readonly ConcurrentQueue<(string Name, string Tags, double Value)> measured = new();
        private readonly ConcurrentQueue<Instrument> published = new();

        public Meters(params string[] names)
        {
            listener.InstrumentPublished = (instrument, self) =>
            {
                if (!names.Contains(instrument.Meter.Name)) return;
                published.Enqueue(instrument);
                self.EnableMeasurementEvents(instrument);
            };
            listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Keep(instrument, value, tags));
            listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Keep(instrument, value, tags));
            listener.SetMeasurementEventCallback<double>(Keep);
            listener.Start();
        }

        public IEnumerable<Instrument> Published => published.DistinctBy(instrument => instrument.Name);

        public double Sum(string name, string tags = "") => Of(name, tags).Sum();

        public int Count(string name, string tags = "") => Of(name, tags).Count();

        public double? Last(string name, string tags = "") => Of(name, tags).Select(value => (double?)value).LastOrDefault();

        public void Observe() => listener.RecordObservableInstruments();

        public void Dispose() => listener.Dispose();

        private IEnumerable<double> Of(string name, string tags) =>
            measured.Where(item => item.Name == name && (tags.Length == 0 || item.Tags == tags)).Select(item => item.Value);

        private void Keep(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state = null) =>
            measured.Enqueue((instrument.Name, string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}")), value));
    }
}
