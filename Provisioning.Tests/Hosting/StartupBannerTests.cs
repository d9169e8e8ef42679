using NUnit.Framework;
using Provisioning.Api.Hosting;

namespace Provisioning.Tests.Hosting;

public sealed class StartupBannerTests
{
    private static readonly DemoFacts Demo = new("acme", "acme.example", "demo", "scim-secret", "owner-secret", "gateway-secret", [("premium", 1), ("standard", 2)]);
    private static readonly StartupFacts Facts = new(["http://127.0.0.1:5080"], null, "Development", "sqlite", "/data/provisioning.db", Demo);

    [Test]
    public void It_tells_where_everything_is()
    {
        var text = StartupBanner.Text(Facts);
        foreach (var told in new[]
        {
            "Development", "http://127.0.0.1:5080/scim/v2", "/data/provisioning.db", "README.md", "/openapi/v1.json", "premium 1, standard 2",
            "scim-secret", "owner-secret", "gateway-secret",
        })
            Assert.That(text, Does.Contain(told));
    }

    [Test]
    public void The_first_requests_can_be_copied_as_they_are()
    {
        var text = StartupBanner.Text(Facts);
        Assert.That(text, Does.Contain("""
              curl -s http://127.0.0.1:5080/scim/v2/Users \
                -H 'Authorization: Bearer scim-secret' \
                -H 'Content-Type: application/scim+json' \
                -d '{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ada@acme.example","active":true}'
            """.ReplaceLineEndings("\n")));
        Assert.That(text, Does.Contain("http://127.0.0.1:5080/v1/organizations/acme/sign-in-decisions \\\n    -H 'Authorization: Bearer gateway-secret'"));
    }

    [Test]
    public void The_variables_of_the_readme_can_be_copied_as_they_are() =>
        Assert.That(StartupBanner.Text(Facts), Does.Contain(
            "  export BASE=http://127.0.0.1:5080 SCIM='scim-secret' OWNER='owner-secret' GATEWAY='gateway-secret'\n"));

    [Test]
    public void A_token_that_is_not_to_be_printed_is_a_shell_variable()
    {
        var text = StartupBanner.Text(Facts with { Demo = Demo with { ScimToken = null } });
        Assert.That(text, Does.Contain("-H \"Authorization: Bearer $SCIM_TOKEN\"").And.Contain("as set by Demo:ScimToken"));
    }

    [Test]
    public void A_secret_with_a_quote_stays_one_word_of_the_shell() =>
        Assert.That(StartupBanner.Text(Facts with { Demo = Demo with { ScimToken = "a'b$c" } }), Does.Contain(@"'Authorization: Bearer a'\''b$c'"));

    [TestCase("http://0.0.0.0:8080", "http://localhost:8080/scim/v2")]
    [TestCase("http://[::]:8080", "http://localhost:8080/scim/v2")]
    [TestCase("http://127.0.0.1:1/", "http://127.0.0.1:1/scim/v2")]
    public void An_address_for_all_interfaces_is_written_so_that_a_client_can_use_it(string bound, string shown) =>
        Assert.That(StartupBanner.Text(Facts with { Addresses = [bound] }), Does.Contain(shown));

    [Test]
    public void The_public_url_comes_first() =>
        Assert.That(StartupBanner.Text(Facts with { BaseUrl = "https://seats.example" }), Does.Contain("https://seats.example/scim/v2/Users"));

    [Test]
    public void Without_a_demo_no_token_is_spoken_of()
    {
        var text = StartupBanner.Text(Facts with { Demo = null, Environment = "Production" });
        Assert.That(text, Does.Contain("Production").And.Not.Contain("oken"));
    }
}
