using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;

namespace Provisioning.Tests.Core;

/// <summary>One sequence: chooses an operation, does it on the stack and on the model, and knows what states members should have.</summary>
internal sealed class SeatModelRun
{
    private static readonly string[] Codes = ["gold", "silver", "bronze"];

    private readonly CoreStack stack;
    private readonly Random random;
    private readonly SeatModel model;
    private readonly List<Known> everybody = [];
    private readonly List<Invitation> invitations = [];
    private readonly DateTimeOffset began;
    private int names;

    private SeatModelRun(CoreStack stack, Random random, Organization organization, SeatModel model)
    {
        (this.stack, this.random, this.model, Organization) = (stack, random, model, organization);
        began = stack.Time.GetUtcNow();
    }

    public Organization Organization { get; }

    public static async Task<SeatModelRun> StartAsync(CoreStack stack, Random random)
    {
        (string, int)[] seats = [("gold", random.Next(2)), ("silver", random.Next(3)), ("bronze", random.Next(3))];
        var organization = await stack.OrganizationAsync(
            ProvisioningMode.ScimAndJit, ("gold", 30, seats[0].Item2), ("silver", 20, seats[1].Item2), ("bronze", 10, seats[2].Item2));
        if (random.Next(4) == 0) organization = await stack.ChangeAsync(organization, before => before with { OnNoSeatScim = NoSeatPolicy.Reject });
        return new SeatModelRun(stack, random, organization, new SeatModel(seats));
    }

    public string Expected() => string.Join("\n",
        model.Pools.Select(pool => $"{pool.Tier} {pool.Purchased} {pool.Assigned}/{pool.Assigned} {pool.Held} 0").Concat(
        model.People.Select(person => $"{person.Name} {Words.Text(person.Status)} {person.Tier ?? "-"} {person.Desired ?? "-"}")));

    public Task<string> StepAsync()
    {
        model.Now = (long)(stack.Time.GetUtcNow() - began).TotalMicroseconds;
        return random.Next(38) switch
        {
            < 5 => CreateAsync(),
            < 8 => WithAsync(Has, "deactivate", DeactivateAsync),
            < 11 => WithAsync(Has, "reactivate", ReactivateAsync),
            11 => WithAsync(Has, "delete", DeleteAsync),
            12 => WithAsync(known => known.Deleted, "push again", PushAgainAsync),
            < 15 => WithAsync(_ => true, "sign in", SignInAsync),
            15 => SignInFirstAsync(),
            < 19 => WithAsync(known => known.State != MemberState.Removed, "move", MoveAsync),
            19 => WithAsync(known => known.State != MemberState.Removed, "unassign", UnassignAsync),
            20 => WithAsync(known => known.State != MemberState.Removed, "suspend", SuspendAsync),
            21 => WithAsync(known => known.State != MemberState.Removed, "restore", RestoreAsync),
            22 => WithAsync(known => known.State != MemberState.Removed, "remove", RemoveAsync),
            < 25 => SwapAsync(),
            25 => BuyAsync(),
            < 28 => ReserveAsync(),
            28 => GiveBackAsync(),
            29 => ConvertAsync(),
            30 => ClockAsync(),
            < 33 => InviteAsync(),
            33 => ResendAsync(),
            34 => RevokeAsync(),
            35 => AcceptAsync(),
            36 => SweepAsync(),
            _ => DrainAsync(),
        };
    }

    private bool MayWait => Organization.OnNoSeatScim == NoSeatPolicy.Waiting;

    private static bool Has(Known known) => known.Entry is not null;

    private async Task<string> WithAsync(Func<Known, bool> suits, string what, Func<Known, Task<string>> act)
    {
        var candidates = everybody.Where(suits).ToList();
        if (candidates.Count == 0) return what + ": nobody";
        var known = candidates[random.Next(candidates.Count)];
        return $"{what} {known.Person.Name}: {await act(known)}";
    }

    private async Task<string> CreateAsync()
    {
        var name = $"p{++names}@{Organization.Slug}.example";
        SeatModel.Person? person = null;
        var expected = model.Try(() => model.Enter(person = model.Add(name), null, null, MayWait));
        var done = await stack.PushAsync(Organization, name);
        Agree(expected, done);
        if (done.IsOk) everybody.Add(new Known(person!, done.Value.Member!.Member.Id) { Entry = done.Value.Entry.Id, EntryActive = true });
        return $"create {name}: {expected}";
    }

