using System.Text.Json.Nodes;
using Provisioning.Core.Common;
using Provisioning.Core.Query;
using Provisioning.Core.Schemas;
using Provisioning.Core.Scim.Filters;
using Provisioning.Core.Scim.Resources;

namespace Provisioning.Core.Scim.Patching;

/// <summary>Changes chosen elements of a multi-valued attribute: <c>emails[type eq "work"].value</c>.</summary>
internal static class ElementPatch
{
    public static Error? Apply(JsonObject container, PatchVerb verb, PatchTarget target, JsonNode? value)
    {
        var attribute = target.Path.Attribute!;
        var array = container[attribute.Name] as JsonArray ?? [];
        // Without a filter (emails.value) every element is meant.
        var chosen = array.Where(element => target.Filter is null || PredicateEvaluator.MatchesElement(target.Filter, element)).ToList();
        Error? error;
        if (verb == PatchVerb.Remove || (verb == PatchVerb.Replace && value is null)) error = Remove(array, chosen, target.Path);
        else if (value is null) error = null;
        else if (chosen.Count == 0) error = Create(array, verb, target, value);
        else error = Change(array, chosen, verb, target, value);
        if (error is not null) return error;
        if (array.Count > ResourceRules.MostValues) return ResourceRules.TooManyValues(attribute.Name);
        if (array.Count == 0)
            return container.ContainsKey(attribute.Name) ? AttributePatch.Clear(container, attribute, target.Path.Name) : null;
        if (array.Parent is null) container[attribute.Name] = array;
        return null;
    }

    /// <summary>Appends what is not there; of what is there, by type and value, the given parts change (checklist X8).</summary>
    public static TooMany? Append(JsonObject container, AttributeDefinition attribute, JsonArray read)
    {
        if (container[attribute.Name] is not JsonArray array) container[attribute.Name] = array = [];
        var known = new Dictionary<string, JsonNode>(StringComparer.Ordinal);
        foreach (var element in array) known.TryAdd(AttributeReader.Key(element!), element!);
        var touched = new List<JsonNode>();
        foreach (var item in read.ToList())
        {
            read.Remove(item);
            if (known.TryGetValue(AttributeReader.Key(item!), out var there))
            {
                if (there is JsonObject parts && item is JsonObject given)
                    foreach (var (name, node) in given) parts[name] = node?.DeepClone();
            }
            else
            {
                array.Add(there = item!);
            }
            touched.Add(there);
        }
        OnePrimary(array, touched);
        return array.Count > ResourceRules.MostValues ? ResourceRules.TooManyValues(attribute.Name) : null;
    }

    private static MutabilityViolated? Remove(JsonArray array, List<JsonNode?> chosen, AttributePath path)
    {
        if (path.SubAttribute is { Required: true } && chosen.Count > 0)
            return new MutabilityViolated($"'{path.Name}' is required and cannot be removed.");
        foreach (var element in chosen)
        {
            if (path.SubAttribute is { } sub && element is JsonObject parts)
            {
                parts.Remove(sub.Name);
                // What is left only says of what kind the value was.
                if (parts.Any(part => part.Key is not ("type" or "primary" or "display"))) continue;
            }
            array.Remove(element);
        }
        return null;
    }

    /// <summary>
    /// No element was chosen. Add creates it with what the filter equates (erratum 8097, checklist X10); replace does so only for
    /// <c>type eq</c> a canonical value, which Entra sends for a first address, and is otherwise <see cref="NoTarget"/> (X16).
    /// </summary>
    private static Error? Create(JsonArray array, PatchVerb verb, PatchTarget target, JsonNode value)
    {
        var attribute = target.Path.Attribute!;
        var seed = Equated(target.Written);
        if (seed is null || (verb == PatchVerb.Replace && target.Written is not null && !IsCanonicalType(attribute, target.Written)))
            return new NoTarget($"No value of '{attribute.Name}' fulfils '{target.Written}'.");
        var element = new JsonObject();
        if (!attribute.IsComplex) return new NoTarget($"No value of '{attribute.Name}' fulfils '{target.Written}'.");
        if (AttributePatch.SetParts(element, attribute, PatchVerb.Add, seed, attribute.Name) is { } error) return error;
        var given = element.DeepClone();
        if (Put(element, PatchVerb.Add, target, value) is { } wrong) return wrong;
        if (JsonNode.DeepEquals(given, element)) return null;
        array.Add((JsonNode)element);
        OnePrimary(array, [element]);
        return null;
    }

