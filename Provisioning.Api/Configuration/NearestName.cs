namespace Provisioning.Api.Configuration;

/// <summary>What a misspelt name was probably meant to be.</summary>
internal static class NearestName
{
    /// <summary>The known name with the fewest edits, when those are at most a third of its length; null when nothing is near.</summary>
    public static string? To(string given, IEnumerable<string> known)
    {
        var best = known.Select(name => (name, distance: Distance(given.ToUpperInvariant(), name.ToUpperInvariant())))
            .MinBy(static candidate => candidate.distance);
        return best.name is not null && best.distance <= Math.Max(2, best.name.Length / 3) ? best.name : null;
    }

    /// <summary>Levenshtein distance.</summary>
    private static int Distance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var above = row[j];
                var replaced = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                row[j] = Math.Min(replaced, Math.Min(above, row[j - 1]) + 1);
                diagonal = above;
            }
        }
        return row[right.Length];
    }
}
