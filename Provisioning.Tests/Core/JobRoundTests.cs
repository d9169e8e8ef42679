using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;

namespace Provisioning.Tests.Core;

/// <summary>A round of a job over many items (rule TIME-3).</summary>
public sealed class JobRoundTests
{
    private readonly List<Exception> failures = [];
    private readonly List<int> done = [];
    private int turns = int.MaxValue;

    [SetUp]
    public void Begin()
    {
        turns = int.MaxValue;
        failures.Clear();
        done.Clear();
    }

    [Test]
    public async Task TIME_3_an_item_that_fails_is_reported_and_the_others_have_their_turn()
    {
        Assert.That(await EachAsync(item => item == 2 ? throw new InvalidOperationException("broken") : Task.CompletedTask), Is.True);
        Assert.That(done, Is.EqualTo((int[])[1, 3, 4]));
        Assert.That(failures.Select(failure => failure.Message), Is.EqualTo((string[])["broken"]));
    }

    [Test]
    public async Task TIME_3_a_round_ends_when_another_node_has_the_job()
    {
        turns = 2;
        Assert.That(await EachAsync(_ => Task.CompletedTask), Is.False);
        Assert.That(done, Is.EqualTo((int[])[1, 2]));
    }

    [Test]
    public void TIME_3_a_lost_lease_and_a_database_out_of_reach_end_the_round()
    {
        Assert.That(() => EachAsync(_ => throw new LeaseLostException(Lease)), Throws.TypeOf<LeaseLostException>());
        Assert.That(() => EachAsync(_ => throw new StoreUnavailableException(new TimeoutException())), Throws.TypeOf<StoreUnavailableException>());
        Assert.That((done, failures), Is.EqualTo((new List<int>(), new List<Exception>())));
    }

    private static Lease Lease { get; } = new("job", "node", 1, DateTimeOffset.MaxValue);

    private Task<bool> EachAsync(Func<int, Task> act)
    {
        var round = new JobRound(
            () => Task.FromResult(turns-- > 0 ? new JobTurn(Lease, new Actor(ActorKind.Job, "job", Channel.Job, "c")) : null), failures.Add, default);
        return round.EachAsync([1, 2, 3, 4], async (item, _) =>
        {
            await act(item);
            done.Add(item);
        });
    }
}
