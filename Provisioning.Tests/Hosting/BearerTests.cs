using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using NUnit.Framework;
using Provisioning.Api.Hosting;
using Provisioning.Core.Common;

namespace Provisioning.Tests.Hosting;

public sealed class BearerTests
{
    [TestCase("Bearer abc.DEF-123_~+/=")]
    [TestCase("bearer abc.DEF-123_~+/=")]
    [TestCase("BEARER   abc.DEF-123_~+/=  ")]
    [TestCase("Bearer\tabc.DEF-123_~+/=")]
    [TestCase("abc.DEF-123_~+/=", Description = "Okta, HTTP Header")]
    [TestCase("  abc.DEF-123_~+/= ")]
    public void The_secret_is_found_with_and_without_a_scheme(string header) =>
        Assert.That(Bearer.Secret(header).Value, Is.EqualTo("abc.DEF-123_~+/="));

    [TestCase("okta:secret", "secret", Description = "Okta, Basic Auth")]
    [TestCase(":secret", "secret")]
    [TestCase("usér:sec:ret", "sec:ret")]
    public void The_password_of_basic_is_the_secret(string pair, string secret)
    {
        Assert.That(Bearer.Secret(Basic("Basic", pair)).Value, Is.EqualTo(secret));
        Assert.That(Bearer.Secret(Basic("bAsIc", pair)).Value, Is.EqualTo(secret));
    }

    [TestCase("")]
    [TestCase("   ")]
    [TestCase("Bearer")]
    [TestCase("bearer ")]
    [TestCase("Basic")]
    [TestCase("Bearer a b")]
    [TestCase("Bearer a, Bearer b")]
    [TestCase("Bearer a\0b")]
    [TestCase("Bearer a\u007Fb")]
    [TestCase("Bearer a\r\nX: y")]
    [TestCase("Bearer tokén")]
    [TestCase("Digest username=x")]
    [TestCase("Negotiate abc")]
    [TestCase("Basic !!!")]
    [TestCase("Basic bm9jb2xvbg==", Description = "no colon")]
    [TestCase("Basic dXNlcjo=", Description = "empty password")]
    [TestCase("Basic dXNlcjqAgA==", Description = "not UTF-8")]
    [TestCase("Basic dXNlcjphIGI=", Description = "a blank in the password")]
    public void Anything_else_is_unauthenticated(string header)
    {
        var error = Bearer.Secret(header).Error;
        Assert.That(error, Is.TypeOf<Unauthenticated>());
        Assert.That(error!.Detail, Does.Contain("Authorization: Bearer"));
    }

    [Test]
    public void No_header_several_headers_and_overlong_headers_are_unauthenticated()
    {
        Assert.That(Bearer.Secret(new HeaderDictionary()).Error, Is.TypeOf<Unauthenticated>());
        Assert.That(Bearer.Secret(new StringValues(["Bearer a", "Bearer a"])).Error, Is.TypeOf<Unauthenticated>());
        Assert.That(Bearer.Secret(new string('a', 4096)).IsOk, Is.True);
        Assert.That(Bearer.Secret(new string('a', 4097)).Error, Is.TypeOf<Unauthenticated>());
    }

    [Test]
    public void A_refusal_never_repeats_what_was_sent() =>
        Assert.That(Bearer.Secret("Bearer hunter2 hunter2").Error!.Detail, Does.Not.Contain("hunter2"));

    private static string Basic(string scheme, string pair) => scheme + " " + Convert.ToBase64String(Encoding.UTF8.GetBytes(pair));
}
