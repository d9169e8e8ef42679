using System.Net;
using System.Text;

namespace Provisioning.Api.Configuration;

/// <summary>Reads each setting by its name, collecting what is wrong; then refuses the names nobody asked for.</summary>
internal sealed partial class SettingsReader(IConfiguration configuration, string environmentName)
{
    /// <summary>Our sections: a name under them that is no setting is a mistake. All other sections belong to the platform.</summary>
    private static readonly string[] Sections = ["Storage", "Demo", "Limits", "Scim", "Operator", "Public", "Jobs", "Keys", "Mail", "Delivery", "Sso", "Outbound", "Billing", "Dns", "Usage"];

    private const string SeatsSection = "Demo:Seats";
    private const string SeatsPattern = "Demo:Seats:<tier>";
    private const int MostSeats = 1_000_000;

    private readonly List<string> problems = [];
    private readonly List<string> names = [SeatsPattern];
    private readonly Dictionary<string, string> secrets = new(StringComparer.Ordinal);

    public ServiceSettings Read()
    {
        RequireNormalization();
        var settings = new ServiceSettings
        {
            EnvironmentName = environmentName,
            Storage = ReadStorage(),
            Demo = ReadDemo(),
            Limits = ReadLimits(),
            Scim = ReadScim(),
            Operator = new OperatorSettings { Token = Secret("Operator:Token", 16, 1000) },
            Public = new PublicSettings { BaseUrl = ReadBaseUrl(), TrustedProxies = ReadProxies() },
            Jobs = new JobSettings { LeaseSeconds = Integer("Jobs:LeaseSeconds", 15, 1, 3600) },
            Keys = ReadKeys(),
            Mail = ReadMail(),
            Delivery = new DeliverySettings { Attempts = Integer("Delivery:Attempts", 12, 1, 100), RetrySeconds = Integer("Delivery:RetrySeconds", 5, 1, 3600) },
            Sso = ReadSso(),
            Outbound = new OutboundSettings { AllowedNetworks = ReadNetworks("Outbound:AllowedNetworks") },
            Billing = ReadBilling(),
            Dns = ReadDns(),
            Usage = ReadUsage(),
        };
        RequireForProduction();
        RefuseOpenForwarding();
        CheckListeningAddresses();
        RefuseUnknownNames();
        return problems.Count == 0 ? settings : throw new SettingsException(problems);
    }

    /// <summary>
    /// In globalization-invariant mode the platform returns text un-normalised and says nothing: two spellings of one name
    /// would be two people (design D3).
    /// </summary>
    private void RequireNormalization()
    {
        if ("\u0041\u030A".Normalize(NormalizationForm.FormC) == "\u00C5") return;
        problems.Add("Globalization-invariant mode is on (DOTNET_SYSTEM_GLOBALIZATION_INVARIANT or InvariantGlobalization): "
            + "text cannot be normalised, so names could not be compared. Turn it off and install the ICU library.");
    }

    private StorageSettings ReadStorage()
    {
        const string engineName = "Storage:Engine", connectionName = "Storage:ConnectionString";
        var standard = new StorageSettings();
        var engine = StorageEngine.Sqlite;
        if (Text(engineName) is { } given)
        {
            if (Is(given, "sqlserver")) engine = StorageEngine.SqlServer;
            else if (Is(given, "postgresql")) engine = StorageEngine.PostgreSql;
            else if (!Is(given, "sqlite")) Refuse(engineName, given, "sqlite, sqlserver or postgresql");
        }
        if (engine != StorageEngine.Sqlite && Text(connectionName) is null)
            problems.Add($"{Named(connectionName)} is required when {Named(engineName)} is not sqlite: how to reach the server.");
        var connection = Text(connectionName) ?? standard.ConnectionString;
        if (engine == StorageEngine.Sqlite && !SqliteConnectionText.IsUsable(connection, out var problem))
            problems.Add($"{Named(connectionName)} {problem}; it accepts for example \"{standard.ConnectionString}\".");
        return new StorageSettings
        {
            Engine = engine, ConnectionString = connection, DeadlineSeconds = Integer("Storage:DeadlineSeconds", standard.DeadlineSeconds, 1, 300),
        };
    }

