using System.Collections.Frozen;

namespace Provisioning.Core.Schemas;

/// <summary>How a client tries to write an attribute.</summary>
public enum WriteContext
{
    /// <summary>In the body of a POST.</summary>
    Create,

    /// <summary>In the body of a PUT.</summary>
    Replace,

    /// <summary>Named by the path of a PATCH operation.</summary>
    PatchPath,

    /// <summary>Named inside a value: of a PATCH operation without path, or as a sub-attribute of a complex value.</summary>
    PatchValue,
}

/// <summary>What is done with the value.</summary>
public enum WriteDecision
{
    Accept,

    /// <summary>Left out without an error.</summary>
    Ignore,

    /// <summary>Checked, then discarded: nothing write-only is kept.</summary>
    CheckOnly,

    /// <summary>Accepted while there is no value, or the same value; else 400 mutability.</summary>
    AcceptIfUnset,

    /// <summary>400 mutability.</summary>
    Refuse,
}

/// <summary>Mutability x context (RFC 7643 7, RFC 7644 3.3, 3.5.1, 3.5.2; checklist A5 to A7).</summary>
public static class WriteTable
{
    /// <summary>The whole table, for tests that walk it.</summary>
    public static readonly FrozenDictionary<(Mutability, WriteContext), WriteDecision> Rows =
        new Dictionary<(Mutability, WriteContext), WriteDecision>
        {
            [(Mutability.ReadWrite, WriteContext.Create)] = WriteDecision.Accept,
            [(Mutability.ReadWrite, WriteContext.Replace)] = WriteDecision.Accept,
            [(Mutability.ReadWrite, WriteContext.PatchPath)] = WriteDecision.Accept,
            [(Mutability.ReadWrite, WriteContext.PatchValue)] = WriteDecision.Accept,
            [(Mutability.ReadOnly, WriteContext.Create)] = WriteDecision.Ignore,
            [(Mutability.ReadOnly, WriteContext.Replace)] = WriteDecision.Ignore,
            [(Mutability.ReadOnly, WriteContext.PatchPath)] = WriteDecision.Refuse,
            // Okta repeats the id in path-less group operations: {"op":"replace","value":{"id":"g1","displayName":"x"}}
            [(Mutability.ReadOnly, WriteContext.PatchValue)] = WriteDecision.Ignore,
            [(Mutability.Immutable, WriteContext.Create)] = WriteDecision.Accept,
            [(Mutability.Immutable, WriteContext.Replace)] = WriteDecision.AcceptIfUnset,
            [(Mutability.Immutable, WriteContext.PatchPath)] = WriteDecision.AcceptIfUnset,
            [(Mutability.Immutable, WriteContext.PatchValue)] = WriteDecision.AcceptIfUnset,
            [(Mutability.WriteOnly, WriteContext.Create)] = WriteDecision.CheckOnly,
            [(Mutability.WriteOnly, WriteContext.Replace)] = WriteDecision.CheckOnly,
            [(Mutability.WriteOnly, WriteContext.PatchPath)] = WriteDecision.CheckOnly,
            [(Mutability.WriteOnly, WriteContext.PatchValue)] = WriteDecision.CheckOnly,
        }.ToFrozenDictionary();

    public static WriteDecision Decide(Mutability mutability, WriteContext context) => Rows[(mutability, context)];
}

/// <summary>What the request says about the attributes it wants (RFC 7644 3.9).</summary>
public enum Asked
{
    /// <summary>Neither parameter was given.</summary>
    Nothing,

    /// <summary><c>attributes</c> was given and names the attribute (or a part of it).</summary>
    Named,

    /// <summary><c>attributes</c> was given and does not name it.</summary>
    NotNamed,

    /// <summary><c>excludedAttributes</c> was given and names the attribute.</summary>
    Excluded,

    /// <summary><c>excludedAttributes</c> was given and does not name it.</summary>
    NotExcluded,
}

/// <summary>Returned x asked x whether this request wrote the attribute (RFC 7643 7, RFC 7644 3.9; checklist A2 to A4).</summary>
public static class ReturnTable
{
    /// <summary>
    /// The whole table, for tests that walk it: the answer when the request did not write the attribute, and when it did.
    /// </summary>
    public static readonly FrozenDictionary<(Returned, Asked), (bool Read, bool Written)> Rows =
        new Dictionary<(Returned, Asked), (bool, bool)>
        {
            [(Returned.Always, Asked.Nothing)] = (true, true),
            [(Returned.Always, Asked.Named)] = (true, true),
            [(Returned.Always, Asked.NotNamed)] = (true, true),
            [(Returned.Always, Asked.Excluded)] = (true, true),
            [(Returned.Always, Asked.NotExcluded)] = (true, true),
            [(Returned.Never, Asked.Nothing)] = (false, false),
            [(Returned.Never, Asked.Named)] = (false, false),
            [(Returned.Never, Asked.NotNamed)] = (false, false),
            [(Returned.Never, Asked.Excluded)] = (false, false),
            [(Returned.Never, Asked.NotExcluded)] = (false, false),
            [(Returned.Default, Asked.Nothing)] = (true, true),
            [(Returned.Default, Asked.Named)] = (true, true),
            [(Returned.Default, Asked.NotNamed)] = (false, false),
            [(Returned.Default, Asked.Excluded)] = (false, false),
            [(Returned.Default, Asked.NotExcluded)] = (true, true),
            [(Returned.Request, Asked.Nothing)] = (false, true),
            [(Returned.Request, Asked.Named)] = (true, true),
            [(Returned.Request, Asked.NotNamed)] = (false, false),
            [(Returned.Request, Asked.Excluded)] = (false, false),
            [(Returned.Request, Asked.NotExcluded)] = (false, true),
        }.ToFrozenDictionary();

    /// <param name="written">Whether the body of this request gave the attribute a value.</param>
    public static bool Decide(Returned returned, Asked asked, bool written)
    {
        var row = Rows[(returned, asked)];
        return written ? row.Written : row.Read;
    }
}
