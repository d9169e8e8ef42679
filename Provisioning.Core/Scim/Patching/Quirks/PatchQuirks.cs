using System.Text.Json.Nodes;
using Provisioning.Core.Schemas;

namespace Provisioning.Core.Scim.Patching.Quirks;

/// <summary>An oddity in the message around the operations; rewrites a private copy in place.</summary>
internal interface IMessageQuirk
{
    void Rewrite(JsonObject message);
}

/// <summary>An oddity in one operation: answers the conforming operations in its place, the same one if there is nothing odd.</summary>
internal interface IOperationQuirk
{
    IEnumerable<JsonObject> Rewrite(ResourceType type, JsonObject operation);
}

/// <summary>
/// Every oddity of identity providers in PATCH requests, in the order in which they are put right. Oddities of values (booleans as
/// text, one object for an array, text for an object) are put right where POST and PUT need it too: <c>AttributeReader</c>.
/// </summary>
internal static class PatchQuirks
{
    public static readonly IReadOnlyList<IMessageQuirk> Message =
        [new NamesInAnyCase(), new SchemasMissing(), new OneOperationWithoutArray()];

    public static readonly IReadOnlyList<IOperationQuirk> Operation =
    [
        new CapitalizedOp(), new EmptyPath(), new DotAfterUrn(), new PathsAsNames(), new ExtensionWithoutUrn(), new PrimaryAsText(),
        new EmptyTextClears(), new RemoveWithValue(),
    ];

    /// <summary>A copy of the message in conforming form; what cannot be put right is left for the reader to refuse.</summary>
    public static JsonObject OfMessage(JsonObject body)
    {
        var message = (JsonObject)body.DeepClone();
        foreach (var quirk in Message) quirk.Rewrite(message);
        return message;
    }

    /// <summary>The conforming operations for one of the copied message.</summary>
    public static IReadOnlyList<JsonObject> OfOperation(ResourceType type, JsonObject operation)
    {
        IReadOnlyList<JsonObject> operations = [operation];
        foreach (var quirk in Operation) operations = operations.SelectMany(one => quirk.Rewrite(type, one)).ToList();
        return operations;
    }
}
