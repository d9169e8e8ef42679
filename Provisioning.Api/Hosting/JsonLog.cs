using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Provisioning.Api.Hosting;

/// <summary>
/// Writes log lines to the standard output as JSON objects, the fields of the platform's JSON console, but many lines with one call to
/// the system: a line per request would otherwise cost more than many a request. A line leaves at once, or within
/// <see cref="Linger"/> of the one before it; what waits is written before the process ends.
/// </summary>
[ProviderAlias("Console")]
internal sealed class JsonLog : ILoggerProvider, ISupportExternalScope
{
    /// <summary>How long lines may gather.</summary>
    public static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(10);

    /// <summary>Bytes that may wait for a slow reader of the output; then the writers of lines wait too.</summary>
    private const int Most = 1 << 20;

    private static readonly JsonWriterOptions Written = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Lock gate = new();
    private readonly TimeProvider time;
    private readonly Stream output;
    private readonly ManualResetEventSlim stopping = new(), some = new(), room = new(initialState: true);
    private readonly Thread writer;
    private ArrayBufferWriter<byte> waiting = new(16 * 1024), leaving = new(16 * 1024);
    private IExternalScopeProvider scopes = new LoggerExternalScopeProvider();

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? line;

    public JsonLog(TimeProvider time, Stream output)
    {
        this.time = time;
        this.output = output;
        writer = new Thread(WriteOut) { IsBackground = true, Name = "log" };
        writer.Start();
    }

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => scopes = scopeProvider;

    public void Dispose()
    {
        if (stopping.IsSet) return;
        stopping.Set();
        some.Set();
        writer.Join();
        output.Flush();
    }

    private void Add(ReadOnlySpan<byte> bytes)
    {
        room.Wait();
        lock (gate)
        {
            waiting.Write(bytes);
            if (waiting.WrittenCount > Most) room.Reset();
        }
        if (!some.IsSet) some.Set();
    }

    private void WriteOut()
    {
        while (true)
        {
            some.Wait();
            some.Reset();
            lock (gate) (waiting, leaving) = (leaving, waiting);
            room.Set();
            try
            {
                output.Write(leaving.WrittenSpan);
                output.Flush();
            }
            catch (IOException)
            {
                // Nobody reads the log any more; the service goes on.
            }
            leaving.ResetWrittenCount();
            if (stopping.IsSet && !some.IsSet) return;
            stopping.Wait(Linger);
        }
    }

    private sealed class Logger(JsonLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => log.scopes.Push(state);

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var buffer = line ??= new ArrayBufferWriter<byte>(1024);
            buffer.ResetWrittenCount();
            using (var json = new Utf8JsonWriter(buffer, Written))
            {
                json.WriteStartObject();
                json.WriteString("Timestamp", log.time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
                json.WriteNumber("EventId", eventId.Id);
                json.WriteString("LogLevel", Name(logLevel));
                json.WriteString("Category", category);
                json.WriteString("Message", JsonAnswer.Utf8(formatter(state, exception)));
                if (exception is not null) json.WriteString("Exception", exception.ToString());
                if (state is IReadOnlyList<KeyValuePair<string, object?>> fields)
                {
                    json.WriteStartObject("State");
                    Write(json, fields);
                    json.WriteEndObject();
                }
                json.WriteStartArray("Scopes");
                log.scopes.ForEachScope(static (scope, json) => WriteScope(json, scope), json);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            buffer.Write("\n"u8);
            log.Add(buffer.WrittenSpan);
            if (buffer.Capacity > 64 * 1024) line = null;
        }

        private static void WriteScope(Utf8JsonWriter json, object? scope)
        {
            if (scope is not IReadOnlyList<KeyValuePair<string, object?>> fields)
            {
                json.WriteStringValue(JsonAnswer.Utf8(scope?.ToString() ?? ""));
                return;
            }
            json.WriteStartObject();
            Write(json, fields);
            json.WriteEndObject();
        }

        private static void Write(Utf8JsonWriter json, IReadOnlyList<KeyValuePair<string, object?>> fields)
        {
            for (var at = 0; at < fields.Count; at++)
            {
                var (name, value) = fields[at];
                switch (value)
                {
                    case null: json.WriteNull(name); break;
                    case string text: json.WriteString(name, JsonAnswer.Utf8(text)); break;
                    case bool flag: json.WriteBoolean(name, flag); break;
                    case int number: json.WriteNumber(name, number); break;
                    case long number: json.WriteNumber(name, number); break;
                    case double number when double.IsFinite(number): json.WriteNumber(name, number); break;
                    default: json.WriteString(name, JsonAnswer.Utf8(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "")); break;
                }
            }
        }

        private static string Name(LogLevel level) => level switch
        {
            LogLevel.Trace => "Trace",
            LogLevel.Debug => "Debug",
            LogLevel.Information => "Information",
            LogLevel.Warning => "Warning",
            LogLevel.Error => "Error",
            _ => "Critical",
        };
    }
}
