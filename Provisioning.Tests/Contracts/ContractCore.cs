using NUnit.Framework;
using Provisioning.Tests.Core;

namespace Provisioning.Tests.Contracts;

/// <summary>A fixture over a core stack with a desk for contracts; the books of seats and of invoices are checked after each test.</summary>
public abstract class ContractCore(string engine) : CoreTests(engine)
{
    private protected ContractDesk Desk { get; private set; } = null!;

    /// <summary>On engines where tests share a stack they share its clock too: each begins on the morning of 1 March 2026.</summary>
    [SetUp]
    public void OpenDesk()
    {
        Desk = new ContractDesk(Stack);
        Desk.At("2026-03-01T09:00:00Z");
    }

    [TearDown]
    public Task CheckInvoicesAsync() => Desk is null ? Task.CompletedTask : Desk.CheckInvoicesAsync();
}