    private async Task<string> DeactivateAsync(Known known)
    {
        var (changes, wasActive) = (known.EntryActive, known.State == MemberState.Active);
        known.EntryActive = false;
        if (changes && wasActive)
        {
            known.State = MemberState.Suspended;
            model.Leave(known.Person, SeatStatus.None);
        }
        Agree(true, await stack.ActiveAsync(Organization, known.Entry!.Value, false));
        return "done";
    }

    private async Task<string> ReactivateAsync(Known known)
    {
        var enters = !known.EntryActive && (known.State == MemberState.Removed || (known.State == MemberState.Suspended && !known.AdminSuspended));
        var expected = !enters || model.Try(() => model.Enter(known.Person, null, known.Person.Last, MayWait));
        if (expected) known.EntryActive = true;
        if (enters && expected) known.State = MemberState.Active;
        Agree(expected, await stack.ActiveAsync(Organization, known.Entry!.Value, true));
        return $"{expected}";
    }

    private async Task<string> DeleteAsync(Known known)
    {
        Agree(true, await stack.DeleteAsync(Organization, known.Entry!.Value));
        (known.Entry, known.Deleted) = (null, true);
        Out(known, known.AdminSuspended); // the administrator's word outlives the directory's
        return "done";
    }

    private async Task<string> PushAgainAsync(Known known)
    {
        var expected = known.AdminSuspended || model.Try(() => model.Enter(known.Person, null, known.Person.Last, MayWait));
        var done = await stack.PushAsync(Organization, known.Person.Name);
        Agree(expected, done);
        if (!expected) return "refused";
        Assert.That(done.Value.Member!.Member.Id, Is.EqualTo(known.Id), "the same member");
        (known.Entry, known.EntryActive, known.Deleted, known.State, known.AdminSuspended) = (
            done.Value.Entry.Id, true, false, known.AdminSuspended ? MemberState.Suspended : MemberState.Active, known.AdminSuspended);
        return "done";
    }

    private async Task<string> SignInAsync(Known known)
    {
        var answer = await stack.SignInAsync(Organization, "sub-" + known.Person.Name, known.Person.Name);
        if (known.State == MemberState.Active && known.Person.Status == SeatStatus.Waiting)
            model.Enter(known.Person, known.Person.Desired, known.Person.Last, mayWait: true);
        Assert.That(answer.Allowed, Is.EqualTo(known.State == MemberState.Active && known.Person.Status == SeatStatus.Assigned), answer.Reason);
        return answer.Reason;
    }

    private async Task<string> SignInFirstAsync()
    {
        var name = $"p{++names}@{Organization.Slug}.example";
        SeatModel.Person? person = null;
        var expected = model.Try(() => model.Enter(person = model.Add(name), null, null, mayWait: false));
        var answer = await stack.SignInAsync(Organization, "sub-" + name, name);
        Assert.That(answer.Allowed, Is.EqualTo(expected), answer.Reason);
        if (expected) everybody.Add(new Known(person!, answer.Member!.Value));
        return $"first sign-in {name}: {answer.Reason}";
    }

    private async Task<string> MoveAsync(Known known)
    {
        var (tier, wait) = (Codes[random.Next(3)], random.Next(2) == 0);
        var expected = known.State == MemberState.Active && model.Try(() => model.Move(known.Person, tier, wait));
        Agree(expected, await stack.AdminAsync(Organization, known.Id, new MemberCommand.Seat(tier, wait)));
        return $"{tier}{(wait ? " or wait" : "")}: {expected}";
    }

    private async Task<string> UnassignAsync(Known known)
    {
        var expected = known.State == MemberState.Active;
        if (expected) model.Leave(known.Person, SeatStatus.Unassigned);
        Agree(expected, await stack.AdminAsync(Organization, known.Id, new MemberCommand.Unassign()));
        return $"{expected}";
    }

    private async Task<string> SuspendAsync(Known known)
    {
        Agree(true, await stack.AdminAsync(Organization, known.Id, new MemberCommand.Suspend()));
        if (known.State == MemberState.Active) model.Leave(known.Person, SeatStatus.None);
        (known.State, known.AdminSuspended) = (MemberState.Suspended, true);
        return "done";
    }

