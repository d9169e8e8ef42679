using Microsoft.AspNetCore.DataProtection;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;
using Provisioning.Core.SignIn;

namespace Provisioning.Api.Hosting;

/// <summary>The key of the tokens in one-time links.</summary>
internal sealed class RecoveryKey(IDatabase database, IProtectedSecretStore secrets, IDataProtectionProvider protection, TimeProvider time)
    : ServiceKey("recovery_links", "Provisioning.RecoveryKey", database, secrets, protection, time), IRecoveryKey;
