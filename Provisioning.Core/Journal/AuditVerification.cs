using System.Text.Json.Nodes;
using Provisioning.Core.Common;

namespace Provisioning.Core.Journal;

/// <summary>What is wrong with an audit trail.</summary>
public enum ChainFault
{
    /// <summary>A number has no record.</summary>
    Removed,

    /// <summary>A record does not follow from the one before it: it was changed, inserted or moved.</summary>
    Changed,

    /// <summary>The detail of a record is gone without an erasure.</summary>
    DetailRemoved,

    /// <summary>The detail of a record is not the one that was sealed.</summary>
    DetailChanged,

    /// <summary>An erasure does not account for what is marked as erased by it.</summary>
    ErasureUnaccounted,

    /// <summary>The last records are not those that were sealed last.</summary>
    EndDiffers,

    /// <summary>The link at the number that the caller remembers is another one.</summary>
    AnchorDiffers,
}

/// <summary>A place where the trail is not what was written.</summary>
/// <param name="Sequence">The number of the record, as GET /audit shows it.</param>
public sealed record ChainProblem(long Sequence, ChainFault Fault, string Detail);

/// <summary>A link that somebody wrote down earlier: also who can rewrite the whole database cannot change what lies before it.</summary>
public sealed record ChainAnchor(long Sequence, byte[] Chain)
{
    /// <summary>Reads <c>120:9f86d0...</c>, as a report gives it.</summary>
    public static Outcome<ChainAnchor?> Parse(string? text)
    {
        if (text is null) return (ChainAnchor?)null;
        var parts = text.Split(':');
        if (parts.Length == 2 && long.TryParse(parts[0], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var sequence)
            && sequence > 0 && parts[1].Length == 64 && parts[1].All(char.IsAsciiHexDigit))
            return new ChainAnchor(sequence, Convert.FromHexString(parts[1]));
        return new InvalidValue("'expect' must be a number and a link as an earlier verification gave them, for example 120:9f86d0... (64 hexadecimal digits).");
    }
}

/// <summary>What a verification found.</summary>
/// <param name="Records">Records that were checked, up to the first problem.</param>
/// <param name="Erased">How many of them had their detail erased.</param>
/// <param name="Unsealed">Committed records that have no place yet.</param>
/// <param name="Problem">The first one; null when the trail is whole.</param>
public sealed record ChainReport(long Records, long Erased, long Unsealed, ChainAnchor? Last, ChainProblem? Problem);

/// <summary>Walks the audit trail of an organisation and finds the first place where it is not what was written (domain.md section 11).</summary>
public sealed class AuditVerification(IDatabase database, IJournalStore store)
{
    /// <summary>Records per read, so that memory and snapshots stay small.</summary>
    private const int PageSize = 1000;

    /// <summary>Checks every link, every detail, the end, the erasures, and a link remembered from before.</summary>
    public async Task<ChainReport> VerifyAsync(OrganizationId organization, ChainAnchor? expected, CancellationToken cancel)
    {
        var (head, last, unsealed) = await database.ReadAsync(async session => (await store.HeadAsync(session, organization),
            await store.LastSequenceAsync(session, organization), await store.CountUnsealedAsync(session, organization)), cancel);
        var end = head?.AuditSequence ?? 0;
        var walk = new Walk(AuditChain.Start(organization), expected);
        while (walk.Problem is null && walk.Sequence < end)
        {
            var page = await database.ReadAsync(session => store.SealedAsync(session, organization, walk.Sequence, PageSize), cancel);
            if (page.Count == 0) break;
            foreach (var record in page.TakeWhile(record => record.Sequence <= end || walk.Sequence < end))
                if (!walk.Take(record)) break;
        }
        var problem = walk.Problem ?? EndOf(walk, head, last) ?? await ErasuresAsync(organization, walk, end, cancel);
        if (problem is null && expected?.Sequence > end)
            problem = new ChainProblem(end, ChainFault.EndDiffers, FormattableString.Invariant($"There are {end} records; {expected.Sequence} were expected."));
        return new ChainReport(walk.Records, walk.Erased, unsealed, walk.Records == 0 ? null : new ChainAnchor(walk.Sequence, walk.Chain), problem);
    }

    private static ChainProblem? EndOf(Walk walk, JournalHead? head, long last)
    {
        if (head is null) return last == 0 ? null : new ChainProblem(1, ChainFault.EndDiffers, "Records are numbered, but nothing was sealed.");
        if (walk.Sequence < head.AuditSequence)
            return new ChainProblem(walk.Sequence + 1, ChainFault.Removed, FormattableString.Invariant($"Records {walk.Sequence + 1} to {head.AuditSequence} are gone."));
        if (last > head.AuditSequence)
            return new ChainProblem(head.AuditSequence + 1, ChainFault.EndDiffers, FormattableString.Invariant($"Record {head.AuditSequence} was sealed last; there are records after it."));
        return walk.Chain.AsSpan().SequenceEqual(head.Chain) ? null : new ChainProblem(walk.Sequence, ChainFault.EndDiffers, "The last record is not the one that was sealed last.");
    }

