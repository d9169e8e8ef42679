using Microsoft.AspNetCore.DataProtection;
using Provisioning.Core.Invitations;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Api.Hosting;

/// <summary>The key of invitation tokens (rule INV-9).</summary>
internal sealed class InvitationKey(IDatabase database, IProtectedSecretStore secrets, IDataProtectionProvider protection, TimeProvider time)
    : ServiceKey("invitation_tokens", "Provisioning.InvitationKey", database, secrets, protection, time), IInvitationKey;
