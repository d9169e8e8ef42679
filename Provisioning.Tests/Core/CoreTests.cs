using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Seats;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Core;

/// <summary>
/// A fixture with a stack of its own per test on the embedded engine, whose books are checked after each; on the other engines, where a
/// database takes longer to make, one stack for all its tests, each with an organisation of its own.
/// </summary>
public abstract class CoreTests(string engine = TestDatabase.Sqlite)
{
    private CoreStack? shared;

    protected const string Standard = CoreStack.Standard, Premium = CoreStack.Premium;

    private protected CoreStack Stack { get; private set; } = null!;

    [SetUp]
    public async Task StartAsync() =>
        Stack = engine == TestDatabase.Sqlite ? await CoreStack.StartAsync() : shared ??= await CoreStack.StartOnAsync(engine);

    [TearDown]
    public async Task StopAsync()
    {
        if (engine != TestDatabase.Sqlite) return;
        try
        {
            await Books.CheckAsync(Stack);
        }
        finally
        {
            await Stack.DisposeAsync();
        }
    }

    [OneTimeTearDown]
    public async Task StopSharedAsync()
    {
        if (shared is not null) await shared.DisposeAsync();
    }

    protected static T Ok<T>(Outcome<T> outcome)
    {
        Assert.That(outcome.IsOk, Is.True, outcome.Error?.ToString());
        return outcome.Value;
    }

    protected static TError Refused<TError, T>(Outcome<T> outcome) where TError : Error
    {
        Assert.That(outcome.Error, Is.InstanceOf<TError>(), outcome.IsOk ? "accepted" : outcome.Error!.ToString());
        return (TError)outcome.Error!;
    }

    /// <summary>Status and tier in one word: assigned:premium, waiting, ...</summary>
    protected static string Sits(MemberSeat seat) => Words.Text(seat.Status) + (seat.Tier is null ? "" : ":" + seat.Tier);

    protected async Task<string> SitsAsync(Provisioning.Core.Organizations.Organization organization, MemberId member) =>
        Sits((await Stack.FindAsync(organization, member)).Seat);
}
