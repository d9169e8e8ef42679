using DnsClient;
using Provisioning.Api.Configuration;
using Provisioning.Core.Organizations;

namespace Provisioning.Api.Hosting;

/// <summary>Asks the configured name server, or those of the system; answers are not kept, because people publish a record and try again.</summary>
public sealed class DnsTxtLookup(ServiceSettings settings) : ITxtLookup
{
    private readonly LookupClient client = new(Options(settings.Dns));

    public async Task<IReadOnlyList<string>?> FindAsync(string name, CancellationToken cancel)
    {
        try
        {
            // With the dot of the root, so that no search list of the machine is tried.
            var answer = await client.QueryAsync(name + ".", QueryType.TXT, cancellationToken: cancel);
            if (answer.HasError && answer.Header.ResponseCode != DnsHeaderResponseCode.NotExistentDomain) return null;
            return [.. answer.Answers.TxtRecords().Select(record => string.Concat(record.Text))];
        }
        catch (DnsResponseException)
        {
            return null; // no answer in time, or no answer that can be read
        }
    }

    private static LookupClientOptions Options(DnsSettings settings)
    {
        var options = settings.Server is { } server ? new LookupClientOptions(server) : new LookupClientOptions();
        options.UseCache = false;
        options.Timeout = TimeSpan.FromSeconds(3);
        options.Retries = 1;
        return options;
    }
}
