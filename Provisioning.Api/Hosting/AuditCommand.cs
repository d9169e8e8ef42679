using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Organizations;

namespace Provisioning.Api.Hosting;

/// <summary>The command that checks audit trails without starting the service.</summary>
public static class AuditCommand
{
    /// <summary>
    /// Verifies one organisation, named by slug or id, or all of them; prints a line for each. Ends with exit code 1 when a trail is not
    /// what was written, naming the place.
    /// </summary>
    /// <param name="arguments">The organisation, if any, then a link to expect, if any, then settings.</param>
    public static Task<int> RunAsync(string[] arguments, Terminal terminal, Func<string[], WebApplication> build)
    {
        var words = arguments.TakeWhile(static word => !word.StartsWith('-')).ToList();
        return ProvisioningHost.DoAsync([.. arguments.Skip(words.Count)], terminal, build, async (app, cancel) =>
        {
            if (!ChainAnchor.Parse(words.ElementAtOrDefault(1)).Try(out var expected, out var error)) throw new CommandFailedException(error.Detail);
            var broken = 0;
            await foreach (var organization in OrganizationsAsync(app.Services, words.FirstOrDefault(), cancel))
            {
                var report = await app.Services.GetRequiredService<AuditVerification>().VerifyAsync(organization.Id, expected, cancel);
                await terminal.Out.WriteLineAsync(Line(organization, report));
                if (report.Problem is not null) broken++;
            }
            if (broken > 0) throw new CommandFailedException(FormattableString.Invariant($"{broken} audit trail(s) are not what was written."));
        });
    }

    private static string Line(Organization organization, ChainReport report) => report.Problem is { } problem
        ? FormattableString.Invariant($"{organization.Slug}: NOT INTACT at record {problem.Sequence} ({Words.Text(problem.Fault)}): {problem.Detail}")
        : FormattableString.Invariant($"{organization.Slug}: intact, {report.Records} records, {report.Erased} erased, {report.Unsealed} not sealed yet")
            + (report.Last is { } last ? FormattableString.Invariant($"; {last.Sequence}:{Convert.ToHexStringLower(last.Chain)}") : "");

    private static async IAsyncEnumerable<Organization> OrganizationsAsync(
        IServiceProvider services, string? named, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        var (database, store) = (services.GetRequiredService<IDatabase>(), services.GetRequiredService<IOrganizationStore>());
        if (named is not null)
        {
            yield return await database.ReadAsync(session => store.FindAsync(session, named), cancel) ?? throw new CommandFailedException($"There is no organisation {named}.");
            yield break;
        }
        byte[]? after = null;
        while (true)
        {
            var page = await database.ReadAsync(session => store.ListAsync(session, after, 200), cancel);
            foreach (var organization in page.Items) yield return organization;
            if (page.Next is null) yield break;
            after = Cursor.Read(page.Next, 16).Value;
        }
    }
}
