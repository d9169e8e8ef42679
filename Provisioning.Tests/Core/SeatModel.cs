using Provisioning.Core.Seats;

namespace Provisioning.Tests.Core;

/// <summary>
/// The rules of seats once more, written from domain.md and not from the engine: small, slow, in memory. Only as many people as one
/// drain serves, so nothing is ever set aside. An expired hold occupies its seat until something looks (TIME-4).
/// </summary>
internal sealed class SeatModel
{
    private List<Tier> tiers = [];
    private List<Person> people = [];
    private List<Hold> holds = [];
    private long order;

    public SeatModel(params (string Code, int Seats)[] bestFirst) => tiers = [.. bestFirst.Select(tier => new Tier(tier.Code, tier.Seats))];

    public IReadOnlyList<Person> People => people;

    public IReadOnlyList<Hold> Holds => holds;

    public long Now { get; set; }

    /// <summary>Tier, bought, assigned, held.</summary>
    public IEnumerable<(string Tier, int Purchased, int Assigned, int Held)> Pools =>
        tiers.Select(tier => (tier.Code, tier.Seats, people.Count(person => person.Tier == tier.Code), holds.Count(hold => hold.Tier == tier.Code)));

    public Person Add(string name)
    {
        var person = new Person { Name = name };
        people.Add(person);
        return person;
    }

    /// <summary>All or nothing: a refusal leaves no trace.</summary>
    public bool Try(Func<bool> change)
    {
        var (oldTiers, oldPeople, oldHolds) = (tiers.ToList(), people.Select(person => (person, person.Copy())).ToList(), holds.ToList());
        if (change()) return true;
        (tiers, holds) = (oldTiers, oldHolds);
        people = [.. oldPeople.Select(pair => pair.person)];
        foreach (var (person, copy) in oldPeople) person.Become(copy);
        return false;
    }

    /// <summary>SEAT-4, SEAT-5, SEAT-10.</summary>
    public bool Enter(Person person, string? only, string? first, bool mayWait)
    {
        if (person.Status == SeatStatus.Assigned || Claim(person, only, first)) return true;
        Repair();
        if (person.Status == SeatStatus.Assigned || Claim(person, only, first)) return true;
        if (!mayWait) return false;
        person.Since = person.Status == SeatStatus.Waiting ? person.Since : ++order;
        person.Status = SeatStatus.Waiting;
        person.Desired = only;
        return true;
    }

    /// <summary>SEAT-8, SEAT-11.</summary>
    public void Leave(Person person, SeatStatus to)
    {
        if (person.Tier is not null) person.Last = person.Tier;
        (person.Status, person.Tier, person.Desired) = (to, null, null);
        Drain();
    }

    /// <summary>SEAT-7.</summary>
    public bool Move(Person person, string tier, bool wait)
    {
        if (person.Tier != tier && Free(tier) == 0) Repair();
        if (person.Tier == tier)
        {
            person.Desired = null;
            return true;
        }
        if (Free(tier) > 0)
        {
            person.Sit(tier);
            Drain();
            return true;
        }
        if (!wait) return false;
        if (person.Status != SeatStatus.Assigned)
        {
            person.Since = person.Status == SeatStatus.Waiting ? person.Since : ++order;
            person.Status = SeatStatus.Waiting;
        }
        person.Desired = tier;
        return true;
    }

    /// <summary>SEAT-7: what counts is what each tier needs when all changes are done.</summary>
    public bool Swap(IReadOnlyList<(Person Person, string? Tier)> changes)
    {
        Repair();
        foreach (var (person, tier) in changes)
        {
            if (person.Tier == tier && tier is not null) continue;
            if (tier is not null) person.Sit(tier);
            else
            {
                if (person.Tier is not null) person.Last = person.Tier;
                (person.Status, person.Tier, person.Desired) = (SeatStatus.Unassigned, null, null);
            }
        }
        if (tiers.Exists(tier => Free(tier.Code) < 0)) return false;
        Drain();
        return true;
    }

    public void Buy(string tier, int seats)
    {
        tiers = [.. tiers.Select(old => old.Code == tier ? old with { Seats = old.Seats + seats } : old)];
        Drain();
    }

    /// <summary>SEAT-2; null is any tier.</summary>
    public bool Reserve(string name, string? tier, long expires)
    {
        if (Best(tier, null) is null) Repair();
        if (Best(tier, null) is not { } found) return false;
        holds.Add(new Hold(name, found, expires));
        return true;
    }

    /// <summary>The hold made last under this name, now with its end.</summary>
    public Hold Last(string name, long expires) => Extend(holds.Last(hold => hold.Name == name), expires);

    public Hold Extend(Hold hold, long expires)
    {
        var extended = hold with { Expires = expires };
        holds[holds.IndexOf(hold)] = extended;
        return extended;
    }

    public bool GiveBack(Hold hold)
    {
        if (!holds.Remove(hold)) return false;
        Drain();
        return true;
    }

    public bool Convert(Hold hold, string name)
    {
        if (hold.Expires <= Now || !holds.Remove(hold)) return false;
        Add(name).Sit(hold.Tier);
        return true;
    }

    /// <summary>The job: expired holds end, then SEAT-12.</summary>
    public void Repair()
    {
        if (holds.RemoveAll(hold => hold.Expires <= Now) > 0) Drain();
    }

    private void Drain()
    {
        while (true)
        {
            var next = people.Where(person => person.Status == SeatStatus.Waiting).OrderBy(person => person.Since)
                .Select(person => (person, tier: Best(person.Desired, null))).FirstOrDefault(pair => pair.tier is not null);
            if (next.person is null)
                next = people.Where(person => person.Status == SeatStatus.Assigned && person.Desired is { } wish && Rank(wish) < Rank(person.Tier!) && Free(wish) > 0)
                    .Select(person => (person, tier: person.Desired)).FirstOrDefault();
            if (next.person is null) return;
            next.person.Sit(next.tier!);
        }
    }

    private bool Claim(Person person, string? only, string? first)
    {
        if (Best(only, first) is not { } tier) return false;
        person.Sit(tier);
        return true;
    }

    private string? Best(string? only, string? first) => only is not null
        ? Free(only) > 0 ? only : null
        : first is not null && Free(first) > 0 ? first : tiers.Find(tier => Free(tier.Code) > 0)?.Code;

    private int Free(string code) =>
        tiers.Single(tier => tier.Code == code).Seats - people.Count(person => person.Tier == code) - holds.Count(hold => hold.Tier == code);

    private int Rank(string code) => tiers.FindIndex(tier => tier.Code == code);

    private sealed record Tier(string Code, int Seats);

    internal sealed record Hold(string Name, string Tier, long Expires);

    /// <summary>People are kept in the order in which they came, which is the order of their ids.</summary>
    internal sealed class Person
    {
        public required string Name { get; init; }
        public SeatStatus Status { get; set; }
        public string? Tier { get; set; }
        public string? Desired { get; set; }
        public string? Last { get; set; }
        public long Since { get; set; }

        public void Sit(string tier) => (Status, Tier, Last, Desired) = (SeatStatus.Assigned, tier, tier, null);

        public Person Copy() => (Person)MemberwiseClone();

        public void Become(Person other) =>
            (Status, Tier, Desired, Last, Since) = (other.Status, other.Tier, other.Desired, other.Last, other.Since);
    }
}
