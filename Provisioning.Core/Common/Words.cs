namespace Provisioning.Core.Common;

/// <summary>The words of an enumeration as they are written in JSON and in the database: snake_case.</summary>
public static class Words
{
    public static string Text<T>(T value) where T : struct, Enum => Table<T>.ToText[value];

    public static bool TryParse<T>(string? text, out T value) where T : struct, Enum
    {
        value = default;
        return text is not null && Table<T>.FromText.TryGetValue(text, out value);
    }

    /// <summary>Reads what <see cref="Text{T}"/> wrote; anything else in the database is a bug.</summary>
    public static T Parse<T>(string text) where T : struct, Enum => Table<T>.FromText[text];

    public static string All<T>() where T : struct, Enum => string.Join(", ", Table<T>.FromText.Keys);

    private static class Table<T> where T : struct, Enum
    {
        public static readonly Dictionary<T, string> ToText = Enum.GetValues<T>().ToDictionary(value => value, value => Snake(value.ToString()));
        public static readonly Dictionary<string, T> FromText = ToText.ToDictionary(pair => pair.Value, pair => pair.Key);

        private static string Snake(string name) =>
            string.Concat(name.Select((letter, at) => char.IsUpper(letter) ? (at == 0 ? "" : "_") + char.ToLowerInvariant(letter) : letter.ToString()));
    }
}
