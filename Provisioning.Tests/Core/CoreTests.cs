using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Seats;

namespace Provisioning.Tests.Core;

/// <summary>A fixture with a stack of its own per test; the books are checked after each.</summary>
public abstract class CoreTests
{
    protected const string Standard = CoreStack.Standard, Premium = CoreStack.Premium;

    private protected CoreStack Stack { get; private set; } = null!;

    [SetUp]
    public async Task StartAsync() => Stack = await CoreStack.StartAsync();

    [TearDown]
    public async Task StopAsync()
    {
        try
        {
            await Books.CheckAsync(Stack);
        }
        finally
        {
            await Stack.DisposeAsync();
        }
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
