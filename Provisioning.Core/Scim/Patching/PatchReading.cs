using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Query;
using Provisioning.Core.Schemas;
using Provisioning.Core.Scim.Filters;
using Provisioning.Core.Scim.Resources;

namespace Provisioning.Core.Scim.Patching;

/// <summary>Collects the conforming operations of one request and keeps those on a group's members apart.</summary>
internal sealed class PatchReading(ResourceType type, FilterLimits limits, int maxOperations)
{
    /// <summary>Comparisons that the filters of a request may have for each operation allowed: each looks at every value of its attribute.</summary>
    private const int TermsPerOperation = 2;


    private readonly List<PatchOperation> operations = [];
    private readonly List<MemberOperation> members = [];
    private readonly List<string> ignored = [];
    private readonly HashSet<string> removedIds = new(StringComparer.Ordinal);
    private List<string> removal = [];
    private long terms;

    public PatchRequest Result => new(operations, members, ignored);

    /// <summary>Reads one operation; the error, or null.</summary>
    public Error? Add(JsonObject operation)
    {
        if (Verb(operation["op"]) is not { } verb) return new InvalidSyntax("'op' must be add, remove or replace.");
        if (verb != PatchVerb.Remove && !operation.ContainsKey("value"))
            return new InvalidValue("An add or replace operation needs a 'value'.");
        var value = verb == PatchVerb.Remove ? null : operation["value"];
        if (!operation.TryGetPropertyValue("path", out var node)) return WithoutPath(verb, value);
        if (node is null || node.GetValueKind() != JsonValueKind.String) return new InvalidPath("'path' must be a string.");
        var text = node.GetValue<string>();
        if (!ScimFilter.ParsePath(text, limits).Try(out var path, out var error)) return Named(text, error);
        if (type.NamesUnknownSchema(path.Attribute))
        {
            ignored.Add(text);
            return null;
        }
        if (Resolve(path) is not { } attribute) return new InvalidPath($"A {type.Name} has no attribute '{text}'.");
        if (attribute.IsReadOnly) return new MutabilityViolated($"'{attribute.Name}' is read-only.");
        if (attribute.Extension is null && attribute.Attribute is { } first && MemberReader.IsMembers(type, first.Name))
            return OnMembers(verb, attribute, path, value);
        if (path.Filter is null)
        {
            operations.Add(new PatchOperation(verb, new PatchTarget(attribute, null, null), value));
            return null;
        }
        if (attribute.Attribute is not { MultiValued: true })
            return new InvalidPath($"'{attribute.Name}' has one value: a filter cannot choose among several.");
        if (!FilterBinder.BindElement(path.Filter, attribute.Whole).Try(out var filter, out error))
            return Named(text, error);
        if ((terms += filter.Terms) > (long)TermsPerOperation * maxOperations)
            return new TooMany(string.Create(CultureInfo.InvariantCulture,
                $"The filters of this PATCH have more than {(long)TermsPerOperation * maxOperations} comparisons, {TermsPerOperation} for each operation allowed (setting Limits:PatchOperations)."));
        operations.Add(new PatchOperation(verb, new PatchTarget(attribute, filter, path.Filter), value));
        return null;
    }

    private static PatchVerb? Verb(JsonNode? op) => op is JsonValue value && value.TryGetValue<string>(out var text)
        ? text switch { "add" => PatchVerb.Add, "remove" => PatchVerb.Remove, "replace" => PatchVerb.Replace, _ => null }
        : null;

    private static Error Named(string path, Error error) =>
        error is InvalidFilter ? new InvalidFilter($"Path '{path}': {error.Detail}") : new InvalidPath($"Path '{path}': {error.Detail}");

    private AttributePath? Resolve(PathNode path)
    {
        // A bare name means the core schema here; the quirks have completed bare names of extensions.
        var name = path.SubAttribute is null ? path.Attribute : $"{path.Attribute}.{path.SubAttribute}";
        return type.Resolve(name) is { } found && (path.Filter is null || found.Attribute is not null) ? found : null;
    }

    private Error? WithoutPath(PatchVerb verb, JsonNode? value)
    {
        if (verb == PatchVerb.Remove) return new NoTarget("A remove operation needs a 'path'.");
        if (value is not JsonObject json) return new InvalidValue("The value of an operation without path must be an object.");
        if (!JsonNames.AreDistinct(json, "value", out var twice)) return twice;
        var others = new JsonObject();
        foreach (var (name, node) in json)
        {
            if (MemberReader.IsMembers(type, name))
            {
                if (ReadMembers(verb, node) is { } error) return error;
            }
            else if (type.Extension(name) is not null || type.CoreAttribute(name) is not null)
            {
                others[name] = node?.DeepClone();
            }
            else
            {
                ignored.Add(name);
            }
        }
        if (others.Count > 0) operations.Add(new PatchOperation(verb, null, others));
        return null;
    }

    private Error? OnMembers(PatchVerb verb, AttributePath attribute, PathNode path, JsonNode? value)
    {
        if (attribute.SubAttribute is not null)
            return new MutabilityViolated($"'{attribute.Name}' cannot be changed: a member is added or removed as a whole.");
        if (path.Filter is null)
        {
            if (verb != PatchVerb.Remove) return ReadMembers(verb, value);
            members.Add(new ClearMembers());
            return null;
        }
        if (!FilterBinder.BindElement(path.Filter, attribute).Try(out var filter, out var error)) return Named(path.ToString(), error);
        if (verb != PatchVerb.Remove) return new MutabilityViolated("A member cannot be changed, only added or removed as a whole.");
        var ids = new List<string>();
        if (AreIds(filter, ids)) Remove(ids);
        else members.Add(new RemoveMembersWhere(filter));
        return null;
    }

    /// <summary>Removals in a row are one step: Entra and Okta send an operation per member.</summary>
    private void Remove(List<string> ids)
    {
        if (members.LastOrDefault() is not RemoveMembers)
        {
            removal = [];
            removedIds.Clear();
            members.Add(new RemoveMembers(removal));
        }
        removal.AddRange(ids.Where(removedIds.Add));
    }

    private Error? ReadMembers(PatchVerb verb, JsonNode? value)
    {
        if (!MemberReader.Read(type, value).Try(out var values, out var error)) return error;
        if (verb == PatchVerb.Replace) members.Add(new ReplaceMembers(values));
        else if (values.Count > 0) members.Add(new AddMembers(values));
        return null;
    }

    private static bool AreIds(Predicate filter, List<string> ids)
    {
        if (filter is Or or) return or.Predicates.All(part => AreIds(part, ids));
        if (filter is not Compare { Operator: CompareOperator.Eq, Path.Name: "members.value", Operand: TextOperand id }) return false;
        ids.Add(id.Text);
        return true;
    }
}