    private static Error? Change(JsonArray array, List<JsonNode?> chosen, PatchVerb verb, PatchTarget target, JsonNode value)
    {
        var touched = new List<JsonNode>();
        foreach (var element in chosen)
        {
            var changed = element!;
            if (element is not JsonObject parts || (verb == PatchVerb.Replace && target.Path.SubAttribute is null))
            {
                if (!Replacement(target, value).Try(out var replacement, out var error)) return error;
                changed = replacement;
                array[array.IndexOf(element)] = changed;
            }
            else if (Put(parts, verb, target, value) is { } error)
            {
                return error;
            }
            if (changed is JsonObject { Count: 0 }) array.Remove(changed);
            else touched.Add(changed);
        }
        OnePrimary(array, touched);
        OnlyOnce(array);
        return null;
    }

    private static Error? Put(JsonObject parts, PatchVerb verb, PatchTarget target, JsonNode value)
    {
        var attribute = target.Path.Attribute!;
        if (target.Path.SubAttribute is { } sub) return AttributePatch.SetPart(parts, attribute, sub, verb, value, target.Path.Name);
        if (!One(attribute, value).Try(out var read, out var error)) return error;
        return read is JsonObject given ? AttributePatch.SetParts(parts, attribute, verb, given, attribute.Name) : null;
    }

    /// <summary>
    /// The value in place of an element; what the filter equates and the value does not name stays, or the next cycle would not find
    /// it.
    /// </summary>
    private static Outcome<JsonNode> Replacement(PatchTarget target, JsonNode value)
    {
        var attribute = target.Path.Attribute!;
        if (!One(attribute, value).Try(out var read, out var error)) return error;
        if (read is null) return new InvalidValue($"'{attribute.Name}' needs a value.");
        if (read is not JsonObject given || Equated(target.Written) is not { } seed) return read;
        var element = new JsonObject();
        if (AttributePatch.SetParts(element, attribute, PatchVerb.Add, seed, attribute.Name) is { } wrong) return wrong;
        foreach (var (name, node) in given) element[name] = node?.DeepClone();
        return element;
    }

    private static Outcome<JsonNode?> One(AttributeDefinition attribute, JsonNode value) => value is JsonArray array
        ? array is [{ } only]
            ? AttributeReader.ReadOne(attribute, only, attribute.Name)
            : new InvalidValue($"'{attribute.Name}' with a filter takes one value.")
        : AttributeReader.ReadOne(attribute, value, attribute.Name);

    /// <summary>What a filter of only eq and and equates, as an object; empty without a filter, null for any other filter.</summary>
    private static JsonObject? Equated(FilterNode? filter)
    {
        var parts = new JsonObject();
        return filter is null || Collect(filter, parts) ? parts : null;
    }

    private static bool Collect(FilterNode filter, JsonObject parts)
    {
        if (filter is AndNode and) return and.Nodes.All(node => Collect(node, parts));
        if (filter is not CompareNode { Operator: CompareOperator.Eq } compare || parts.ContainsKey(compare.Path)) return false;
        parts[compare.Path] = compare.Value switch
        {
            TextLiteral text => text.Text,
            BareLiteral bare => bare.Text,
            BooleanLiteral flag => flag.Value,
            NumberLiteral number => JsonNode.Parse(number.Raw),
            _ => null,
        };
        return true;
    }

    private static bool IsCanonicalType(AttributeDefinition attribute, FilterNode filter) =>
        filter is CompareNode { Operator: CompareOperator.Eq, Value: TextLiteral or BareLiteral } compare
        && attribute.Sub(compare.Path) is { Name: "type" } type
        && (compare.Value is TextLiteral text ? text.Text : ((BareLiteral)compare.Value).Text) is var value
        && type.CanonicalValues.Contains(value, StringComparer.OrdinalIgnoreCase);

    /// <summary>A change can make two elements equal (checklist C16): the first stays.</summary>
    private static void OnlyOnce(JsonArray array)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        foreach (var element in array.ToList())
            if (!keys.Add(AttributeReader.Key(element!))) array.Remove(element);
    }

    /// <summary>A touched element that is primary is the only one (checklist X17); of several touched, the first.</summary>
    private static void OnePrimary(JsonArray array, List<JsonNode> touched)
    {
        if (touched.Find(AttributeReader.IsPrimary) is not { } first) return;
        foreach (var element in array)
            if (element != first && AttributeReader.IsPrimary(element)) element!["primary"] = false;
    }
}
