using Provisioning.Core.Common;

namespace Provisioning.Core.Contracts;

/// <summary>A contract of an organisation.</summary>
public readonly record struct ContractId(Guid Value) : IId<ContractId>
{
    public static string Prefix => "ctr_";
    public static ContractId From(Guid value) => new(value);
    public override string ToString() => Ids.Text(this);
}

/// <summary>A priced proposal for seat changes.</summary>
public readonly record struct QuoteId(Guid Value) : IId<QuoteId>
{
    public static string Prefix => "quo_";
    public static QuoteId From(Guid value) => new(value);
    public override string ToString() => Ids.Text(this);
}

/// <summary>An invoice or credit note, from its draft on; the number comes when it is issued.</summary>
public readonly record struct InvoiceId(Guid Value) : IId<InvoiceId>
{
    public static string Prefix => "inv_";
    public static InvoiceId From(Guid value) => new(value);
    public override string ToString() => Ids.Text(this);
}
