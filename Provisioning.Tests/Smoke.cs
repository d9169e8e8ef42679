using NUnit.Framework;
using Provisioning.Core.Common;

namespace Provisioning.Tests;

public sealed class Smoke
{
    [Test]
    public void Ids_round_trip()
    {
        var id = Ids.New<MemberId>(TimeProvider.System);
        Assert.That(Ids.TryParse<MemberId>(id.ToString(), out var back) && back == id, Is.True);
    }
}
