using System.Data.Common;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Provisioning.Core.Common;
using Provisioning.Core.Contracts;
using Provisioning.Core.Directory;
using Provisioning.Core.Invitations;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Schemas;
using Provisioning.Core.Seats;
using Provisioning.Core.SignIn;
using Provisioning.Core.Storage;
using Provisioning.Core.Storage.Dialects;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Core;

/// <summary>The real rooms on a database file of their own, with a clock the test moves.</summary>
internal sealed class CoreStack : IAsyncDisposable
{
    public const string Standard = "standard", Premium = "premium";

    private static int organizations;

    private readonly Func<IDialect> plain;
    private readonly Func<DbConnection> connection;
    private readonly Func<Task> delete;

    private CoreStack(
        string file, Func<IDialect> plain, Func<DbConnection> connection, Func<IDialect, IDialect>? wrap, AdjustableTime time, Func<Task> delete)
    {
        File = file;
        Time = time;
        this.plain = plain;
        this.connection = connection;
        this.delete = delete;
        Plain = plain();
        Database = new SqlDatabase(wrap is null ? Plain : wrap(Plain), time, TimeSpan.FromMinutes(1));
        var members = new MemberStore();
        Members = members;
        Requests = members;
        Engine = new SeatEngine(Seats, new SessionStore());
        var credentials = new CredentialStore();
        Meeting = new InvitationMeeting(InvitationRows, Engine);
        var (confirmationRows, connections) = (new LinkConfirmationStore(), new ConnectionStore());
        Confirmations = new LinkConfirmations(Database, Members, Organizations, connections, confirmationRows, time);
        Lifecycle = new MemberLifecycle(Members, Requests, credentials, confirmationRows, Meeting, Engine);
        var links = new EntryLinks(Members, Entries, Organizations);
        Guard = new MassGuard(Parked, time);
        Placements = new Placements(Mappings, Seats);
        Placing = new MemberPlacing(Members, Lifecycle, Engine, Guard);
        var entryPlacing = new EntryPlacing(Placements, Placing, Engine);
        Follower = new EntryFollower(Members, Entries, Organizations, Lifecycle, links, entryPlacing);
        Users = new UserDirectory(Database, Entries, Follower, links, time);
        GroupFollower = new GroupFollower(Placements, Mappings, Members, Placing, Engine);
        Groups = new GroupDirectory(Database, GroupRows, new GroupMembership(GroupRows), GroupFollower, time);
        Administration = new MemberAdministration(Database, Members, Entries, Seats, Lifecycle, Engine, entryPlacing, time);
        var cache = new GrantCache(time);
        Credentials = new Credentials(Database, credentials, cache, new TokenUse(), time);
        Connections = new ConnectionDirectory(Database, connections, Organizations, new SessionStore(), time);
        Setup = new OrganizationSetup(Database, Organizations, connections, credentials, Engine, time);
        Changes = new OrganizationChanges(Database, Organizations, cache, time);
        Provisioning = new ProvisioningSettings(
            Database, Organizations, Entries, Mappings, Seats, new LockOut(Members, Placements), RunRows, cache, time);
        Runs = new DirectoryRuns(
            Database, Organizations, RunRows, Parked,
            new RunSteps(RunRows, Members, Follower, links, GroupFollower, Placements, Lifecycle, Engine), Engine, time);
        Previews = new ProvisioningPreviews(
            Database, Provisioning, new PlanReader(Members, Seats, Mappings, Parked, RunRows, Placements, Provisioning), RunRows, Organizations, cache, time);
        var admission = new MemberAdmission(Members, links, Organizations, Requests, Lifecycle, confirmationRows, Meeting, Engine);
        SignIn = new SignInDecision(
            Database, new PersonMatcher(Members, Entries, Organizations, confirmationRows, Meeting), Members, connections, Organizations, admission,
            new MappedSignIn(Placements, Placing, Lifecycle, Guard, Engine), time);
        Ownership = new Ownership(Database, Members, time);
        InvitationTokens = new InvitationTokens(new FixedKey(), time);
        var rules = new InvitationRules(Members, Organizations, Meeting);
        Desk = new InvitationDesk(Database, InvitationRows, Members, rules, InvitationTokens, Engine);
        Acceptance = new InvitationAcceptance(Database, InvitationRows, Organizations, Members, Lifecycle, links, rules, Ownership, Confirmations, time);
    }

