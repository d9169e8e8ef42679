using NUnit.Framework;
using Provisioning.Core.Common;
using Provisioning.Core.Directory;
using Provisioning.Core.Organizations;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Core;

/// <summary>Which runs the job carries on with (rule TIME-3).</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class DirectoryRunTests(string engine) : CoreTests(engine)
{
    [Test]
    public async Task TIME_3_an_organisation_with_many_runs_keeps_no_other_waiting_and_comes_to_each_of_them()
    {
        var (many, other) = (await Stack.ScimAsync(), await Stack.ScimAsync());
        var begun = new List<DirectoryRunId>();
        for (var i = 0; i < 60; i++) begun.Add(await BeginAsync(many));
        var last = await BeginAsync(other);

        var looked = await Stack.Runs.RunningAsync(default);
        Assert.That(looked.Select(run => run.Id), Is.EqualTo((DirectoryRunId[])[begun[0], last]), "one of each, however many came before");
        for (var run = looked[0]; run.State == RunState.Running;) run = Ok(await Stack.Runs.StepAsync(run, CoreStack.Actor, null, default));
        Assert.That((await Stack.Runs.RunningAsync(default)).Select(run => run.Id), Is.EqualTo((DirectoryRunId[])[begun[1], last]));
    }

    private async Task<DirectoryRunId> BeginAsync(Organization organization)
    {
        var id = Ids.New<DirectoryRunId>(Stack.Time);
        Ok(await Stack.UnitAsync<Done>(async scope =>
        {
            await Stack.RunRows.InsertAsync(scope.Session, DirectoryRun.Start(id, organization.Id, RunKind.Sync, SyncScope.Both, scope.Now));
            return default(Done);
        }, organization));
        return id;
    }
}
