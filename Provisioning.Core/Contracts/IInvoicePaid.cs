using Provisioning.Core.Journal;

namespace Provisioning.Core.Contracts;

/// <summary>What another room does when an invoice is paid, in the unit that records the payment.</summary>
public interface IInvoicePaid
{
    Task PaidAsync(UnitScope scope, Invoice paid);
}
