using System.Reflection;

namespace Provisioning.Tests.Core;

/// <summary>Stores of ours, with one method answered by the test: for what a unit sees while another one writes.</summary>
internal static class Intercepted
{
    /// <param name="answer">Given the call of the store itself; gives what the caller sees.</param>
    public static T Store<T>(T inner, string method, Func<Func<object?>, object?> answer) where T : class
    {
        var made = DispatchProxy.Create<T, StoreProxy<T>>();
        ((StoreProxy<T>)(object)made).Set(inner, method, answer);
        return made;
    }
}

/// <summary>Made at run time for a port; <see cref="Intercepted"/> gives it what it stands before.</summary>
public class StoreProxy<T> : DispatchProxy where T : class
{
    private T inner = null!;
    private string name = "";
    private Func<Func<object?>, object?> answer = null!;

    internal void Set(T store, string method, Func<Func<object?>, object?> by) => (inner, name, answer) = (store, method, by);

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod!.Name == name
        ? answer(() => targetMethod.Invoke(inner, args)) : targetMethod.Invoke(inner, args);
}
