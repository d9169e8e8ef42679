using Provisioning.Core.Organizations;

namespace Provisioning.Core.Contracts;

/// <summary>
/// The tax port (rule BILL-6): adds lines of kind <see cref="LineKind.Tax"/> to what is charged. It is asked when a quote is priced and when
/// a term is opened or converted, so that an owner confirms the total that the invoice will have. It runs inside a unit, maybe several
/// times: it must be quick, and must not change anything.
/// </summary>
public interface ITaxes
{
    /// <summary>The tax on these lines, one line per rate, each rounded once to the minor unit; none is zero tax.</summary>
    IReadOnlyList<ChargeLine> Of(Organization organization, Currency currency, IReadOnlyList<ChargeLine> lines);
}

/// <summary>The default: no tax, because what is due depends on who sells to whom, where.</summary>
public sealed class NoTaxes : ITaxes
{
    public IReadOnlyList<ChargeLine> Of(Organization organization, Currency currency, IReadOnlyList<ChargeLine> lines) => [];
}
