using Provisioning.Core.Common;

namespace Provisioning.Core.Spend;

/// <summary>A row of the price table.</summary>
public readonly record struct PriceId(Guid Value) : IId<PriceId>
{
    public static string Prefix => "prc_";
    public static PriceId From(Guid value) => new(value);
    public override string ToString() => Ids.Text(this);
}

/// <summary>Credits that came together: one purchase or one grant.</summary>
public readonly record struct CreditLotId(Guid Value) : IId<CreditLotId>
{
    public static string Prefix => "crl_";
    public static CreditLotId From(Guid value) => new(value);
    public override string ToString() => Ids.Text(this);
}

/// <summary>A journal of the credit ledger.</summary>
public readonly record struct CreditJournalId(Guid Value) : IId<CreditJournalId>
{
    public static string Prefix => "crj_";
    public static CreditJournalId From(Guid value) => new(value);
    public override string ToString() => Ids.Text(this);
}
