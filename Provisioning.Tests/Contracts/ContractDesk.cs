using System.Globalization;
using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;
using Provisioning.Core.Spend;
using Provisioning.Core.Storage;
using Provisioning.Tests.Core;

namespace Provisioning.Tests.Contracts;

/// <summary>Contracts over a core stack: what operator, owner, payment service and job do, and a look into the books afterwards.</summary>
internal sealed class ContractDesk
{
    public const string Standard = CoreStack.Standard, Premium = CoreStack.Premium;

    private static int keys;

    public ContractDesk(CoreStack stack, ITaxes? taxes = null)
    {
        Stack = stack;
        var issuer = new Issuer("Seats & Co", ["1 Main Street"], "UTC", 30);
        var credits = new CreditPurchases(Credits, new CreditLedger(Credits, stack.Time));
        var book = new InvoiceBook(Invoices, issuer, taxes ?? new NoTaxes(), [credits]);
        Purchases = new SeatPurchases(stack.Seats);
        var fulfilment = new QuoteFulfilment(Contracts, stack.Seats, Purchases, book);
        Quotes = new SeatQuotes(stack.Database, Contracts, QuoteRows, stack.Seats, fulfilment, stack.Time);
        Confirmation = new QuoteConfirmation(stack.Database, QuoteRows, Invoices, fulfilment, book, stack.Time);
        Payments = new Payments(stack.Database, Invoices, QuoteRows, fulfilment, Confirmation, book, stack.Time);
        var conversion = new TierConversion(Purchases, stack.Mappings, stack.InvitationRows);
        var opening = new TermOpening(Contracts, stack.Organizations, Purchases, Confirmation, conversion, book);
        Schedule = new TermSchedule(stack.Database, Contracts, stack.Organizations, Purchases, opening, stack.Time);
        Setup = new ContractSetup(stack.Database, Contracts, stack.Organizations, Purchases, opening, stack.Time);
        Changes = new ContractChanges(stack.Database, Contracts, stack.Organizations, stack.Seats, opening, stack.Time);
        Conversion = new PlanConversion(stack.Database, Contracts, fulfilment, Confirmation, conversion, book, stack.Time);
        InvoiceDesk = new InvoiceAdministration(stack.Database, stack.Organizations, Invoices, book, [credits], stack.Time);
    }

    public CoreStack Stack { get; }
    public CreditStore Credits { get; } = new();
    public ContractStore Contracts { get; } = new();
    public QuoteStore QuoteRows { get; } = new();
    public InvoiceStore Invoices { get; } = new();
    public SeatPurchases Purchases { get; }
    public SeatQuotes Quotes { get; }
    public QuoteConfirmation Confirmation { get; }
    public Payments Payments { get; }
    public TermSchedule Schedule { get; }
    public ContractSetup Setup { get; }
    public ContractChanges Changes { get; }
    public PlanConversion Conversion { get; }
    public InvoiceAdministration InvoiceDesk { get; }

    /// <summary>Puts the clock.</summary>
    public void At(string instant) =>
        Stack.Time.Advance(DateTimeOffset.Parse(instant, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal) - Stack.Time.GetUtcNow());

    /// <summary>An organisation with the two usual tiers and no seats yet.</summary>
    public async Task<Organization> OrganizationAsync(string zone = "UTC")
    {
        var made = await Stack.OrganizationAsync(ProvisioningMode.ScimAndJit, (Standard, 10, 0), (Premium, 20, 0));
        return zone == "UTC" ? made : await Stack.ChangeAsync(made, before => before with { BillingZone = zone });
    }

    /// <summary>standard at 40.00 and premium at 100.00 per month in USD, unless changed.</summary>
    public static ContractConditions Conditions { get; } = new(
        ContractKind.Annual, PlanModel.UsageMultiTier, Funding.Arrears, PaymentMethod.Invoiced, ProrationPolicy.ServiceMonth, new Currency("USD"), 500, 20,
        true, "");

    public static NewContract New(
        string start, int standard, int premium = 0, bool autoRenew = true, Func<ContractConditions, ContractConditions>? change = null,
        long standardPrice = 4000, long premiumPrice = 10_000, bool surcharged = false) => new(
        change is null ? Conditions : change(Conditions), DateOnly.Parse(start, CultureInfo.InvariantCulture), autoRenew,
        [
            new NewTier(Standard, standardPrice, false, standard, null, null), new NewTier(Premium, premiumPrice, surcharged, premium, null, null),
        ]);

    public Task<Outcome<Contract>> SignAsync(Organization organization, NewContract wanted) =>
        Setup.CreateAsync(organization, CoreStack.Actor, wanted, null, default);

    public static QuoteChange Add(string tier, int quantity) => new(ChangeKind.Add, tier, null, quantity, []);

    public static QuoteChange Upgrade(int quantity, params MemberId[] members) => new(ChangeKind.Upgrade, Premium, Standard, quantity, members);

    public Task<Outcome<SeatQuote>> QuoteAsync(Organization organization, params QuoteChange[] changes) =>
        Quotes.CreateAsync(organization, CoreStack.Actor, changes, null, default);

    public static Idempotency Key(string? key = null, string request = "r") =>
        Idempotency.Of("tests", key ?? string.Create(CultureInfo.InvariantCulture, $"key {Interlocked.Increment(ref keys)}"), System.Text.Encoding.UTF8.GetBytes(request));

    public Task<Outcome<ConfirmedQuote>> ConfirmAsync(Organization organization, SeatQuote quote, Idempotency? key = null, Money? expected = null) =>
        Confirmation.ConfirmAsync(organization, CoreStack.Actor, quote.Id, expected ?? quote.Total, key ?? Key(), default);

