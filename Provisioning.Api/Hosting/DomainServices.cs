using Provisioning.Core.Directory;
using Provisioning.Core.Invitations;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.Seats;
using Provisioning.Core.SignIn;

namespace Provisioning.Api.Hosting;

/// <summary>The rooms of people, seats and sign-in; none of it names a store.</summary>
internal static class DomainServices
{
    public static void AddDomain(this IServiceCollection services)
    {
        services.AddSingleton<SeatEngine>();
        services.AddSingleton<InvitationMeeting>();
        services.AddSingleton<MemberLifecycle>();
        services.AddMapping();
        services.AddSingleton<Ownership>();
        services.AddSingleton<InvitationTokens>();
        services.AddSingleton<InvitationRules>();
        services.AddSingleton<InvitationDesk>();
        services.AddSingleton<InvitationExpiry>();
        services.AddSingleton<InvitationAcceptance>();
        services.AddSingleton<DomainClaims>();
        services.AddSingleton<DomainProofs>();
        services.AddSingleton<TokenUse>();
        services.AddSingleton<EntryLinks>();
        services.AddSingleton<EntryFollower>();
        services.AddSingleton<UserDirectory>();
        services.AddSingleton<GroupMembership>();
        services.AddSingleton<GroupDirectory>();
        services.AddSingleton<MemberAdministration>();
        services.AddSingleton<LinkConfirmations>();
        services.AddSingleton<MemberErasure>();
        services.AddSingleton<Sealer>();
        services.AddSingleton<AuditVerification>();
        services.AddSingleton<OrganizationSetup>();
        services.AddSingleton<OrganizationChanges>();
        services.AddSingleton<ProvisioningSettings>();
        services.AddSingleton<GrantCache>();
        services.AddSingleton<Credentials>();
        services.AddSingleton<PersonMatcher>();
        services.AddSingleton<MemberAdmission>();
        services.AddSingleton<SignInDecision>();
        services.AddSingleton<ConnectionDirectory>();
        services.AddSingleton<SessionDirectory>();
        services.AddSingleton<SignInFlows>();
        services.AddSingleton<SignInCompletion>();
        services.AddSingleton<SignInSettingsChanges>();
        services.AddSingleton<RecoveryTokens>();
        services.AddSingleton<RecoveryLinks>();
        services.AddSingleton<RecoveryEntrance>();
    }

    private static void AddMapping(this IServiceCollection services)
    {
        services.AddSingleton<Placements>();
        services.AddSingleton<MassGuard>();
        services.AddSingleton<MemberPlacing>();
        services.AddSingleton<EntryPlacing>();
        services.AddSingleton<GroupFollower>();
        services.AddSingleton<MappedSignIn>();
        services.AddSingleton<LockOut>();
        services.AddSingleton<RunSteps>();
        services.AddSingleton<DirectoryRuns>();
        services.AddSingleton<PlanReader>();
        services.AddSingleton<ProvisioningPreviews>();
        services.AddSingleton<ParkedEffects>();
        services.AddSingleton<Reservations>();
    }
}
