using NUnit.Framework;
using Provisioning.Tests.Engines;

namespace Provisioning.Tests.Http;

/// <summary>Identity providers' conversations, kept as data files, held with the real service: every answer and the seat effect of every step.</summary>
[TestFixtureSource(typeof(TestDatabase), nameof(TestDatabase.Engines))]
public sealed class ConversationTests(string engine)
{
    private static string Folder => Path.Combine(AppContext.BaseDirectory, "Data", "idp");

    public static IEnumerable<TestCaseData> Files() =>
        Directory.EnumerateFiles(Folder, "*.json").Order(StringComparer.Ordinal)
            .Select(file => new TestCaseData(file).SetArgDisplayNames(Path.GetFileNameWithoutExtension(file)));

    [TestCaseSource(nameof(Files))]
    public async Task The_conversation_goes_as_recorded(string file)
    {
        var conversation = Conversation.Read(file);
        var service = await SharedService.GetAsync(engine);
        var organization = await service.OrganizationAsync(conversation.Seats["standard"], conversation.Seats["premium"],
            conversation.Mode ?? "scim_and_jit", onNoSeat: conversation.OnNoSeat ?? "waiting");
        await conversation.HoldAsync(organization);
    }

    [Test]
    public void Every_file_names_its_source() =>
        Assert.That(Directory.EnumerateFiles(Folder, "*.json").Select(file => Conversation.Read(file).Source), Has.All.Not.Empty);
}
