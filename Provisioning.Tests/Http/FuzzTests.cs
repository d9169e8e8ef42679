using System.Globalization;
using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Provisioning.Tests.Http;

/// <summary>
/// Mutated bodies, paths, filters, headers and encodings over HTTP, several at a time (design D10): no server error, no hang, an answer in
/// the form of its door, and books that agree afterwards. The seed is printed; <c>dotnet test --filter TestCategory=Slow</c> sends ten times
/// as many.
/// </summary>
public sealed class FuzzTests
{
    [Test]
    public Task Two_thousand_mutated_requests_meet_no_server_error_and_leave_the_books_in_order() => SendAsync(2_000);

    [Test, Explicit("Takes minutes; run it by its name."), Category("Slow")]
    public Task Twenty_thousand_mutated_requests_meet_no_server_error_and_leave_the_books_in_order() => SendAsync(20_000);

    private static async Task SendAsync(int count)
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("PROVISIONING_TEST_SEED"), out var chosen) ? chosen : Random.Shared.Next();
        await TestContext.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"PROVISIONING_TEST_SEED={seed}"));
        var service = await SharedService.GetAsync();
        var target = await service.OrganizationAsync(standard: 3, premium: 2);
        var ids = new List<string>();
        foreach (var name in (string[])["a", "b", "c", "d", "e", "f"]) ids.Add(await target.PushAsync(name));
        var team = await target.PushGroupAsync("Team", [.. ids.Take(3)]);
        var members = (await target.MembersAsync()).Select(one => TestOrganization.Text(one, "id")!).ToList();
        var cursor = (await target.Scim.Get("/Users?cursor=&count=2")).Expect(200).Text("nextCursor");
        var random = new Random(seed);
        var requests = Enumerable.Range(0, count).Select(_ => Mutation.Next(random, target, ids, team, members, cursor)).ToList();
        await Parallel.ForEachAsync(requests, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (request, _) =>
        {
            var answer = (await request.Door.Send(request.Method, request.Path, request.Body, request.Headers)).ExpectSoundRefusalOrSuccess();
            if (answer.Status != 200 || !request.Path.StartsWith("/Bulk", StringComparison.Ordinal) || request.Method != "POST") return;
            foreach (var operation in answer.Items("Operations"))
                Assert.That(TestOrganization.Text(operation, "status"), Does.Match("^[24]..$").Or.EqualTo("501"), answer.ToString());
        });
        await target.ExpectBooksAgreeAsync();
    }
}