    /// <summary>Quotes and confirms; demands success, and gives the invoice.</summary>
    public async Task<Invoice> BuyAsync(Organization organization, params QuoteChange[] changes)
    {
        var quote = Ok(await QuoteAsync(organization, changes));
        var confirmed = Ok(await ConfirmAsync(organization, quote));
        return (await InvoiceAsync(organization, confirmed.Invoice))!;
    }

    public Task<Outcome<PaymentResult>> PayAsync(Organization organization, InvoiceId invoice, bool succeeded = true, string reference = "p1", Money? amount = null) =>
        Payments.ReceiveAsync(organization, CoreStack.Actor, new PaymentNotice(invoice, succeeded, reference, amount), default);

    public Task<Invoice?> InvoiceAsync(Organization organization, InvoiceId id) => InvoiceDesk.FindAsync(organization.Id, id, default);

    /// <summary>Every invoice with its lines, oldest first.</summary>
    public async Task<IReadOnlyList<Invoice>> InvoicesAsync(Organization organization)
    {
        var page = await InvoiceDesk.ListAsync(organization.Id, new InvoiceQuery(null, null, null, 500), default);
        var all = new List<Invoice>();
        foreach (var invoice in page.Items.Reverse()) all.Add((await InvoiceAsync(organization, invoice.Id))!);
        return all;
    }

    public Task<Contract?> ContractAsync(Organization organization) => Changes.FindAsync(organization.Id, default);

    public async Task<Organization> FindAsync(Organization organization) =>
        (await Stack.Database.ReadAsync(session => Stack.Organizations.FindAsync(session, organization.Id.ToString()), default))!;

    /// <summary>A round of the job, under no lease.</summary>
    public async Task RunJobAsync()
    {
        foreach (var term in await Stack.Database.ReadAsync(session => Contracts.DueTermsAsync(session, Instants.Now(Stack.Time), 100), default))
            Ok(await Schedule.AdvanceAsync(term, CoreStack.Actor, null, default));
    }

    /// <summary>A round of the job as a node runs it.</summary>
    /// <param name="failures">What items threw; null: none may.</param>
    public async Task RunLeasedJobAsync(string node = "", List<Exception>? failures = null)
    {
        var leases = new Leases(Stack.Database, new LeaseStore(), Stack.Time, TimeSpan.FromHours(1));
        var lease = (await leases.HoldAsync("contracts" + node, null, default))!;
        var thrown = new List<Exception>();
        var round = new JobRound(() => Task.FromResult<JobTurn?>(new JobTurn(lease, CoreStack.Actor)), thrown.Add, default);
        await Schedule.RunAsync(round, default);
        await InvoiceDesk.MarkOverdueAsync(round, default);
        await leases.ReleaseAsync(lease, default);
        if (failures is null) Assert.That(thrown, Is.Empty);
        failures?.AddRange(thrown);
    }

    /// <summary>purchased of standard and premium.</summary>
    public async Task<(int Standard, int Premium)> PurchasedAsync(Organization organization) =>
        ((await Stack.PoolAsync(organization, Standard)).Purchased, (await Stack.PoolAsync(organization, Premium)).Purchased);

    /// <summary>Pushes people in parallel, so that they take seats or wait.</summary>
    public async Task<IReadOnlyList<MemberId>> PushAsync(Organization organization, string prefix, int count)
    {
        var members = new List<MemberId>();
        for (var i = 0; i < count; i++)
            members.Add(Ok(await Stack.PushAsync(organization, string.Create(CultureInfo.InvariantCulture, $"{prefix}{i:D3}"))).Member!.Member.Id);
        return members;
    }

    /// <summary>Invariant I-8 and rule BILL-7 over everything in the database: totals are sums, numbers run from 1 without gap or duplicate.</summary>
    public async Task CheckInvoicesAsync()
    {
        var wrong = await Books.CountAsync(Stack, "SELECT COUNT(*) FROM invoices i WHERE i.total <> (SELECT SUM(l.amount) FROM invoice_lines l WHERE l.invoice_id = i.id)");
        Assert.That(wrong, Is.Zero, "I-8: a total that is not the sum of its lines");
        Assert.That(await Books.CountAsync(Stack, "SELECT COUNT(*) FROM invoice_lines WHERE invoice_id NOT IN (SELECT id FROM invoices)"), Is.Zero);
        var numbered = await Books.CountAsync(Stack, "SELECT COUNT(*) FROM invoices WHERE number IS NOT NULL");
        Assert.That(await Books.CountAsync(Stack, "SELECT COUNT(DISTINCT number) FROM invoices WHERE number IS NOT NULL"), Is.EqualTo(numbered), "BILL-7: a number twice");
        Assert.That(await Books.CountAsync(Stack, "SELECT COALESCE(SUM(last_number), 0) FROM invoice_counters"), Is.EqualTo(numbered), "BILL-7: a gap");
    }

    public static T Ok<T>(Outcome<T> outcome)
    {
        Assert.That(outcome.IsOk, Is.True, outcome.Error?.ToString());
        return outcome.Value;
    }

    /// <summary>The code of a refusal.</summary>
    public static string Code<T>(Outcome<T> outcome) => outcome.Error switch
    {
        null => "accepted",
        Conflict conflict => conflict.Code,
        Unprocessable unprocessable => unprocessable.Code,
        NotFound => "not_found",
        VersionConflict => "version_conflict",
        var other => other.GetType().Name,
    };
}
