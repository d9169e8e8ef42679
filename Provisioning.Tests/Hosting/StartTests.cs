using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using NUnit.Framework;
using Provisioning.Api;
using Provisioning.Api.Configuration;
using Provisioning.Api.Hosting;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Hosting;

/// <summary>Starting and ending, in a process of its own where it depends on the environment.</summary>
[NonParallelizable]
public sealed class StartTests
{
    [Test]
    public async Task Bad_settings_end_the_process_with_2_and_one_line_each()
    {
        var (code, _, error) = await RunAsync(("ASPNETCORE_ENVIRONMENT", "Staging"), ("Storage__Engine", "oracle"), ("Limits__BodyBytes", "-1"), ("Demo__ScimToken", "hunter2"));
        Assert.That(code, Is.EqualTo(2));
        Assert.That(error.Split('\n', StringSplitOptions.RemoveEmptyEntries), Has.Length.EqualTo(3));
        Assert.That(error, Does.Contain("Storage__Engine").And.Contain("Limits__BodyBytes").And.Contain("Demo__ScimToken"));
        Assert.That(error, Does.Not.Contain("hunter2").And.Not.Contain("   at "));
    }

    [Test]
    public async Task Globalization_invariant_mode_is_refused()
    {
        var (code, _, error) = await RunAsync(("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1"));
        Assert.That(code, Is.EqualTo(2));
        Assert.That(error, Does.Contain("Globalization-invariant mode").And.Contain("ICU"));
    }

    [Test]
    public async Task An_address_in_use_ends_the_process_with_1_and_one_line()
    {
        await using var host = await RunningHost.StartAsync();
        await using var database = await TestDatabase.CreateAsync(TestDatabase.Sqlite);
        var (code, output, error) = await RunAsync(("ASPNETCORE_URLS", host.App.Urls.First()), ("ASPNETCORE_ENVIRONMENT", "Staging"),
            ("Storage__ConnectionString", database.ConnectionString));
        Assert.That(code, Is.EqualTo(1));
        Assert.That(error.Trim().Split('\n'), Has.Length.EqualTo(1).And.All.Contains("in use").And.All.Contains(host.App.Urls.First()));
        Assert.That(output, Does.Not.Contain("   at "));
    }

    [TestCase("bakcup", "copy.db")]
    [TestCase("verify", "acme")]
    public async Task A_word_that_is_no_command_ends_with_2_instead_of_starting_the_service(string word, string rest)
    {
        using var error = new StringWriter();
        Assert.That(await Program.RunAsync([word, rest], new Terminal(TextWriter.Null, error)), Is.EqualTo(2));
        Assert.That(error.ToString(), Does.StartWith(word + " is no command").And.Contain("backup <file>"));
    }

    [Test]
    public void Arguments_that_cannot_be_read_are_a_bad_setting() =>
        Assert.That(() => ProvisioningHost.Build(["/=x", "-y=1"]), Throws.TypeOf<SettingsException>());

    [Test]
    public async Task A_request_in_flight_finishes_when_the_service_is_stopped()
    {
        var entered = new TaskCompletionSource();
        await using var host = await RunningHost.StartAsync(app => app.MapGet("/v1/test-work", async () =>
        {
            entered.SetResult();
            await Task.Delay(500);
            return "done";
        }));
        var answer = host.Client.GetStringAsync(new Uri("/v1/test-work", UriKind.Relative));
        await entered.Task;
        await host.App.StopAsync();
        Assert.That(await answer, Is.EqualTo("done"));
    }

    [Test]
    public async Task Preparing_comes_before_listening_and_a_setting_it_refuses_ends_with_2()
    {
        var steps = new List<string>();
        string[] args = ["--urls=http://127.0.0.1:0", "--environment=Staging"];
        var ended = await ProvisioningHost.RunAsync(args, static given => ProvisioningHost.Build(given),
            (app, _) =>
            {
                steps.Add("prepared " + app.Urls.All(static url => url.EndsWith(":0", StringComparison.Ordinal)));
                return Task.CompletedTask;
            },
            app =>
            {
                steps.Add("listening " + app.Urls.Any(static url => url.EndsWith(":0", StringComparison.Ordinal)));
                app.Lifetime.StopApplication();
            });
        Assert.That(ended, Is.Zero);
        Assert.That(steps, Is.EqualTo(new[] { "prepared True", "listening False" }));
        var refused = await ProvisioningHost.RunAsync(args, static given => ProvisioningHost.Build(given),
            static (_, _) => throw new SettingsException("a schema file is bad"));
        Assert.That(refused, Is.EqualTo(2));
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Program).Assembly.Location])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetDirectoryName(typeof(Program).Assembly.Location),
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail("The process did not end.");
        }
        return (process.ExitCode, await output, await error);
    }
}
