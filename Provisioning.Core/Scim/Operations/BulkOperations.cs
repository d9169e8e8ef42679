using System.Globalization;
using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Schemas;

namespace Provisioning.Core.Scim.Operations;

/// <summary>How a door shows a refusal inside a bulk answer: status and error message.</summary>
public delegate (int Status, JsonObject Body) RefusalForm(Error error);

/// <summary>
/// POST /Bulk (RFC 7644 3.7). Each operation is a unit of its own, with its own seat, its own error and its own records, as if it had
/// come alone; an operation that refers to what another one creates waits for it. Those that wait for each other are created without
/// the reference first and completed by a replacement afterwards (3.7.1).
/// </summary>
public sealed class BulkOperations(UserOperations users, GroupOperations groups, ScimLimits limits, RefusalForm show)
{
    private readonly RefusalForm show = show;

    public async Task<Outcome<ScimReply>> RunAsync(ScimCaller caller, JsonObject body, CancellationToken cancel)
    {
        if (!BulkRequest.Read(body, limits.BulkOperations).Try(out var request, out var error)) return error;
        var run = new Run(this, caller, request);
        await run.AllAsync(cancel);
        return new ScimReply(200, new JsonObject
        {
            ["schemas"] = new JsonArray(SchemaUris.BulkResponse),
            ["Operations"] = new JsonArray([.. run.Results.OfType<JsonObject>()]),
        });
    }

    /// <summary>One operation, all its references replaced.</summary>
    private Task<Outcome<ScimReply>> SendAsync(ScimCaller caller, BulkOperation operation, string path, JsonObject? data, CancellationToken cancel)
    {
        var parts = path.StartsWith(caller.BaseUrl + "/", StringComparison.Ordinal) ? path[(caller.BaseUrl.Length + 1)..].Split('/') : path.TrimStart('/').Split('/');
        var id = parts.Length == 2 && parts[1].Length > 0 ? parts[1] : null;
        var condition = IfMatch.Parse(operation.Version);
        return (operation.Method, parts[0].ToUpperInvariant(), parts.Length, id) switch
        {
            (_, "BULK" or "ME" or ".SEARCH", _, _) => Refused(new NotImplemented($"'{Shown(parts[0])}' cannot be an operation of a bulk request.")),
            ("POST", "USERS", 1, _) => users.CreateAsync(caller, data!, null, null, cancel),
            ("PUT", "USERS", _, { } user) => users.ReplaceAsync(caller, user, condition, data!, null, null, cancel),
            ("PATCH", "USERS", _, { } user) => users.PatchAsync(caller, user, condition, data!, null, null, cancel),
            ("DELETE", "USERS", _, { } user) => users.DeleteAsync(caller, user, condition, cancel),
            ("POST", "GROUPS", 1, _) => groups.CreateAsync(caller, data!, null, "members", cancel),
            ("PUT", "GROUPS", _, { } group) => groups.ReplaceAsync(caller, group, condition, data!, null, "members", cancel),
            ("PATCH", "GROUPS", _, { } group) => groups.PatchAsync(caller, group, condition, data!, null, "members", cancel),
            ("DELETE", "GROUPS", _, { } group) => groups.DeleteAsync(caller, group, condition, cancel),
            _ => Refused(new InvalidSyntax($"{operation.Method} of '{Shown(path)}' is no operation on a user or group.")),
        };
    }

    private static Task<Outcome<ScimReply>> Refused(Error error) => Task.FromResult<Outcome<ScimReply>>(error);

    private static string Shown(string text) => text.Length <= 100 ? text : text[..100] + "...";

    /// <summary>The work on one request.</summary>
    private sealed class Run
    {
        private readonly BulkOperations bulk;
        private readonly ScimCaller caller;
        private readonly BulkRequest request;
        private readonly IReadOnlyList<HashSet<string>> references;
        private readonly Dictionary<string, int> creators = new(StringComparer.Ordinal);
        private readonly Dictionary<string, string> ids = new(StringComparer.Ordinal);
        private readonly List<int> incomplete = [];
        private int errors;

        public Run(BulkOperations bulk, ScimCaller caller, BulkRequest request)
        {
            this.bulk = bulk;
            this.caller = caller;
            this.request = request;
            references = [.. request.Operations.Select(BulkReferences.Of)];
            Results = new JsonObject?[request.Operations.Count];
            for (var i = 0; i < request.Operations.Count; i++)
                if (request.Operations[i].Creates) creators.Add(request.Operations[i].BulkId!, i);
        }

        /// <summary>In the order of the request; null is not processed.</summary>
        public JsonObject?[] Results { get; }

        private bool IsOver => request.FailOnErrors is { } most && errors >= most;

