using Microsoft.Playwright;
using NUnit.Framework;
using Provisioning.Tests.Http;

namespace Provisioning.Tests.Sso;

/// <summary>
/// A headless Chromium: the one of the machine (CHROMIUM, or /usr/bin/chromium), nothing is downloaded; where there is none the tests are a
/// visible Ignore. It reaches this machine only, and so does the application. With
/// PROVISIONING_SCREENSHOTS=folder each page that is looked at is kept as a picture, wide and as on a phone.
/// </summary>
public abstract class ChromiumFixture
{
    private static readonly string? Pictures = Environment.GetEnvironmentVariable("PROVISIONING_SCREENSHOTS");

    private IPlaywright? playwright;
    private IBrowser? chromium;

    private protected TestService Service { get; private set; } = null!;

    /// <summary>Where an application would be: any address that answers.</summary>
    private protected string Application => Service.Address + "health/live";

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        var executable = Environment.GetEnvironmentVariable("CHROMIUM") is { Length: > 0 } given ? given : "/usr/bin/chromium";
        if (!File.Exists(executable)) Assert.Ignore($"There is no Chromium at {executable} (Debian: apt-get install chromium; or set CHROMIUM).");
        Service = await SharedService.GetAsync();
        playwright = await Playwright.CreateAsync();
        chromium = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = executable, Headless = true,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (chromium is not null) await chromium.DisposeAsync();
        playwright?.Dispose();
    }

    /// <summary>A browser of a person of its own: cookies and all.</summary>
    private protected async Task<IPage> PersonAsync()
    {
        var context = await chromium!.NewContextAsync(new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = 1280, Height = 800 } });
        await context.RouteAsync("**/*", route => new Uri(route.Request.Url) switch
        {
            { IsLoopback: true } => route.ContinueAsync(),
            _ => route.AbortAsync(), // the provider's pages ask for fonts from elsewhere
        });
        var page = await context.NewPageAsync();
        page.SetDefaultTimeout(30_000);
        return page;
    }

    private protected Task GoAsync(IPage page, string path) => page.GotoAsync(new Uri(Service.Address, path).AbsoluteUri);

    private protected static Task<string> TitleAsync(IPage page) => page.Locator("h1").InnerTextAsync();

    /// <summary>Presses what has this name, and waits for the page it leads to.</summary>
    private protected static async Task PressAsync(IPage page, string name)
    {
        await page.EvaluateAsync("window.before = true");
        await page.Locator($"button:has-text(\"{name}\"), a:has-text(\"{name}\")").First.ClickAsync();
        for (var left = 600; left > 0; left--)
        {
            try
            {
                if (await page.EvaluateAsync<bool>("!window.before && document.readyState === 'complete'")) return;
            }
            catch (PlaywrightException)
            {
                // between two documents
            }
            await Task.Delay(50);
        }
        Assert.Fail($"'{name}' led nowhere from {page.Url}.");
    }

    /// <summary>A page of ours: it fits a phone, has one heading and a language, and its fields have labels.</summary>
    private protected static async Task ReadableAsync(IPage page, string name)
    {
        foreach (var (width, height) in ((int, int)[])[(1280, 800), (390, 844)])
        {
            await page.SetViewportSizeAsync(width, height);
            Assert.That(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), Is.True, $"{name} is wider than {width}");
            if (Pictures is { Length: > 0 } folder)
                await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, $"{name}-{width}.png"), FullPage = true });
        }
        await page.SetViewportSizeAsync(1280, 800);
        Assert.That(await page.Locator("h1").CountAsync(), Is.EqualTo(1), name);
        Assert.That(await page.Locator("html").GetAttributeAsync("lang"), Is.EqualTo("en"), name);
        Assert.That(await page.EvaluateAsync<int>("[...document.querySelectorAll('input:not([type=hidden]), textarea')].filter(field => field.labels.length === 0).length"), Is.Zero, name);
    }
}
