using System.Collections.Concurrent;
using System.Data;
using System.Linq.Expressions;

namespace Provisioning.Core.Storage;

/// <summary>The names of the parameters of an execution, and the types of those whose value may be absent.</summary>
internal sealed class ParameterNames(IReadOnlyList<(string Name, DbType? Type)> all)
{
    public static readonly ParameterNames None = new([]);

    public IReadOnlyList<(string Name, DbType? Type)> All { get; } = all;
}

/// <summary>Reads the parameters of a statement out of the properties of an object; made once for each type of object.</summary>
internal sealed class ParameterReader
{
    private static readonly ConcurrentDictionary<Type, ParameterReader> Known = new();

    private readonly Func<object, object?>[] properties;

    private ParameterReader(Type type)
    {
        var readable = type.GetProperties().Where(property => property.GetIndexParameters().Length == 0).ToList();
        Names = new ParameterNames([.. readable.Select(property => (property.Name, Type(property.PropertyType)))]);
        Elements = [.. readable.Select(property => Element(property.PropertyType))];
        properties = [.. readable.Select(property =>
        {
            var source = Expression.Parameter(typeof(object));
            return Expression.Lambda<Func<object, object?>>(
                Expression.Convert(Expression.Property(Expression.Convert(source, type), property), typeof(object)), source).Compile();
        })];
    }

    public ParameterNames Names { get; }

    /// <summary>Of the elements, where the property is a list of them.</summary>
    public IReadOnlyList<DbType?> Elements { get; }

    public static ParameterReader Of(object parameters) => Known.GetOrAdd(parameters.GetType(), static type => new ParameterReader(type));

    /// <summary>For a statement without a list: several statements may share one object, and drivers refuse a list even where no text names it.</summary>
    public void Fill(KeptCommand command, object parameters)
    {
        for (var at = 0; at < properties.Length; at++) command.Set(at, Elements[at] is null ? properties[at](parameters) : null);
    }

    public object? Value(object parameters, int at) => properties[at](parameters);

    private static DbType? Element(Type type) =>
        typeof(IEnumerable<string>).IsAssignableFrom(type) ? DbType.String : typeof(IEnumerable<byte[]>).IsAssignableFrom(type) ? DbType.Binary
        : typeof(IEnumerable<long>).IsAssignableFrom(type) ? DbType.Int64 : null;

    /// <summary>An absent value has no type of its own, and some engines want one.</summary>
    private static DbType? Type(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type == typeof(string) ? DbType.String
            : type == typeof(byte[]) ? DbType.Binary
            : type == typeof(long) ? DbType.Int64
            : type == typeof(int) ? DbType.Int32
            : null;
    }
}
