using System.Collections.Concurrent;
using System.Data.Common;
using System.Globalization;
using System.Linq.Expressions;
using System.Runtime.CompilerServices;

namespace Provisioning.Core.Storage;

/// <summary>
/// Makes rows out of columns: a record through its constructor, its parameters by the names of the columns; a tuple by place; a single
/// value. Compiled once for each text of a statement, so that a column costs a typed read.
/// </summary>
internal static class RowReader
{
    /// <summary>For the columns of this reader, which stands on a row.</summary>
    public static Func<DbDataReader, T> For<T>(KeptCommand command, DbDataReader row, string engine)
    {
        if (command.RowReader is Func<DbDataReader, T> known) return known;
        if (!Cache<T>.Known.TryGetValue((engine, command.Text), out var made))
        {
            made = Compile<T>(row);
            if (Cache<T>.Known.Count < Cache<T>.Most) Cache<T>.Known.TryAdd((engine, command.Text), made);
        }
        command.RowReader = made;
        return made;
    }

    /// <summary>A value of a single column; the default for none.</summary>
    public static T Scalar<T>(object? value)
    {
        if (value is null or DBNull) return default!;
        return value is T same ? same : (T)Convert.ChangeType(value, Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T), CultureInfo.InvariantCulture);
    }

    private static Func<DbDataReader, T> Compile<T>(DbDataReader row)
    {
        var reader = Expression.Parameter(typeof(DbDataReader));
        Expression made;
        if (typeof(T).IsPrimitive || typeof(T) == typeof(string) || typeof(T) == typeof(byte[]) || Nullable.GetUnderlyingType(typeof(T)) is not null)
        {
            made = Column(reader, row, 0, typeof(T));
        }
        else
        {
            var constructor = typeof(T).GetConstructors().MaxBy(candidate => candidate.GetParameters().Length)
                ?? throw new InvalidOperationException($"{typeof(T).Name} has no constructor that rows could be read with.");
            var parameters = constructor.GetParameters();
            var isTuple = typeof(ITuple).IsAssignableFrom(typeof(T));
            made = Expression.New(constructor, parameters.Select((parameter, at) =>
                Column(reader, row, isTuple ? at : Ordinal(row, parameter.Name!, at), parameter.ParameterType)));
        }
        return Expression.Lambda<Func<DbDataReader, T>>(made, reader).Compile();
    }

    /// <summary>By name, without regard to case; two columns may have one name, so the one in the parameter's place comes first.</summary>
    private static int Ordinal(DbDataReader row, string name, int place)
    {
        if (place < row.FieldCount && IsNamed(place)) return place;
        for (var at = 0; at < row.FieldCount; at++)
            if (IsNamed(at)) return at;
        throw new InvalidOperationException($"No column of the statement is named {name}.");

        bool IsNamed(int at) => row.GetName(at).Replace("_", "", StringComparison.Ordinal)
            .Equals(name.Replace("_", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase);
    }

    private static Expression Column(ParameterExpression reader, DbDataReader row, int ordinal, Type type)
    {
        var at = Expression.Constant(ordinal);
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        Expression value = plain == typeof(string) ? Expression.Call(reader, nameof(DbDataReader.GetString), null, at)
            : plain == typeof(byte[]) ? Expression.Call(reader, nameof(DbDataReader.GetFieldValue), [typeof(byte[])], at)
            : plain == typeof(long) && row.GetFieldType(ordinal) == typeof(long) ? Expression.Call(reader, nameof(DbDataReader.GetInt64), null, at)
            : Expression.Call(typeof(RowReader), nameof(Scalar), [plain], Expression.Call(reader, nameof(DbDataReader.GetValue), null, at));
        if (plain != type) value = Expression.Convert(value, type);
        if (plain.IsValueType && plain == type) return value; // a number that is always there
        return Expression.Condition(Expression.Call(reader, nameof(DbDataReader.IsDBNull), null, at), Expression.Default(type), value);
    }

    private static class Cache<T>
    {
        /// <summary>Filters make ever new texts; those beyond are compiled for each command that is kept.</summary>
        public const int Most = 1000;

        public static readonly ConcurrentDictionary<(string Engine, string Text), Func<DbDataReader, T>> Known = new();
    }
}