    /// <summary>A detail may be empty only because of an erasure in the trail that counts it.</summary>
    private async Task<ChainProblem?> ErasuresAsync(OrganizationId organization, Walk walk, long end, CancellationToken cancel)
    {
        if (walk.ErasedBy.Count == 0) return null;
        foreach (var late in await database.ReadAsync(session => store.LateErasuresAsync(session, organization, end), cancel)) walk.Note(end, late);
        foreach (var (erasure, first) in walk.ErasedBy)
        {
            if (!walk.Erasures.TryGetValue(erasure, out var known))
                return new ChainProblem(first, ChainFault.ErasureUnaccounted, "The detail is marked as erased, but there is no record of that erasure.");
            var erased = await database.ReadAsync(session => store.ErasedByAsync(session, erasure), cancel);
            if (AuditChain.DigestOfErased(erased) != known.Digest)
                return new ChainProblem(known.Sequence, ChainFault.ErasureUnaccounted, "Other details are marked as erased than this erasure emptied.");
        }
        return null;
    }

    /// <summary>The walk along the chain.</summary>
    private sealed class Walk(byte[] start, ChainAnchor? expected)
    {
        public byte[] Chain { get; private set; } = start;

        public long Sequence { get; private set; }

        public long Records { get; private set; }

        public long Erased { get; private set; }

        public ChainProblem? Problem { get; private set; }

        /// <summary>Erasures that details name, with the first record of each.</summary>
        public Dictionary<Guid, long> ErasedBy { get; } = [];

        /// <summary>Erasures in the trail.</summary>
        public Dictionary<Guid, (long Sequence, string Digest)> Erasures { get; } = [];

        /// <summary>False at the first problem.</summary>
        public bool Take(SealedRecord sealedRecord)
        {
            var (sequence, chain, digest, record, detail) = sealedRecord;
            if (sequence != Sequence + 1)
                return Fail(Sequence + 1, ChainFault.Removed, sequence == Sequence + 2 ? "The record is gone." : FormattableString.Invariant($"Records {Sequence + 1} to {sequence - 1} are gone."));
            if (!AuditChain.Next(Chain, sequence, record, digest).AsSpan().SequenceEqual(chain))
                return Fail(sequence, ChainFault.Changed, "The record does not follow from the one before it: it was changed, inserted or moved.");
            if (expected?.Sequence == sequence && !expected.Chain.AsSpan().SequenceEqual(chain))
                return Fail(sequence, ChainFault.AnchorDiffers, "The link is not the one that was expected: the trail up to here was rewritten.");
            if (digest is null != detail is null)
                return digest is null ? Fail(sequence, ChainFault.DetailChanged, "The record has a detail that was not there when it was sealed.")
                    : Fail(sequence, ChainFault.DetailRemoved, "The detail of the record is gone, and no erasure says so.");
            if (detail?.ErasedBy is { } erasure)
            {
                if (detail.Before is not null || detail.After is not null) return Fail(sequence, ChainFault.DetailChanged, "The detail is marked as erased, but is there.");
                ErasedBy.TryAdd(erasure, sequence);
                Erased++;
            }
            else if (detail is not null && !AuditChain.Digest(detail).AsSpan().SequenceEqual(digest))
                return Fail(sequence, ChainFault.DetailChanged, "The detail of the record is not the one that was sealed.");
            if (record.Action == Erasure.Action && detail?.After is { } after) Note(sequence, after);
            (Chain, Sequence) = (chain, sequence);
            Records++;
            return true;
        }

        public void Note(long sequence, string after)
        {
            if (Erasure.Read(after) is { } erasure) Erasures.TryAdd(erasure.Id, (sequence, erasure.Digest));
        }

        private bool Fail(long sequence, ChainFault fault, string detail)
        {
            Problem = new ChainProblem(sequence, fault, detail);
            return false;
        }
    }
}

/// <summary>The record of an erasure: which one, and a digest of the records whose details it emptied.</summary>
public sealed record Erasure(Guid Id, int Records, string Digest)
{
    public const string Action = "member.erased";

    public JsonObject Describe() => new() { ["erasure"] = Id.ToString("D"), ["records"] = Records, ["digest"] = Digest };

    /// <summary>Null for what is no such description.</summary>
    public static Erasure? Read(string text)
    {
        if (JsonNode.Parse(text) is not JsonObject json) return null;
        return json["erasure"] is JsonValue id && id.TryGetValue<Guid>(out var erasure) && json["records"] is JsonValue count && count.TryGetValue<int>(out var records)
            && json["digest"] is JsonValue value && value.TryGetValue<string>(out var digest) ? new Erasure(erasure, records, digest) : null;
    }
}