    private async Task<string> RestoreAsync(Known known)
    {
        var expected = known.State == MemberState.Active || known.AdminSuspended;
        Agree(expected, await stack.AdminAsync(Organization, known.Id, new MemberCommand.Restore()));
        if (!expected || known.State == MemberState.Active) return $"{expected}";
        known.AdminSuspended = false;
        if (known.Entry is not null && !known.EntryActive) return "still suspended by the directory";
        model.Enter(known.Person, null, known.Person.Last, mayWait: true);
        known.State = MemberState.Active;
        return "done";
    }

    private async Task<string> RemoveAsync(Known known)
    {
        Agree(true, await stack.RemoveAsync(Organization, known.Id));
        Out(known, keepsSuspension: false);
        return "done";
    }

    private async Task<string> SwapAsync()
    {
        var chosen = everybody.Where(known => known.State == MemberState.Active).OrderBy(_ => random.Next()).Take(random.Next(1, 4))
            .Select(known => (known, tier: random.Next(4) is > 0 and var code ? Codes[code - 1] : null)).ToList();
        if (chosen.Count == 0) return "swap: nobody";
        var expected = model.Try(() => model.Swap([.. chosen.Select(change => (change.known.Person, change.tier))]));
        Agree(expected, await stack.SwapAsync(Organization, [.. chosen.Select(change => (change.known.Id, change.tier))]));
        return $"swap {string.Join(", ", chosen.Select(change => $"{change.known.Person.Name} {change.tier ?? "none"}"))}: {expected}";
    }

    private async Task<string> BuyAsync()
    {
        var code = random.Next(3);
        model.Buy(Codes[code], 1);
        Agree(true, await stack.BuyAsync(Organization, (Codes[code], 30 - (10 * code), model.Pools.ElementAt(code).Purchased)));
        return $"buy {Codes[code]}";
    }

    private async Task<string> ReserveAsync()
    {
        var (id, tier) = (Ids.New<SeatHoldId>(stack.Time), random.Next(4) is > 0 and var code ? Codes[code - 1] : null);
        var lasts = TimeSpan.FromDays(random.Next(1, 4));
        var expected = model.Try(() => model.Reserve(id.ToString(), tier, model.Now + (long)lasts.TotalMicroseconds));
        var expires = Instants.FromMicroseconds(Instants.ToMicroseconds(began)) + TimeSpan.FromMicroseconds(model.Now) + lasts;
        Agree(expected, await stack.UnitAsync(scope => stack.Engine.HoldAsync(scope, Organization.Id, id, tier, expires)));
        return $"hold {tier ?? "any"}: {expected}";
    }

    private async Task<string> GiveBackAsync()
    {
        var plain = model.Holds.Where(hold => Ids.TryParse<SeatHoldId>(hold.Name, out _)).ToList();
        if (plain.Count == 0) return "release: none";
        var hold = plain[random.Next(plain.Count)];
        model.GiveBack(hold);
        Agree(true, await stack.UnitAsync<bool>(async scope => await stack.Engine.ReleaseHoldAsync(scope, Organization.Id, IdOf(hold))));
        return $"release {hold.Tier}";
    }

    private async Task<string> ConvertAsync()
    {
        var plain = model.Holds.Where(hold => Ids.TryParse<SeatHoldId>(hold.Name, out _)).ToList();
        if (plain.Count == 0) return "convert: none";
        var (hold, name) = (plain[random.Next(plain.Count)], $"p{++names}@{Organization.Slug}.example");
        var expected = model.Convert(hold, name);
        var member = new Member(Ids.New<MemberId>(stack.Time), Organization.Id, name, name, null, Role.User, MemberState.Active, false, null,
            MemberSource.Invite, null, stack.Time.GetUtcNow(), 1);
        Agree(expected, await stack.UnitAsync(async scope =>
        {
            await stack.Members.InsertAsync(scope.Session, member);
            return await stack.Engine.ConvertHoldAsync(scope, Organization.Id, IdOf(hold), MemberSeat.NewFor(member.Id));
        }));
        if (expected) everybody.Add(new Known(model.People[^1], member.Id));
        return $"convert {hold.Tier}: {expected}";
    }

