using System.Text;
using System.Text.Json.Nodes;
using Provisioning.Api.Configuration;
using Provisioning.Api.Hosting;
using Provisioning.Core.Common;
using Provisioning.Core.Journal;
using Provisioning.Core.Spend;

namespace Provisioning.Api.Admin;

/// <summary>The operator's price table, and what an organisation pays of it (rules PRICE-1 to PRICE-3).</summary>
public static class PriceEndpoints
{
    public static void MapPrices(this IEndpointRouteBuilder routes)
    {
        var prices = routes.MapGroup("/v1").WithTags("Prices");
        prices.MapRest("GET", "/prices", Access.Operator, ListAsync).WithSummary("The price table with its history, newest entry first")
            .WithDescription("Query: model, limit (1-500), cursor.").Produces<ModelPricesForm>();
        prices.MapRest("POST", "/prices", Access.Operator, EnterAsync).WithSummary("Enter prices; of two that begin together the one entered later is valid")
            .WithDescription("""Body: {"prices":[{"model":"m1","currency":"USD","input":"3.00","output":"15.00","cacheWrite":"3.75"?,"cacheRead":"0.30"?,"defaultEstimate":"0.05","validFrom":"2026-03-01T00:00:00Z"?}]}: rates per million tokens, up to 1,000 prices. The model "*" is what recorded usage of an unknown model costs. Or a CSV file, such as the exported one, with the columns """ + string.Join(", ", PriceFields.Columns) + ".")
            .Accepts<EnteredPricesBody>("application/json", CsvText.MediaType).Produces<PricesEnteredForm>();
        prices.MapRest("GET", "/prices.csv", Access.Operator, ExportAsync).WithSummary("Everything that is or will be valid, as CSV")
            .Produces<string>(200, CsvText.MediaType);
        var organization = prices.MapGroup("/organizations/{org}");
        organization.MapRest("GET", "/prices", Access.Owner, PaidAsync).WithSummary("What the organisation pays for a model now")
            .WithDescription("Query: model.").Produces<PaidPriceForm>();
        organization.MapRest("GET", "/price-multiplier", Access.Owner, MultiplierAsync).WithSummary("What the organisation pays of the listed prices").Produces<MultiplierForm>();
        organization.MapRest("PUT", "/price-multiplier", Access.Operator, SetMultiplierAsync).WithSummary("Set what the organisation pays of the listed prices")
            .WithDescription("""Body: {"multiplier":"0.9"}; up to 6 decimals, up to 1000. For usage recorded from now on.""")
            .Accepts<MultiplierBody>("application/json").Produces<MultiplierForm>();
    }

    private static async Task<Outcome<RestReply>> ListAsync(RestRequest request)
    {
        if (!request.Limit().Try(out var limit, out var error)) return error;
        if (!Cursor.Read(request.Query("cursor"), 16).Try(out var after, out error)) return error;
        var page = await request.Service<PriceBook>().ListAsync(request.Query("model"), after, limit, request.Cancel);
        return RestReply.Ok(new ModelPricesForm([.. page.Items.Select(ModelPriceForm.ToApi)], page.Next));
    }

    private static async Task<Outcome<RestReply>> EnterAsync(RestRequest request)
    {
        if (request.Context.Request.ContentType?.StartsWith(CsvText.MediaType, StringComparison.OrdinalIgnoreCase) == true) return await ImportAsync(request);
        if (!(await request.BodyAsync()).Try(out var body, out var error)) return error;
        var prices = new List<NewPrice>();
        foreach (var fields in body.Fields.Objects("prices", PriceBook.MostAtOnce))
        {
            prices.Add(PriceFields.Read(fields));
            body.Fields.Check(fields);
        }
        if (body.Fields.Problem is { } problem) return problem;
        return await EnterAsync(request, prices, body.Idempotency);
    }

    private static async Task<Outcome<RestReply>> ExportAsync(RestRequest request)
    {
        var prices = await request.Service<PriceBook>().ValidAsync(request.Cancel);
        var text = new StringBuilder(CsvText.Line(PriceFields.Columns));
        foreach (var price in prices) text.Append(CsvText.Line(ModelPriceForm.Cells(price)));
        return RestReply.Ok(new RestContent(CsvText.ContentType, Encoding.UTF8.GetBytes(text.ToString())) { FileName = "prices.csv" });
    }