    /// <summary>Of the embedded engine; empty on others.</summary>
    public string File { get; }

    /// <summary>The engine itself, without what the test put in between.</summary>
    public IDialect Plain { get; }

    public AdjustableTime Time { get; }
    public SqlDatabase Database { get; }
    public IMemberStore Members { get; }
    public ISeatRequestStore Requests { get; }
    public EntryStore Entries { get; } = new();
    public GroupStore GroupRows { get; } = new();
    public SeatStore Seats { get; } = new();
    public OrganizationStore Organizations { get; } = new();
    public InvitationStore InvitationRows { get; } = new();
    public InvitationMeeting Meeting { get; }
    public InvitationTokens InvitationTokens { get; }
    public InvitationDesk Desk { get; }
    public InvitationAcceptance Acceptance { get; }
    public Ownership Ownership { get; }
    public LinkConfirmations Confirmations { get; }
    public SeatEngine Engine { get; }
    public MemberLifecycle Lifecycle { get; }
    public MappingStore Mappings { get; } = new();
    public ParkedStore Parked { get; } = new();
    public MassGuard Guard { get; }
    public Placements Placements { get; }
    public MemberPlacing Placing { get; }
    public EntryFollower Follower { get; }
    public GroupFollower GroupFollower { get; }
    public UserDirectory Users { get; }
    public GroupDirectory Groups { get; }
    public MemberAdministration Administration { get; }
    public Credentials Credentials { get; }
    public ConnectionDirectory Connections { get; }
    public OrganizationSetup Setup { get; }
    public OrganizationChanges Changes { get; }
    public RunStore RunRows { get; } = new();
    public ProvisioningSettings Provisioning { get; }
    public DirectoryRuns Runs { get; }
    public ProvisioningPreviews Previews { get; }
    public SignInDecision SignIn { get; }

    public static Actor Actor { get; } = new(ActorKind.ScimToken, "tok_test", Channel.Scim, "correlation");

    public static string ConnectionString(string file) => new SqliteConnectionStringBuilder { DataSource = file }.ToString();

    /// <param name="wrap">Puts something between the database and its engine.</param>
    public static async Task<CoreStack> StartAsync(Func<IDialect, IDialect>? wrap = null)
    {
        var file = NewFile();
        await TestDatabase.CopyAsync(file);
        return OnFile(file, wrap, new AdjustableTime(), () =>
        {
            Delete(file);
            return Task.CompletedTask;
        });
    }

    /// <summary>The same on any engine.</summary>
    public static async Task<CoreStack> StartOnAsync(string engine, Func<IDialect, IDialect>? wrap = null)
    {
        if (engine == TestDatabase.Sqlite) return await StartAsync(wrap);
        var database = await TestDatabase.CreateAsync(engine);
        var time = new AdjustableTime();
        return new CoreStack("", database.Dialect, database.Connection, wrap, time, async () => await database.DisposeAsync());
    }

    /// <summary>A second process on the same database, at the same time of day.</summary>
    public CoreStack Another(Func<IDialect, IDialect>? wrap = null) => new(File, plain, connection, wrap, Time, () => Task.CompletedTask);

    /// <summary>An open connection beside the service's own.</summary>
    public async Task<DbConnection> OpenAsync()
    {
        var opened = connection();
        await opened.OpenAsync();
        return opened;
    }

    public static string NewFile() => Path.Combine(TestFolder.Root, $"core-{Guid.NewGuid():n}.db");

    public static void Delete(string file)
    {
        foreach (var suffix in new[] { "", "-wal", "-shm" }) System.IO.File.Delete(file + suffix);
    }

    public async Task<Organization> OrganizationAsync(ProvisioningMode mode, params (string Tier, int Rank, int Seats)[] tiers)
    {
        var slug = $"org-{Interlocked.Increment(ref organizations)}";
        var wanted = new NewOrganization(
            slug, slug, "UTC", mode, [.. tiers.Select(tier => new TierSeats(tier.Tier, tier.Rank, tier.Seats, []))], [slug + ".example"],
            [new NewConnection("gateway", ConnectionKind.Gateway, true, null)], []);
        return (await Setup.CreateAsync(Actor, wanted, null, default)).Value;
    }

