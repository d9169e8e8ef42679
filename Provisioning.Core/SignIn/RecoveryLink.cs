using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.SignIn;

/// <summary>A one-time link to the administration.</summary>
public readonly record struct RecoveryLinkId(Guid Value) : IId<RecoveryLinkId>
{
    public static string Prefix => "rcv_";
    public static RecoveryLinkId From(Guid value) => new(value);
    public override string ToString() => Ids.Text(this);
}

/// <summary>Who had the link made: the person by e-mail, or the operator.</summary>
public enum RecoveryOrigin { Person, Operator }

/// <summary>Lets one owner or admin into the administration once, past a broken sign-in; never into the product, and no seat is taken.</summary>
public sealed record RecoveryLink(
    RecoveryLinkId Id, OrganizationId Organization, MemberId Member, RecoveryOrigin Origin, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt,
    DateTimeOffset? UsedAt)
{
    /// <summary>How long a link is good.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(15);

    /// <summary>How long the session that it opens lasts.</summary>
    public static readonly TimeSpan SessionLife = TimeSpan.FromHours(1);

    /// <summary>Links that one person can ask for in an hour, on all nodes together.</summary>
    public const int MostAnHour = 3;

    public bool IsOpen(DateTimeOffset now) => UsedAt is null && now < ExpiresAt;
}

/// <summary>Links in the database.</summary>
public interface IRecoveryStore
{
    Task InsertAsync(ISession session, RecoveryLink link, byte[] tokenHash);

    Task<RecoveryLink?> FindAsync(ISession session, byte[] tokenHash);

    Task<RecoveryLink?> FindAsync(ISession session, OrganizationId organization, RecoveryLinkId id);

    /// <summary>Links that the person asked for after this instant.</summary>
    Task<int> CountAskedAsync(ISession session, MemberId member, DateTimeOffset after);

    /// <summary>Uses a link that is open; false when somebody was faster, or it is over.</summary>
    Task<bool> UseAsync(ISession session, RecoveryLinkId id, DateTimeOffset now);
}

/// <summary>The key of the service under which links have their tokens; the same on all nodes, and never in a reply or a row as it is.</summary>
public interface IRecoveryKey
{
    /// <summary>At least 256 random bits.</summary>
    ValueTask<byte[]> GetAsync(CancellationToken cancel);
}