    private KeySettings ReadKeys()
    {
        const string path = "Keys:CertificatePath", password = "Keys:CertificatePassword";
        if (Text(path) is { } given && !File.Exists(given)) Refuse(path, given, "the name of a PFX or PEM file that exists");
        if (Text(path) is null && Text(password) is not null) problems.Add($"{Named(password)} is set without {path}.");
        const string previous = "Keys:PreviousCertificatePaths";
        var before = (Text(previous) ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        foreach (var file in before.Where(static file => !File.Exists(file))) Refuse(previous, file, "names of PFX or PEM files that exist, separated by semicolons");
        return new KeySettings
        {
            CertificatePath = Text(path), CertificatePassword = Text(password), PreviousCertificatePaths = before,
            PreviousCertificatePassword = Text("Keys:PreviousCertificatePassword"),
        };
    }

    private SsoSettings ReadSso()
    {
        var standard = new SsoSettings();
        return new SsoSettings
        {
            SessionMinutes = Integer("Sso:SessionMinutes", standard.SessionMinutes, 1, 43_200),
            StartsPerMinute = Integer("Sso:StartsPerMinute", standard.StartsPerMinute, 0, 100_000),
            RequestsPerMinute = Integer("Sso:RequestsPerMinute", standard.RequestsPerMinute, 0, 100_000),
            RecoveriesPerHour = Integer("Sso:RecoveriesPerHour", standard.RecoveriesPerHour, 0, 100_000),
        };
    }

    /// <summary>What nobody should run in earnest without (design D6): a known address, and keys that a reader of the database cannot use.</summary>
    private void RequireForProduction()
    {
        if (!Is(environmentName, "Production")) return;
        foreach (var (name, what) in ((string, string)[])[
            ("Public:BaseUrl", "the address by which people and identity providers reach the service, for example https://seats.example"),
            ("Keys:CertificatePath", "a PFX or PEM file with an RSA certificate and its private key, which wraps the key ring in the database"),
        ])
            if (Text(name) is null) problems.Add($"{Named(name)} is required in Production: {what}.");
    }

    /// <summary>The platform's own switch believes every sender, so anybody could choose his address.</summary>
    private void RefuseOpenForwarding()
    {
        if (bool.TryParse(configuration["ForwardedHeaders_Enabled"], out var on) && on)
            problems.Add("ForwardedHeaders_Enabled (environment: ASPNETCORE_FORWARDEDHEADERS_ENABLED) believes forwarded headers of everybody; name your proxies in Public:TrustedProxies (environment: Public__TrustedProxies) instead.");
    }

    /// <summary>Single addresses too: a proxy is usually one.</summary>
    private List<IPNetwork> ReadProxies()
    {
        const string name = "Public:TrustedProxies";
        var proxies = new List<IPNetwork>();
        foreach (var text in (Text(name) ?? "").Split([',', ' '], StringSplitOptions.RemoveEmptyEntries))
        {
            if (IPNetwork.TryParse(text, out var network)) proxies.Add(network);
            else if (IPAddress.TryParse(text, out var address)) proxies.Add(new IPNetwork(address, address.GetAddressBytes().Length * 8));
            else Refuse(name, text, "addresses and networks such as 10.0.0.7 or 10.20.0.0/16, separated by commas");
        }
        return proxies;
    }

    private DemoSettings ReadDemo() => new()
    {
        Enabled = Flag("Demo:Enabled", Is(environmentName, "Development")),
        ScimToken = Secret("Demo:ScimToken", 8, 200),
        OwnerToken = Secret("Demo:OwnerToken", 8, 200),
        GatewayToken = Secret("Demo:GatewayToken", 8, 200),
        Seats = ReadSeats(),
    };

    private Dictionary<string, int> ReadSeats()
    {
        var seats = new Dictionary<string, int>(DemoSettings.DefaultSeats, StringComparer.Ordinal);
        foreach (var child in configuration.GetSection(SeatsSection).GetChildren())
        {
            if (child.GetChildren().Any()) continue; // told by RefuseUnknownNames
            // Names of settings have no case, and environment variables are often written in capitals; tier names are lower case.
            var tier = child.Key.ToLowerInvariant();
            if (tier.Length is < 1 or > 64 || !tier.All(static c => c is >= 'a' and <= 'z' or >= '0' and <= '9' or '-' or '_'))
                problems.Add($"{SeatsSection}:{Shown(child.Key)} names no tier; a tier's name is 1 to 64 of a-z, 0-9, - and _.");
            else
                seats[tier] = Integer($"{SeatsSection}:{tier}", seats.GetValueOrDefault(tier), 0, MostSeats);
        }
        return seats;
    }

    private LimitSettings ReadLimits()
    {
        var standard = new LimitSettings();
        return new LimitSettings
        {
            BodyBytes = Integer("Limits:BodyBytes", standard.BodyBytes, 1, 1_073_741_824),
            JsonDepth = Integer("Limits:JsonDepth", standard.JsonDepth, 4, 512),
            FilterLength = Integer("Limits:FilterLength", standard.FilterLength, 1, 65_536),
            FilterDepth = Integer("Limits:FilterDepth", standard.FilterDepth, 1, 512),
            PageSize = Integer("Limits:PageSize", standard.PageSize, 1, 100_000),
            FilterScan = Integer("Limits:FilterScan", standard.FilterScan, 1, 100_000_000),
            PatchOperations = Integer("Limits:PatchOperations", standard.PatchOperations, 1, 100_000),
            BulkOperations = Integer("Limits:BulkOperations", standard.BulkOperations, 1, 100_000),
            BulkBytes = Integer("Limits:BulkBytes", standard.BulkBytes, 1, 1_073_741_824),
            ScimRate = Integer("Limits:ScimRate", standard.ScimRate, 0, 1_000_000),
            AdminRate = Integer("Limits:AdminRate", standard.AdminRate, 0, 1_000_000),
            ApplicationRate = Integer("Limits:ApplicationRate", standard.ApplicationRate, 0, 1_000_000),
            BurstSeconds = Integer("Limits:BurstSeconds", standard.BurstSeconds, 1, 1000),
        };
    }

    private ScimSettings ReadScim()
    {
        const string folderName = "Scim:SchemaFolder";
        var standard = new ScimSettings();
        var folder = Text(folderName) ?? standard.SchemaFolder;
        if (!Directory.Exists(Path.Combine(AppContext.BaseDirectory, folder)))
            Refuse(folderName, folder, "the name of a folder that exists, with schemas/ and resource-types/ in it");
        return new ScimSettings
        {
            GroupPatchBodyLimit = Integer("Scim:GroupPatchBodyLimit", standard.GroupPatchBodyLimit, 0, 1_000_000),
            CursorSeconds = Integer("Scim:CursorSeconds", standard.CursorSeconds, 1, 604_800),
            SchemaFolder = folder,
        };
    }

    private string? ReadBaseUrl()
    {
        const string name = "Public:BaseUrl";
        if (Text(name) is not { } given) return null;
        if (Uri.TryCreate(given, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            && url is { UserInfo: "", Query: "", Fragment: "" } && url.Host.Length > 0)
            return url.AbsoluteUri.TrimEnd('/');
        // A user name and password could stand in it.
        Refuse(name, given.Contains('@', StringComparison.Ordinal) ? null : given,
            "an absolute http or https URL without user name, query and fragment, for example https://seats.example");
        return null;
    }

    private List<IPNetwork> ReadNetworks(string name)
    {
        var networks = new List<IPNetwork>();
        foreach (var text in (Text(name) ?? "").Split([',', ' '], StringSplitOptions.RemoveEmptyEntries))
        {
            if (IPNetwork.TryParse(text, out var network)) networks.Add(network);
            else Refuse(name, text, "networks such as 10.20.0.0/16, separated by commas");
        }
        return networks;
    }

    /// <summary>The platform's own setting; checked here because the server would tell a bad one as a crash.</summary>
    private void CheckListeningAddresses()
    {
        foreach (var address in (configuration["urls"] ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            try
            {
                var parsed = BindingAddress.Parse(address);
                if (parsed.Scheme is "http" or "https" && parsed.PathBase.Length == 0) continue;
            }
            catch (FormatException)
            {
                // refused below
            }
            problems.Add($"urls (environment: ASPNETCORE_URLS) has \"{Shown(address)}\"; it accepts addresses like http://127.0.0.1:5080, "
                + "without a path, separated by semicolons.");
        }
    }

    private void RefuseUnknownNames()
    {
        foreach (var section in Sections)
            foreach (var leaf in Leaves(configuration.GetSection(section), section))
                if (!names.Contains(leaf, StringComparer.OrdinalIgnoreCase) && !IsSeats(leaf))
                    problems.Add(NearestName.To(leaf, names) is { } near
                        ? $"{Shown(leaf)} is not a setting; did you mean {near}?"
                        : $"{Shown(leaf)} is not a setting; under {section} there are "
                            + string.Join(", ", names.Where(name => name.StartsWith(section + ":", StringComparison.Ordinal)).Order(StringComparer.Ordinal)) + ".");
    }

    private static bool IsSeats(string leaf) =>
        leaf.StartsWith(SeatsSection + ":", StringComparison.OrdinalIgnoreCase)
        && !leaf.AsSpan(SeatsSection.Length + 1).Contains(':');

    /// <summary>A value on the section itself is not ours: systems have variables such as PUBLIC.</summary>
    private static IEnumerable<string> Leaves(IConfigurationSection section, string path)
    {
        foreach (var child in section.GetChildren())
        {
            var childPath = $"{path}:{child.Key}";
            var below = Leaves(child, childPath).ToList();
            if (below.Count == 0) yield return childPath;
            foreach (var leaf in below) yield return leaf;
        }
    }
}
