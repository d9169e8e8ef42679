using System.Text.Json;
using System.Text.Json.Serialization;
using Provisioning.Core.Common;

namespace Provisioning.Core.Storage;

/// <summary>A receipt as kept.</summary>
internal sealed record ReceiptRow(byte[]? Request_Hash, string? Reply);

/// <summary>Receipts of units (rule I-13): inserted first, so that two attempts of one unit meet at its key.</summary>
internal static class Receipts
{
    /// <summary>How long an answer can be recalled: far longer than any retry, and than clients repeat an idempotency key.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromHours(48);

    public static readonly JsonSerializerOptions Json = new() { Converters = { new IdConverterFactory() } };

    public static Task<ReceiptRow?> FindAsync(SqlSession session, UnitId unit) =>
        session.FindAsync<ReceiptRow>("SELECT request_hash, reply FROM receipts WHERE unit_id = @unit", new { unit = Ids.ToBytes(unit) });

    public static Task InsertAsync(SqlSession session, UnitId unit, string kind, byte[]? requestHash, string? reply, DateTimeOffset now) =>
        session.ExecuteAsync("INSERT INTO receipts (unit_id, kind, request_hash, reply, created_at) VALUES (@unit, @kind, @requestHash, @reply, @now)",
            new { unit = Ids.ToBytes(unit), kind, requestHash, reply, now = Instants.ToMicroseconds(now) });

    public static Task SetReplyAsync(SqlSession session, UnitId unit, string reply) =>
        session.ExecuteAsync("UPDATE receipts SET reply = @reply WHERE unit_id = @unit", new { unit = Ids.ToBytes(unit), reply });

    /// <summary>Deletes receipts nobody can ask for any more; answers how many.</summary>
    public static Task<int> DeleteOldAsync(SqlSession session, DateTimeOffset before, int limit) =>
        session.ExecuteAsync(
            $"DELETE FROM receipts WHERE unit_id IN (SELECT unit_id FROM receipts WHERE created_at < @before ORDER BY created_at {session.Dialect.Page})",
            new { before = Instants.ToMicroseconds(before), limit, offset = 0 });

    public static string Write(string reply) => "+" + reply;

    public static string Write(Error error) => "-" + JsonSerializer.Serialize(error, Json);

    public static (string? Reply, Error? Error) Read(string kept) =>
        kept[0] == '+' ? (kept[1..], null) : (null, JsonSerializer.Deserialize<Error>(kept.AsSpan(1), Json));

    /// <summary>Writes ids in their text form.</summary>
    private sealed class IdConverterFactory : JsonConverterFactory
    {
        public override bool CanConvert(Type typeToConvert) =>
            typeToConvert.IsValueType && typeToConvert.GetInterfaces().Any(type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IId<>));

        public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
            (JsonConverter)Activator.CreateInstance(typeof(IdConverter<>).MakeGenericType(typeToConvert))!;
    }

    private sealed class IdConverter<T> : JsonConverter<T> where T : struct, IId<T>
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            Ids.TryParse<T>(reader.GetString(), out var id) ? id : throw new JsonException("Not an id.");

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(Ids.Text(value));
    }
}
