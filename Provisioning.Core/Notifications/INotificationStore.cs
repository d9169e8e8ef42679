using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Core.Notifications;

/// <summary>Mails to be sent and sent, and what decides whether one is needed.</summary>
public interface INotificationStore
{
    /// <summary>Active owners with an address, the primary owner first.</summary>
    Task<IReadOnlyList<Owner>> OwnersAsync(ISession session, OrganizationId organization);

    /// <summary>The name an organisation and, where one is meant, a member is shown by; null for one that is gone.</summary>
    Task<(string Organization, string? Member)> NamesAsync(ISession session, OrganizationId organization, MemberId? member);

    Task<IReadOnlyList<TierLevel>> TiersAsync(ISession session, OrganizationId organization);

    /// <summary>By tier; a tier that is missing has <see cref="SeatAlert.None"/>.</summary>
    Task<IReadOnlyDictionary<string, SeatAlert>> AlertsAsync(ISession session, OrganizationId organization);

    Task SetAlertAsync(ISession session, OrganizationId organization, string tier, SeatAlert before, SeatAlert after);

    /// <summary>Null when no day is running.</summary>
    Task<NoticeWindow?> WindowAsync(ISession session, OrganizationId organization);

    /// <summary>Writes the running day; null ends it.</summary>
    Task SetWindowAsync(ISession session, OrganizationId organization, NoticeWindow? before, NoticeWindow? after);

    /// <summary>Organisations whose day is over.</summary>
    Task<IReadOnlyList<OrganizationId>> WindowsEndedAsync(ISession session, DateTimeOffset now, int limit);

    /// <param name="due">When each is to be sent.</param>
    Task InsertAsync(ISession session, IReadOnlyList<Notification> notifications, DateTimeOffset due);

    /// <summary>Pending ones whose time has come, the longest due first.</summary>
    Task<IReadOnlyList<Notification>> DueAsync(ISession session, DateTimeOffset now, int limit);

    /// <summary>Writes what became of an attempt of a pending one; <paramref name="next"/> counts only while it stays pending.</summary>
    Task RecordAsync(ISession session, Notification notification, DateTimeOffset next);

    /// <summary>The address of an active member; null when there is none.</summary>
    /// <param name="proven">Only one that the person has shown to be theirs: a directory may have written it.</param>
    Task<string?> AddressAsync(ISession session, OrganizationId organization, MemberId member, bool proven);

    /// <summary>Newest first.</summary>
    Task<Page<Notification>> ListAsync(ISession session, OrganizationId organization, NotificationState? state, byte[]? after, int limit);
}