    /// <summary>Ten premium above ten standard, unless said otherwise.</summary>
    public Task<Organization> ScimAsync(int standard = 10, int premium = 10) =>
        OrganizationAsync(ProvisioningMode.Scim, (Standard, 10, standard), (Premium, 20, premium));

    public async Task<Organization> ChangeAsync(Organization organization, Func<Organization, Organization> change) =>
        (await Changes.ChangeAsync(organization.Id, Actor, "organization.changed", before => change(before), default)).Value;

    /// <param name="of">The organisation with whose units it shares a lane.</param>
    public Task<Outcome<T>> UnitAsync<T>(Func<UnitScope, Task<Outcome<T>>> run, Organization? of = null) =>
        Database.WriteAsync(new WriteUnit<T>(Ids.New<UnitId>(Time), "test", Actor, Instants.Now(Time), run) { Organization = of?.Id }, default);

    /// <summary>A member made directly, as the ground floor will make owners and admins.</summary>
    public async Task<SeatedMember> MemberAsync(
        Organization organization, string userName, Role role = Role.User, MemberSource source = MemberSource.Invite, bool seated = true)
    {
        var email = EmailAddress.TryParse(userName, out var address) ? address.Normalized : null;
        var member = new Member(
            Ids.New<MemberId>(Time), organization.Id, userName, email, null, role,
            seated ? MemberState.Active : MemberState.Suspended, false, seated ? null : SuspensionCause.Directory, source, null, Instants.Now(Time), 1);
        var made = await UnitAsync(scope => Lifecycle.CreateAsync(scope, organization, member, null, NoSeatPolicy.Waiting, Target.Member(member.Id)));
        return made.Value;
    }

    public static EntryContent Content(
        string userName, string? externalId = null, bool? active = true, string? email = null, string? displayName = null)
    {
        var json = new JsonObject { ["userName"] = userName };
        if (externalId is not null) json["externalId"] = externalId;
        if (active is not null) json["active"] = active;
        if (displayName is not null) json["displayName"] = displayName;
        if (email is not null) json["emails"] = new JsonArray(new JsonObject { ["value"] = email, ["primary"] = true });
        return EntryContent.Of(json);
    }

    public Task<Outcome<EntryView>> PushAsync(Organization organization, EntryContent content) =>
        Users.CreateAsync(organization, Actor, content, default);

    public Task<Outcome<EntryView>> PushAsync(Organization organization, string userName) => PushAsync(organization, Content(userName));

    /// <summary>PATCH of some top-level attributes; null removes.</summary>
    public Task<Outcome<EntryView>> PatchAsync(Organization organization, ResourceId id, params (string Name, JsonNode? Value)[] changes) =>
        Users.ChangeAsync(organization, Actor, id, null, before =>
        {
            var after = (JsonObject)before.Attributes.DeepClone();
            foreach (var (name, value) in changes)
                if (value is null) after.Remove(name);
                else after[name] = value.DeepClone();
            return EntryContent.Of(after);
        }, default);

    public Task<Outcome<EntryView>> ActiveAsync(Organization organization, ResourceId id, bool active) =>
        PatchAsync(organization, id, ("active", JsonValue.Create(active)));

    public Task<Outcome<Done>> DeleteAsync(Organization organization, ResourceId id) =>
        Users.DeleteAsync(organization, Actor, id, null, default);

    public Task<Outcome<SeatedMember>> AdminAsync(Organization organization, MemberId member, MemberCommand command) =>
        Administration.ChangeAsync(organization, Actor, new Authority(Role.PrimaryOwner), member, new IfMatch((IReadOnlyList<long>?)null), command, default);

    public Task<Outcome<Done>> RemoveAsync(Organization organization, MemberId member) =>
        Administration.RemoveAsync(organization, Actor, new Authority(Role.PrimaryOwner), member, new IfMatch((IReadOnlyList<long>?)null), default);

    public Task<Outcome<IReadOnlyList<SeatedMember>>> SwapAsync(Organization organization, params (MemberId Member, string? Tier)[] changes) =>
        Administration.SwapAsync(organization, Actor, new Authority(Role.PrimaryOwner), [.. changes.Select(change => new SeatChange(change.Member, change.Tier))], null, default);

