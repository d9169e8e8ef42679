using NUnit.Framework;
using Provisioning.Core.Contracts;
using Provisioning.Tests.Contracts;
using Provisioning.Tests.Core;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Spend;

/// <summary>Caps, credits and usage of an organisation are counted in one currency.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class CurrencyTests(string engine) : ContractCore(engine)
{
    [Test]
    public async Task The_contracts_of_an_organisation_have_one_currency()
    {
        var org = await Desk.OrganizationAsync();
        Ok(await Desk.SignAsync(org, ContractDesk.New("2025-03-02", 20, autoRenew: false)));
        Desk.At("2026-03-02T00:00:00Z");
        await Desk.RunJobAsync();
        Assert.That((await Desk.ContractAsync(org))!.State, Is.EqualTo(ContractState.Expired));
        Assert.That(ContractDesk.Code(await Desk.SignAsync(org, ContractDesk.New("2026-03-02", 20, change: conditions => conditions with { Currency = new Currency("EUR") }))),
            Is.EqualTo("currency_fixed"));
        Ok(await Desk.SignAsync(org, ContractDesk.New("2026-03-02", 20)));
    }
}