        public async Task AllAsync(CancellationToken cancel)
        {
            var waiting = Enumerable.Range(0, request.Operations.Count).ToList();
            while (waiting.Count > 0 && !IsOver)
            {
                var before = waiting.Count;
                foreach (var at in waiting.ToList())
                {
                    if (IsOver) return;
                    if (references[at].Any(IsAwaited)) continue;
                    await OneAsync(at, cancel);
                    waiting.Remove(at);
                }
                if (waiting.Count < before) continue;
                // Nobody can go first: whoever waits for itself is created without what it waits for.
                var knot = waiting.Find(IsInCircle);
                incomplete.Add(knot);
                await OneAsync(knot, cancel);
                waiting.Remove(knot);
            }
            foreach (var at in incomplete.Where(at => ids.ContainsKey(request.Operations[at].BulkId!))) await CompleteAsync(at, cancel);
        }

        private bool IsAwaited(string bulkId) => creators.TryGetValue(bulkId, out var creator) && Results[creator] is null;

        /// <summary>Whether following references from the operation leads back to it.</summary>
        private bool IsInCircle(int start)
        {
            var seen = new HashSet<int>();
            var open = new Stack<int>([start]);
            while (open.TryPop(out var at))
                foreach (var bulkId in references[at].Where(IsAwaited))
                {
                    if (creators[bulkId] == start) return true;
                    if (seen.Add(creators[bulkId])) open.Push(creators[bulkId]);
                }
            return false;
        }

        private async Task OneAsync(int at, CancellationToken cancel)
        {
            var operation = request.Operations[at];
            // In a circle what is still awaited is left out for now.
            var lost = references[at].FirstOrDefault(bulkId => !ids.ContainsKey(bulkId) && !IsAwaited(bulkId));
            var outcome = operation.Wrong is { } wrong ? wrong
                : lost is not null ? Unresolved(lost)
                : await bulk.SendAsync(caller, operation, BulkReferences.In(operation.Path, Id), operation.Data is null ? null : BulkReferences.In(operation.Data, Id), cancel);
            if (outcome.Try(out var reply, out _) && operation.Creates) ids[operation.BulkId!] = reply.Location![(reply.Location!.LastIndexOf('/') + 1)..];
            Answer(at, outcome);
        }

        /// <summary>The references that were left out, put in by a replacement of the resource by itself.</summary>
        private async Task CompleteAsync(int at, CancellationToken cancel)
        {
            var operation = request.Operations[at];
            var path = $"{operation.Path.TrimEnd('/')}/{ids[operation.BulkId!]}";
            var lost = references[at].FirstOrDefault(bulkId => !ids.ContainsKey(bulkId));
            var outcome = lost is not null ? Unresolved(lost)
                : await bulk.SendAsync(caller, operation with { Method = "PUT", Version = null }, path, BulkReferences.In(operation.Data!, Id), cancel);
            if (!outcome.IsOk && (string?)Results[at]!["version"] == "W/\"1\"")
            {
                // It is new and would stay without what it was to have: it goes, as if it had been refused.
                await bulk.SendAsync(caller, operation with { Method = "DELETE", Version = null }, path, null, cancel);
                Results[at]!.Remove("location");
            }
            var location = Results[at]!["location"]?.DeepClone();
            Answer(at, outcome.Select(reply => reply with { Status = 201 }));
            if (!outcome.IsOk && location is not null) Results[at]!["location"] = location;
        }

        private string? Id(string bulkId) => ids.GetValueOrDefault(bulkId);

        private Conflict Unresolved(string bulkId) => new("unresolved_bulk_id",
            $"'{BulkRequest.Reference}{Shown(bulkId)}' {(creators.ContainsKey(bulkId) ? "was not created" : "names no operation of this request that creates something")}.");

        /// <summary>Method, bulkId, location, version, status, and on errors the response (checklist B3).</summary>
        private void Answer(int at, Outcome<ScimReply> outcome)
        {
            var operation = request.Operations[at];
            var result = new JsonObject { ["method"] = operation.Method };
            if (operation.BulkId is not null) result["bulkId"] = operation.BulkId;
            if (outcome.Try(out var reply, out var error))
            {
                if ((reply.Location ?? Location(operation)) is { } location) result["location"] = location;
                if (reply.Tag is not null) result["version"] = reply.Tag;
                result["status"] = reply.Status.ToString(CultureInfo.InvariantCulture);
            }
            else
            {
                errors++;
                var (status, response) = bulk.show(error);
                if (operation.Method != "POST" && operation.Wrong is null) result["location"] = Location(operation);
                result["status"] = status.ToString(CultureInfo.InvariantCulture);
                result["response"] = response;
            }
            Results[at] = result;
        }

        private string? Location(BulkOperation operation)
        {
            var path = BulkReferences.In(operation.Path, Id);
            return path.StartsWith('/') ? caller.BaseUrl + path : path;
        }
    }
}
