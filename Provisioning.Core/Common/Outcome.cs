using System.Diagnostics.CodeAnalysis;

namespace Provisioning.Core.Common;

/// <summary>An expected result: a value, or one of the closed set of <see cref="Common.Error"/>s. Exceptions are bugs or broken infrastructure.</summary>
public readonly struct Outcome<T>
{
    private readonly T? value;

    private Outcome(T? value, Error? error)
    {
        this.value = value;
        Error = error;
    }

    public Error? Error { get; }

    [MemberNotNullWhen(false, nameof(Error))]
    public bool IsOk => Error is null;

    /// <summary>The value; asking a refused outcome for it is a bug.</summary>
    public T Value => Error is null ? value! : throw new InvalidOperationException($"The outcome is an error: {Error.GetType().Name}");

    public bool Try([MaybeNullWhen(false)] out T result, [NotNullWhen(false)] out Error? error)
    {
        result = value;
        error = Error;
        return Error is null;
    }

    public Outcome<TNext> Then<TNext>(Func<T, Outcome<TNext>> next) => Error is null ? next(value!) : Error;

    public Outcome<TNext> Select<TNext>(Func<T, TNext> next) => Error is null ? next(value!) : (Outcome<TNext>)Error;

    internal static Outcome<T> Ok(T value) => new(value, null);

    public static implicit operator Outcome<T>(T value) => new(value, null);

    public static implicit operator Outcome<T>(Error error) => new(default, error);
}

/// <summary>For interface-typed values, which the implicit conversion cannot take.</summary>
public static class Outcome
{
    public static Outcome<T> Of<T>(T value) => Outcome<T>.Ok(value);
}

/// <summary>The value of a command that answers nothing.</summary>
public readonly record struct Done;