    public Task<Outcome<IReadOnlyList<SeatPool>>> BuyAsync(Organization organization, params (string Tier, int Rank, int Seats)[] tiers) =>
        new SoldSeats(Database, new ContractStore(), Engine, Seats, Time).SetAsync(organization, Actor, [.. tiers.Select(tier => new TierSeats(tier.Tier, tier.Rank, tier.Seats, []))], default);

    public async Task<IReadOnlyList<SeatGrant>> DrainAsync(Organization organization) =>
        (await Administration.DrainAsync(organization.Id, Actor, null, default)).Value.Seated;

    public async Task<Connection> GatewayAsync(Organization organization) =>
        (await Connections.FindAsync(organization, "gateway", default))!;

    public async Task<SignInAnswer> SignInAsync(
        Organization organization, string subject, string? email, bool? verified = null, string? externalId = null)
    {
        var request = new SignInRequest(await GatewayAsync(organization), subject, email, verified, null, [], externalId);
        return (await SignIn.DecideAsync(organization, Actor, request, default)).Value;
    }

    public async Task<SeatedMember> FindAsync(Organization organization, MemberId member) =>
        (await Database.ReadAsync(session => Members.FindAsync(session, organization.Id, member), default))!;

    public Task<EntryView?> ViewAsync(Organization organization, ResourceId id) => Users.FindAsync(organization, id, true, default);

    public async Task<SeatPool> PoolAsync(Organization organization, string tier) =>
        (await Database.ReadAsync(session => Seats.PoolsAsync(session, organization.Id), default)).Single(pool => pool.Tier == tier);

    /// <summary>The actions of the audit trail, oldest first.</summary>
    public async Task<IReadOnlyList<string>> AuditAsync(Organization organization, string? target = null)
    {
        var page = await Database.ReadAsync(
            session => new AuditStore().ListAsync(session, organization.Id, new AuditQuery(target, null, null, null, 1000), default), default);
        return [.. page.Items.Reverse().Select(record => record.Action)];
    }

    public Task<Outcome<Invitation>> InviteAsync(Organization organization, string email, Role role = Role.User, string? tier = null) =>
        Desk.InviteAsync(organization, Actor, new Authority(Role.PrimaryOwner),
            new NewInvitation(EmailAddress.TryParse(email, out var address) ? address : throw new ArgumentException(email), role, tier),
            WriteStamp.Of(Time), default);

    public Task<Outcome<Invitation>> ResendAsync(Organization organization, InvitationId id) =>
        Desk.ResendAsync(organization, Actor, new Authority(Role.PrimaryOwner), id, WriteStamp.Of(Time), default);

    public Task<Outcome<Done>> RevokeAsync(Organization organization, InvitationId id) =>
        Desk.RevokeAsync(organization, Actor, new Authority(Role.PrimaryOwner), id, WriteStamp.Of(Time), default);

    public async Task<Outcome<AcceptedInvitation>> AcceptAsync(Invitation invitation) =>
        await Acceptance.AcceptAsync(await InvitationTokens.TokenAsync(invitation, default), "correlation", default);

    /// <summary>What the sweeper does with one organisation.</summary>
    public async Task SweepAsync(Organization organization)
    {
        foreach (var overdue in await Database.ReadAsync(session => InvitationRows.OverdueAsync(session, Time.GetUtcNow(), null, 100_000), default))
            if (overdue.Organization == organization.Id) await Desk.ExpireUnderAsync(null, organization.Id, Actor, overdue.Id, WriteStamp.Of(Time), default);
    }

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        await delete();
    }

    private static CoreStack OnFile(string file, Func<IDialect, IDialect>? wrap, AdjustableTime time, Func<Task> delete)
    {
        return new CoreStack(file, Unsynced, () => Unsynced().Create(), wrap, time, delete);

        UnsyncedDialect Unsynced() => new(new SqliteDialect(ConnectionString(file)));
    }

    /// <summary>The key of the tests, the same for each stack.</summary>
    private sealed class FixedKey : IInvitationKey
    {
        public ValueTask<byte[]> GetAsync(CancellationToken cancel) => new("the key of the tests, 32 bytes long"u8.ToArray());
    }
}
