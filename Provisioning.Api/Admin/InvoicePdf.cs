using PdfSharp;
using PdfSharp.Drawing;
using PdfSharp.Fonts;
using PdfSharp.Pdf;
using Provisioning.Core.Contracts;

namespace Provisioning.Api.Admin;

/// <summary>
/// An invoice as a PDF file, on A4. The font is part of the service, so that it looks the same on every machine; it has Latin, Greek, Cyrillic
/// and a few more scripts, and what it lacks is shown as a box.
/// </summary>
public static class InvoicePdf
{
    private const double Margin = 56, Width = 595 - (2 * Margin), Bottom = 842 - Margin;

    /// <summary>Right edges of seats, price, months and amount; what is billed has the rest.</summary>
    private static readonly double[] Edges = [Margin + 270, Margin + 340, Margin + 400, Margin + Width];

    private static readonly XBrush Quiet = new XSolidBrush(XColor.FromArgb(0x57, 0x60, 0x6a));
    private static readonly XPen Rule = new(XColor.FromArgb(0xd0, 0xd7, 0xde), 0.75);

    static InvoicePdf() => GlobalFontSettings.FontResolver = new OwnFont();

    public static byte[] Bytes(Invoice invoice)
    {
        using var document = new PdfDocument();
        document.Info.Title = InvoiceText.Title(invoice);
        document.Info.CreationDate = invoice.CreatedAt.UtcDateTime;
        new Sheet(document).Write(invoice);
        using var stream = new MemoryStream();
        document.Save(stream, closeStream: false);
        return stream.ToArray();
    }

    /// <summary>The page that is being written, and how far down it is.</summary>
    private sealed class Sheet(PdfDocument document)
    {
        private readonly XFont body = new(OwnFont.Name, 9.5), small = new(OwnFont.Name, 8), strong = new(OwnFont.Name, 9.5, XFontStyleEx.Bold);
        private readonly XFont heading = new(OwnFont.Name, 18, XFontStyleEx.Bold);
        private XGraphics page = null!;
        private double y;

        public void Write(Invoice invoice)
        {
            var currency = invoice.Total.Currency;
            NextPage();
            Line(InvoiceText.Title(invoice), heading, 26);
            Right(InvoiceText.State(invoice.State), strong, y - 20, Margin + Width);
            foreach (var line in Wrapped(InvoiceText.Subject(invoice), body, Width)) Line(line, body, 14);
            y += 18;
            Parties(invoice);
            Head(invoice);
            foreach (var line in invoice.Lines)
            {
                var what = Wrapped(InvoiceText.What(line), body, Edges[0] - Margin - 50).ToList();
                Room(invoice, (what.Count * 13) + 32);
                var top = y;
                foreach (var text in what) Line(text, body, 13);
                Line(InvoiceText.Period(line.Start, line.End), small, 11, Quiet);
                if (InvoiceText.Detail(line) is { } detail) foreach (var part in Wrapped(detail, small, Edges[0] - Margin + 130)) Line(part, small, 11, Quiet);
                if (line.IsOfSeats)
                {
                    Right(InvoiceText.Count(line.Quantity), body, top, Edges[0]);
                    Right(InvoiceText.Amount(line.Unit, currency), body, top, Edges[1]);
                    Right(line.Months.Exact(), body, top, Edges[2]);
                }
                Right(InvoiceText.Amount(line.Amount, currency), body, top, Edges[3]);
                Across(5);
            }
            foreach (var (text, detail, amount) in InvoiceText.Sums(invoice))
            {
                Room(invoice, 45);
                Right(InvoiceText.Amount(amount, currency), strong, y, Edges[3]);
                Line(text, strong, 13);
                if (detail is not null) foreach (var part in Wrapped(detail, small, Edges[0] - Margin + 130)) Line(part, small, 11, Quiet);
                Across(5);
            }
            y += 4;
            Right(InvoiceText.Amount(invoice.Total.Minor, currency), strong, y, Edges[3]);
            Line($"Total in {currency.Code}", strong, 28);
            foreach (var line in Wrapped(InvoiceText.Remark(invoice), small, Width)) Line(line, small, 11, Quiet);
            page.Dispose();
        }

        /// <summary>Goes on on the next page where this one has no room for so much.</summary>
        private void Room(Invoice invoice, double height)
        {
            if (y + height <= Bottom) return;
            page.Dispose();
            NextPage();
            Head(invoice);
        }

        private void Parties(Invoice invoice)
        {
            var top = y;
            Column("From", invoice.Seller, Margin);
            var lowest = y;
            y = top;
            Column("To", invoice.Buyer, Margin + 175);
            lowest = Math.Max(lowest, y);
            y = top;
            foreach (var (name, value) in InvoiceText.Facts(invoice))
            {
                page.DrawString(name, small, Quiet, new XPoint(Margin + 350, y + 9));
                Right(value, body, y, Margin + Width);
                y += 14;
            }
            y = Math.Max(lowest, y) + 22;
        }

        private void Column(string name, string text, double left)
        {
            Line(name, small, 13, Quiet, left);
            foreach (var line in text.Split('\n').SelectMany(line => Wrapped(line, body, 165))) Line(line, body, 13, XBrushes.Black, left);
        }

        private void Head(Invoice invoice)
        {
            foreach (var (name, edge) in InvoiceText.Columns(invoice).Append("Amount").Zip(Edges)) Right(name, small, y, edge);
            Line("What", small, 13, Quiet);
            Across(0);
        }

        private void Across(double below)
        {
            y += below;
            page.DrawLine(Rule, Margin, y, Margin + Width, y);
            y += 6;
        }

        private void NextPage()
        {
            var added = document.AddPage();
            added.Size = PageSize.A4;
            page = XGraphics.FromPdfPage(added);
            y = Margin;
        }

        private void Line(string text, XFont font, double height, XBrush? brush = null, double left = Margin)
        {
            page.DrawString(text, font, brush ?? XBrushes.Black, new XPoint(left, y + font.Size));
            y += height;
        }

        private void Right(string text, XFont font, double top, double edge) =>
            page.DrawString(text, font, font == small ? Quiet : XBrushes.Black, new XPoint(edge - page.MeasureString(text, font).Width, top + font.Size));

        /// <summary>Lines that fit; a word that is too long is cut.</summary>
        private IEnumerable<string> Wrapped(string text, XFont font, double width)
        {
            var line = "";
            foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                var next = line.Length == 0 ? word : line + " " + word;
                if (page.MeasureString(next, font).Width <= width)
                {
                    line = next;
                    continue;
                }
                if (line.Length > 0) yield return line;
                line = word;
                while (line.Length > 1 && page.MeasureString(line, font).Width > width)
                {
                    var fits = line.Length - 1;
                    while (fits > 1 && page.MeasureString(line[..fits], font).Width > width) fits--;
                    if (fits > 1 && char.IsHighSurrogate(line[fits - 1])) fits--;
                    yield return line[..fits];
                    line = line[fits..];
                }
            }
            if (line.Length > 0) yield return line;
        }
    }

    /// <summary>DejaVu Sans (Fonts/LICENSE.txt); bold is drawn from it too.</summary>
    private sealed class OwnFont : IFontResolver
    {
        public const string Name = "DejaVu Sans";

        public byte[] GetFont(string faceName)
        {
            using var stream = typeof(InvoicePdf).Assembly.GetManifestResourceStream("DejaVuSans.ttf")!;
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }

        public FontResolverInfo ResolveTypeface(string familyName, bool isBold, bool isItalic) => new(Name, isBold, isItalic);
    }
}
