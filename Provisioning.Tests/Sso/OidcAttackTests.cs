using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Sso;

/// <summary>Attacks on the sign-in through an OpenID provider: each is refused and makes or changes nothing.</summary>
public sealed class OidcAttackTests
{
    private static readonly TestKey Second = TestKey.Rsa("k2");

    private TestService service = null!;
    private OidcOrganization sso = null!;
    private TestBrowser browser = null!;
    private string before = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        service = await SharedService.GetAsync();
        sso = await OidcOrganization.MakeAsync(service, mode: "scim_and_jit", standard: 5, premium: 5);
        await sso.Organization.PushAsync("victim");
        foreach (var name in (string[])["one", "two"]) // two people with one address
        {
            var twin = sso.Organization.User(name);
            twin["emails"]![0]!["value"] = sso.Organization.Mail("shared");
            (await sso.Organization.Scim.Post("/Users", twin)).Expect(201);
        }
    }

    [OneTimeTearDown]
    public async Task EndAsync() => await sso.DisposeAsync();

    [SetUp]
    public async Task RememberAsync()
    {
        browser = sso.Browser();
        before = await sso.Organization.StateAsync();
    }

    [TearDown]
    public async Task Nothing_was_made_or_changed()
    {
        browser.Dispose();
        var provider = sso.Provider;
        provider.Keys = [provider.Keys[0]];
        (provider.ChangeClaims, provider.MakeToken, provider.ChangeMetadata, provider.ChangeAnswer, provider.UserInfo) = (null, null, null, null, null);
        await sso.Organization.ExpectUntouchedAsync(before);
        Assert.That((await sso.Organization.MembersAsync()).Select(member => member["lastSignInOn"]), Is.EqualTo(new JsonNode?[3]), "three people, none of whom has signed in");
    }

    [Test]
    public async Task A_state_of_another_browser_finishes_nothing()
    {
        sso.Provider.Person = sso.Person("victim");
        var callback = await sso.CallbackAsync(browser);
        using var victim = sso.Browser();
        (await victim.GoAsync(callback)).Expect(400, "This sign-in did not begin here"); // no cookie at all: login CSRF
        await sso.CallbackAsync(victim); // a flow of its own
        (await victim.GoAsync(callback)).Expect(400, "This sign-in did not begin here");
        Assert.That(victim.Cookie("provisioning_session"), Is.Null);
    }

    [Test]
    public async Task A_planted_browser_secret_does_not_make_a_foreign_flow_ones_own()
    {
        using var attacker = sso.Browser();
        var callback = await sso.CallbackAsync(attacker);
        browser.Cookies.Add(new Cookie("provisioning_browser", new string('a', 43), "/", service.Address.Host));
        (await browser.GoAsync(callback)).Expect(400, "This sign-in did not begin here");
    }

    [TestCase("")]
    [TestCase("?code=x")]
    [TestCase("?code=x&state=")]
    [TestCase("?code=x&state=guess")]
    [TestCase("?code=x&state=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [TestCase("?error=access_denied&state=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task An_answer_nobody_asked_for_is_refused(string query)
    {
        await sso.CallbackAsync(browser);
        (await browser.GoAsync($"/sso/oidc/{sso.Connection}/callback{query}")).Expect(400, "This sign-in did not begin here");
    }

    [Test]
    public async Task A_parameter_given_twice_is_refused()
    {
        var callback = await sso.CallbackAsync(browser);
        (await browser.GoAsync(callback.AbsoluteUri + "&state=other")).Expect(400);
        (await browser.GoAsync(callback.AbsoluteUri + "&code=other")).Expect(400);
    }

    [Test]
    public async Task A_flow_is_finished_once_and_a_code_of_another_flow_is_worth_nothing()
    {
        sso.Provider.Person = new JsonObject { ["sub"] = "nobody" }; // refused by the mode of the address, so nothing is made
        var callback = await sso.CallbackAsync(browser);
        (await browser.GoAsync(callback)).Expect(403);
        (await browser.GoAsync(callback)).Expect(410, "This sign-in is over");
        // Code injection: the attacker's code in the victim's flow meets the victim's code verifier.
        using var attacker = sso.Browser();
        var stolen = System.Web.HttpUtility.ParseQueryString((await sso.CallbackAsync(attacker)).Query)["code"];
        var own = await sso.CallbackAsync(browser);
        var injected = own.AbsoluteUri.Replace(System.Web.HttpUtility.ParseQueryString(own.Query)["code"]!, stolen, StringComparison.Ordinal);
        (await browser.GoAsync(injected)).Expect(502);
    }

    [Test]
    public async Task Mix_up_the_answer_of_one_provider_does_not_finish_a_flow_of_another()
    {
        await using var evil = await TestProvider.StartAsync();
        evil.SendsIssuer = true;
        var other = (await sso.Organization.Owner.Post("/connections", OidcOrganization.ConnectionBody(evil, "evil"))).Expect(201).Id;
        try
        {
            // The flow began at the honest provider; its code is brought to the address of the other connection.
            var callback = await sso.CallbackAsync(browser);
            (await browser.GoAsync(callback.AbsoluteUri.Replace(sso.Connection, other, StringComparison.Ordinal))).Expect(400, "This sign-in did not begin here");
            // RFC 9207: the answer names another issuer.
            sso.Provider.ChangeAnswer = answer => answer["iss"] = evil.Issuer;
            Assert.That((await sso.SignInAsync(browser, sso.Person("victim"))).Expect(502).Body, Does.Contain("(iss)"));
            // An answer without iss of a provider that always sends it.
            evil.ChangeAnswer = answer => answer.Remove("iss");
            evil.Person = sso.Person("victim");
            var path = sso.StartPath.Replace(sso.Connection, other, StringComparison.Ordinal);
            Assert.That((await browser.GoAsync(await CallbackAsync(path))).Expect(502).Body, Does.Contain("(iss)"));
        }
        finally
        {
            (await sso.Organization.Owner.Delete("/connections/" + other, ("If-Match", "*"))).Expect(204);
        }

        async Task<Uri> CallbackAsync(string path) => (await browser.GoAsync((await browser.GoAsync(path)).Expect(303).To)).Expect(302).To;
    }

    [TestCase("https://evil.example/signed-in")]
    [TestCase("https://app.example.evil.example/signed-in")]
    [TestCase("https://app.example@evil.example/signed-in")]
    [TestCase("https://evil.example\\@app.example/signed-in")]
    [TestCase("https://app.example:444/signed-in")]
    [TestCase("http://app.example/signed-in")]
    [TestCase("https://app.example/signed-in/../other")]
    [TestCase("https://app.example/other")]
    [TestCase("https://app.example/signed-in#fragment")]
    [TestCase("https://app.example/signed-in?code=mine")]
    [TestCase("https://app.example/signed-in?%63ode=mine")]
    [TestCase("//app.example/signed-in")]
    [TestCase("javascript:alert(1)")]
    [TestCase("/sso/../../x")]
    public async Task A_return_address_that_is_not_on_the_list_is_refused_before_anything_begins(string address)
    {
        var shown = (await browser.GoAsync($"/sso/{sso.Organization.Slug}/start?connection={sso.Connection}&return_to={Uri.EscapeDataString(address)}"))
            .Expect(400, "This link does not work");
        Assert.That(shown.Body, Does.Not.Contain("evil"));
    }

    [Test]
    public async Task A_guests_unverified_address_takes_over_and_makes_nobody()
    {
        foreach (var (name, said) in ((string, JsonNode?)[])[("victim", false), ("victim", null), ("victim", "perhaps"), ("newcomer", false)])
        {
            var guest = new JsonObject { ["sub"] = "sub-guest", ["email"] = sso.Organization.Mail(name), ["name"] = "Guest" };
            if (said is not null) guest["email_verified"] = said.DeepClone();
            (await sso.SignInAsync(browser, guest)).Expect(403);
            Assert.That(browser.Cookie("provisioning_session"), Is.Null);
        }
    }

    [Test]
    public async Task An_address_of_two_people_lets_in_neither()
    {
        var shown = (await sso.SignInAsync(browser, sso.Person("shared"))).Expect(403);
        Assert.That(shown.Body, Does.Contain("ambiguous_email"));
        Assert.That(browser.Cookie("provisioning_session"), Is.Null);
    }

    [Test]
    public async Task A_return_address_taken_off_the_list_meanwhile_gets_no_code()
    {
        var organization = await OidcOrganization.MakeAsync(service);
        await using (organization)
        {
            organization.Provider.Person = organization.Person("ada");
            var callback = await organization.CallbackAsync(browser);
            (await organization.Organization.Owner.Put("/sign-in-settings", new { returnTo = Array.Empty<string>() }, ("If-Match", "*"))).Expect(200);
            (await browser.GoAsync(callback)).Expect(200, "You are signed in");
        }
    }

    public static IEnumerable<TestCaseData> BadTokens()
    {
        (string Name, Action<TestProvider> Make)[] cases =
        [
            ("alg none", idp => idp.MakeToken = claims => TestKey.Part(new JsonObject { ["alg"] = "none" }) + "." + TestKey.Part(claims) + "."),
            ("signature stripped", idp => idp.MakeToken = claims => idp.Sign(claims)[..(idp.Sign(claims).LastIndexOf('.') + 1)]),
            ("foreign key under a published id", idp => idp.MakeToken = claims => TestKey.Rsa("k1").Sign(claims)),
            ("HS256 with the public key as its secret", idp => idp.MakeToken = claims =>
            {
                var signed = TestKey.Part(new JsonObject { ["alg"] = "HS256", ["kid"] = "k1" }) + "." + TestKey.Part(claims);
                return signed + "." + TestProvider.Text(HMACSHA256.HashData(Encoding.UTF8.GetBytes(idp.Keys[0].RsaKey!.ExportSubjectPublicKeyInfoPem()), Encoding.ASCII.GetBytes(signed)));
            }),
            ("key id of another published key", idp =>
            {
                idp.Keys = [idp.Keys[0], Second];
                idp.MakeToken = claims => (idp.Keys[0] with { Id = Second.Id }).Sign(claims);
            }),
            ("algorithm of another kind of key", idp => idp.MakeToken = claims => idp.Keys[0].Sign(claims, header: header => header["alg"] = "ES256")),
            ("unknown key id", idp => idp.MakeToken = claims => (idp.Keys[0] with { Id = "k9" }).Sign(claims)),
            ("foreign issuer", idp => idp.ChangeClaims = claims => claims["iss"] = "https://other.example"),
            ("issuer with a slash", idp => idp.ChangeClaims = claims => claims["iss"] = idp.Issuer + "/"),
            ("wrong audience", idp => idp.ChangeClaims = claims => claims["aud"] = "another client"),
            ("no audience", idp => idp.ChangeClaims = claims => claims.Remove("aud")),
            ("two audiences without azp", idp => idp.ChangeClaims = claims => claims["aud"] = new JsonArray(TestProvider.ClientId, "other")),
            ("azp of another client", idp => idp.ChangeClaims = claims => claims["azp"] = "other"),
            ("expired", idp => idp.ChangeClaims = claims => claims["exp"] = claims["iat"]!.GetValue<long>() - 120),
            ("no expiry", idp => idp.ChangeClaims = claims => claims.Remove("exp")),
            ("issued in the future", idp => idp.ChangeClaims = claims => claims["iat"] = claims["iat"]!.GetValue<long>() + 600),
            ("not valid yet", idp => idp.ChangeClaims = claims => claims["nbf"] = claims["iat"]!.GetValue<long>() + 600),
            ("wrong nonce", idp => idp.ChangeClaims = claims => claims["nonce"] = "of-another-sign-in"),
            ("no nonce", idp => idp.ChangeClaims = claims => claims.Remove("nonce")),
            ("no subject", idp => idp.ChangeClaims = claims => claims.Remove("sub")),
            ("subject no text", idp => idp.ChangeClaims = claims => claims["sub"] = 7),
            ("wrong at_hash", idp => idp.ChangeClaims = claims => claims["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA"),
            ("access token in place of the ID token", idp => idp.MakeToken = claims => idp.Sign(claims, "at+jwt")),
            ("no token", idp => idp.MakeToken = _ => ""),
            ("not base64url", idp => idp.MakeToken = claims => idp.Sign(claims) + "="),
            ("encrypted", idp => idp.MakeToken = _ => "a.b.c.d.e"),
            ("too long", idp => idp.ChangeClaims = claims => claims["padding"] = new string('x', 70_000)),
            ("userinfo of another subject", idp =>
            {
                idp.ChangeClaims = claims => claims.Remove("email");
                idp.UserInfo = new JsonObject { ["sub"] = "sub-other", ["email"] = "victim@x.example", ["email_verified"] = true };
            }),
        ];
        return cases.Select(one => new TestCaseData(one.Make).SetArgDisplayNames(one.Name));
    }

    [TestCaseSource(nameof(BadTokens))]
    public async Task A_bad_answer_lets_nobody_in(object make)
    {
        ((Action<TestProvider>)make)(sso.Provider);
        var shown = (await sso.SignInAsync(browser, sso.Person("victim"))).Expect(502, "Your organisation&#x27;s sign-in sent something we cannot accept");
        Assert.That(shown.Body, Does.Not.Contain("eyJ"), "no token on a page");
        Assert.That(browser.Cookie("provisioning_session"), Is.Null);
    }

    [Test]
    public async Task Another_organisations_connection_is_not_found_under_this_one()
    {
        var other = await service.OrganizationAsync();
        (await browser.GoAsync($"/sso/{other.Slug}/start?connection={sso.Connection}")).Expect(404, "There is nothing here");
        (await browser.GoAsync("/sso/no-such-organisation/start")).Expect(404, "There is nothing here");
        (await browser.GoAsync("/sso/oidc/con_nonsense/callback?state=x")).Expect(400);
    }

    [Test]
    public async Task A_refusal_of_the_provider_is_told_without_its_words()
    {
        sso.Provider.ChangeAnswer = answer =>
        {
            answer.Remove("code");
            (answer["error"], answer["error_description"]) = ("access_denied", "<script>alert(1)</script>");
        };
        var shown = (await sso.SignInAsync(browser, sso.Person("victim"))).Expect(403, "The sign-in was cancelled");
        Assert.That(shown.Body, Does.Not.Contain("script").And.Contain("Try again"));
        sso.Provider.ChangeAnswer = answer => answer["error"] = "<b>";
        Assert.That((await sso.SignInAsync(browser, sso.Person("victim"))).Expect(502).Body, Does.Contain("unknown_error").And.Not.Contain("<b>"));
    }
}