    private static async Task<Outcome<RestReply>> ImportAsync(RestRequest request)
    {
        if (!(await request.BytesAsync(CsvText.MediaType)).Try(out var body, out var error)) return error;
        if (!Text(body.Bytes).Try(out var text, out error)) return error;
        if (!Rows(text).Try(out var prices, out error)) return error;
        return await EnterAsync(request, prices, body.Idempotency);
    }

    private static async Task<Outcome<RestReply>> PaidAsync(RestRequest request)
    {
        if (request.Query("model") is not { } model || model.Length > TextKey.MaxLength)
            return new InvalidValue($"Say which: ?model= and a name of at most {TextKey.MaxLength} characters.");
        return TextKey.IsStorable(model) && await request.Service<PriceBook>().FindAsync(request.Organization.Id, model, request.Cancel) is { } price
            ? RestReply.Ok(PaidPriceForm.ToApi(price)) : new NotFound("There is no price of this model now in the currency of the contract.");
    }

    private static async Task<Outcome<RestReply>> MultiplierAsync(RestRequest request) =>
        RestReply.Ok(new MultiplierForm(PriceBook.Text(await request.Service<PriceBook>().MultiplierAsync(request.Organization.Id, request.Cancel))));

    private static async Task<Outcome<RestReply>> SetMultiplierAsync(RestRequest request)
    {
        if (!(await request.BodyAsync()).Try(out var body, out var error)) return error;
        if (!PriceBook.TryReadMillionths(body.Fields.Text("multiplier", 32), Price.MostMultiplier, out var multiplier))
            body.Fields.Refuse("'multiplier' must be a number written as a text, for example \"0.9\": at most 6 decimals, at most 1000.");
        if (body.Fields.Problem is { } problem) return problem;
        var set = await request.Service<PriceBook>().SetMultiplierAsync(request.Organization, request.Actor, multiplier, request.Cancel);
        return set.Select(value => RestReply.Ok(new MultiplierForm(PriceBook.Text(value))));
    }

    private static async Task<Outcome<RestReply>> EnterAsync(RestRequest request, IReadOnlyList<NewPrice> prices, Idempotency? idempotency)
    {
        var entered = await request.Service<PriceBook>().EnterAsync(request.Actor, prices, idempotency, request.Cancel);
        return entered.Select(done => RestReply.Ok(new PricesEnteredForm(done.Entered, done.Unchanged)));
    }

    private static Outcome<string> Text(ReadOnlyMemory<byte> bytes)
    {
        if (!System.Text.Unicode.Utf8.IsValid(bytes.Span)) return new InvalidSyntax("The file is not UTF-8 text.");
        var text = Encoding.UTF8.GetString(bytes.Span);
        return TextKey.IsStorable(text) ? text : new InvalidValue("The file holds U+0000 or U+FFFE.");
    }

    /// <summary>Each row is read as the fields of JSON are, so that both say the same of what is wrong; the line is named.</summary>
    private static Outcome<IReadOnlyList<NewPrice>> Rows(string text)
    {
        if (CsvText.Read(text) is not { Count: > 0 } lines) return new InvalidSyntax("The file is not CSV as RFC 4180 has it, or is empty; its first line names the columns.");
        var names = lines[0].Select(name => name.Trim()).ToList();
        if (names.Except(PriceFields.Columns).Any() || names.Distinct().Count() != names.Count)
            return new InvalidValue($"The columns are {string.Join(", ", PriceFields.Columns)}, each at most once.");
        if (lines.Count - 1 is 0 or > PriceBook.MostAtOnce) return new InvalidValue($"The file must have 1 to {PriceBook.MostAtOnce} prices.");
        var prices = new List<NewPrice>();
        foreach (var (row, at) in lines.Skip(1).Select((row, at) => (row, at)))
        {
            if (row.Count != names.Count) return new InvalidSyntax($"Line {at + 2} does not have {names.Count} cells, as the first line has.");
            var fields = new JsonFields(new JsonObject(names.Zip(row).Where(cell => cell.Second.Length > 0)
                .Select(cell => KeyValuePair.Create(Camel(cell.First), (JsonNode?)JsonValue.Create(cell.Second)))));
            prices.Add(PriceFields.Read(fields));
            if (fields.Problem is { } problem) return new InvalidValue($"Line {at + 2}: {problem.Detail}");
        }
        return Outcome.Of<IReadOnlyList<NewPrice>>(prices);
    }

    private static string Camel(string name) => string.Concat(name.Split('_').Select((part, at) => at == 0 ? part : char.ToUpperInvariant(part[0]) + part[1..]));
}