    /// <summary>INV-1 to INV-5 over the same holds: held(t) = pending and unexpired, once something looks (TIME-4).</summary>
    private async Task<string> InviteAsync()
    {
        var (name, tier) = ($"p{++names}@{Organization.Slug}.example", random.Next(4) is > 0 and var code ? Codes[code - 1] : null);
        var expected = model.Try(() => model.Reserve(name, tier, 0));
        var invited = await stack.InviteAsync(Organization, name, tier: tier);
        Agree(expected, invited);
        if (!expected) return $"invite to {tier ?? "any"}: {expected}";
        var hold = model.Last(name, SinceBegan(invited.Value.ExpiresAt));
        Assert.That(invited.Value.Tier, Is.EqualTo(hold.Tier));
        invitations.Add(invited.Value);
        return $"invite {name} to {hold.Tier}";
    }

    private async Task<string> ResendAsync()
    {
        if (Pending() is not ({ } invitation, { } hold)) return "resend: none";
        var again = await stack.ResendAsync(Organization, invitation.Id);
        Agree(true, again);
        model.Extend(hold, SinceBegan(again.Value.ExpiresAt));
        invitations[invitations.IndexOf(invitation)] = again.Value;
        return $"resend {invitation.Email}";
    }

    private async Task<string> RevokeAsync()
    {
        if (Pending() is not ({ } invitation, { } hold)) return "revoke: none";
        invitations.Remove(invitation);
        model.GiveBack(hold);
        Agree(true, await stack.RevokeAsync(Organization, invitation.Id));
        return $"revoke {invitation.Email}";
    }

    private async Task<string> AcceptAsync()
    {
        if (invitations.Count == 0) return "accept: none";
        var invitation = invitations[random.Next(invitations.Count)];
        var hold = model.Holds.FirstOrDefault(found => found.Name == invitation.Email);
        var expected = hold is not null && model.Convert(hold, invitation.Email);
        var accepted = await stack.AcceptAsync(invitation);
        Agree(expected, accepted);
        if (!expected) return $"accept {invitation.Email}: too late";
        invitations.Remove(invitation);
        everybody.Add(new Known(model.People[^1], accepted.Value.Member.Member.Id));
        return $"accept {invitation.Email}";
    }

    private async Task<string> SweepAsync()
    {
        foreach (var overdue in invitations.Where(invitation => SinceBegan(invitation.ExpiresAt) <= model.Now).OrderBy(invitation => invitation.ExpiresAt).ToList())
        {
            invitations.Remove(overdue);
            if (model.Holds.FirstOrDefault(hold => hold.Name == overdue.Email) is { } hold) model.GiveBack(hold); // or a repair was faster
        }
        await stack.SweepAsync(Organization);
        return "sweep";
    }

    /// <summary>An invitation that can still be accepted, and its hold.</summary>
    private (Invitation? Invitation, SeatModel.Hold? Hold) Pending()
    {
        var open = invitations.Where(invitation => SinceBegan(invitation.ExpiresAt) > model.Now).ToList();
        if (open.Count == 0) return default;
        var chosen = open[random.Next(open.Count)];
        return (chosen, model.Holds.Single(hold => hold.Name == chosen.Email));
    }

    private long SinceBegan(DateTimeOffset instant) => (long)(instant - began).TotalMicroseconds;

    private Task<string> ClockAsync()
    {
        var by = TimeSpan.FromHours(random.Next(1, 48) * (random.Next(4) == 0 ? 12 : 1));
        stack.Time.Advance(by);
        return Task.FromResult($"{by.TotalHours} hours later");
    }

    private async Task<string> DrainAsync()
    {
        model.Repair();
        await stack.DrainAsync(Organization);
        return "drain";
    }

    private void Out(Known known, bool keepsSuspension)
    {
        if (known.State != MemberState.Removed) model.Leave(known.Person, SeatStatus.None);
        (known.State, known.AdminSuspended) = (MemberState.Removed, keepsSuspension);
    }

    private static SeatHoldId IdOf(SeatModel.Hold hold) => Ids.TryParse<SeatHoldId>(hold.Name, out var id) ? id : throw new InvalidOperationException();

    private static void Agree<T>(bool expected, Outcome<T> actual) =>
        Assert.That(actual.IsOk, Is.EqualTo(expected), actual.Error?.ToString());

    /// <summary>A member: what the model does not know about.</summary>
    private sealed class Known(SeatModel.Person person, MemberId id)
    {
        public SeatModel.Person Person => person;
        public MemberId Id => id;
        public ResourceId? Entry { get; set; }
        public bool EntryActive { get; set; }
        public bool Deleted { get; set; }
        public MemberState State { get; set; }
        public bool AdminSuspended { get; set; }
    }
}
