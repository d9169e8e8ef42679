using Provisioning.Core.Common;
using Provisioning.Core.Directory;

namespace Provisioning.Core.Scim.Operations;

/// <summary>
/// /Me (RFC 7644 3.11): the user that the directory pushed about the person who asks. A token of an identity provider stands for nobody.
/// </summary>
public sealed class MeOperations(UserDirectory directory, UserOperations users)
{
    /// <param name="person">Null: the credentials stand for no person, <see cref="NotImplemented"/> (checklist M1).</param>
    public async Task<Outcome<ScimReply>> GetAsync(
        ScimCaller caller, MemberId? person, string? attributes, string? excludedAttributes, CancellationToken cancel)
    {
        if (person is not { } member) return NobodyAsks();
        return await directory.FindOfMemberAsync(caller.Organization, member, cancel) is { } user
            ? await users.GetAsync(caller, user.ToString(), attributes, excludedAttributes, cancel)
            : new NotFound("The identity provider has pushed no user for you.");
    }

    /// <summary>A person reads; what is written about people comes from the identity provider, which would only write it again.</summary>
    public static Error Refuse(MemberId? person) => person is null
        ? NobodyAsks() : new Forbidden("/Me can be read; the user is written by the organisation's identity provider.");

    private static NotImplemented NobodyAsks() =>
        new("/Me is for credentials that stand for a person; a token of an identity provider stands for nobody. Use /Users/{id}.");
}
