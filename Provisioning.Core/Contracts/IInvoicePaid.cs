using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Contracts;

/// <summary>What another room does when an invoice is paid, in the unit that records the payment.</summary>
public interface IInvoicePaid
{
    Task PaidAsync(UnitScope scope, Invoice paid);
}

/// <summary>What another room takes back when an invoice is credited, in the unit that writes the credit note.</summary>
public interface IInvoiceCredited
{
    /// <summary>An error refuses the credit note.</summary>
    /// <param name="before">As it was, with what was credited before.</param>
    /// <param name="taken">Minor units credited now.</param>
    Task<Error?> CreditedAsync(UnitScope scope, Invoice before, long taken, string reason);
}
