/// A table of a report, in both of its forms.
struct ReportTable {
    /// What it shows.
    let caption: String
    /// What one must know to read it; empty for nothing.
    var note = ""
    /// Headings; the columns named in `texts` are set left, the others right.
    let columns: [String]
    /// Columns that hold text.
    var texts: Set<Int> = [0]
    /// The cells, row by row.
    var rows: [[String]] = []

    /// As HTML: a caption, headings with scope, the first column as row headings.
    var html: String {
        if rows.isEmpty { return "" }
        let heads = columns.enumerated().map {
            #"<th scope="col"\#(align($0.offset))>\#(HTMLText.escaped($0.element))</th>"#
        }
        let body = rows.map { row in
            "<tr>"
                + row.enumerated().map { index, cell in
                    index == 0
                        ? #"<th scope="row">\#(HTMLText.escaped(cell))</th>"#
                        : "<td\(align(index))>\(HTMLText.escaped(cell))</td>"
                }.joined() + "</tr>"
        }
        let remark = note.isEmpty ? "" : #"<p class="sub">\#(HTMLText.escaped(note))</p>"#
        return """
            <div class="scroll" tabindex="0" role="region" aria-label="\(HTMLText.escaped(caption))"><table>
            <caption>\(HTMLText.escaped(caption))</caption>
            <thead><tr>\(heads.joined())</tr></thead>
            <tbody>
            \(body.joined(separator: "\n"))
            </tbody></table></div>
            \(remark)
            """
    }

    private func align(_ column: Int) -> String { texts.contains(column) ? "" : #" class="number""# }

    /// As Markdown.
    var markdown: String {
        if rows.isEmpty { return "" }
        func line(_ cells: [String]) -> String {
            "| " + cells.map { $0.replacing("|", with: #"\|"#).replacing("\n", with: " ") }.joined(separator: " | ")
                + " |"
        }
        let rule = "|" + columns.indices.map { texts.contains($0) ? " --- |" : " ---: |" }.joined()
        let text = ([line(columns), rule] + rows.map(line)).joined(separator: "\n")
        return "**\(caption)**\n\n\(text)\n" + (note.isEmpty ? "" : "\n\(note)\n")
    }
}

/// Figures as reports print them.
enum ReportText {
    /// A share in percent with its interval: `46.2 % [43.1, 49.3]`.
    static func share(_ value: WilsonInterval) -> String {
        guard value.share.isFinite else { return "–" }
        return
            "\(Figures.percent(value.share, 1)) [\(Figures.fixed(value.low * 100, 1)), \(Figures.fixed(value.high * 100, 1))]"
    }

    /// A difference of shares in points with its interval: `-0.7 [-1.2, -0.2]`.
    static func points(_ value: PairedDifference) -> String {
        guard value.mean.isFinite else { return "–" }
        return "\(signed(value.mean)) [\(signed(value.low)), \(signed(value.high))]"
    }

    private static func signed(_ share: Double) -> String {
        let text = Figures.fixed(share * 100, 1)
        return share > 0 && text != "0.0" ? "+" + text : text
    }

    /// A share in percent.
    static func percent(_ share: Double) -> String { share.isFinite ? Figures.percent(share, 1) : "–" }

    /// A number.
    static func number(_ value: Double, _ decimals: Int) -> String {
        value.isFinite ? Figures.fixed(value, decimals) : "–"
    }

    /// Seconds as milliseconds.
    static func milliseconds(_ seconds: Double) -> String {
        guard seconds.isFinite else { return "–" }
        return Figures.fixed(seconds * 1000, seconds < 0.01 ? 2 : seconds < 1 ? 1 : 0)
    }

    /// A probability: three decimals, or how small it is.
    static func probability(_ value: Double) -> String {
        guard value.isFinite else { return "–" }
        return value < 0.001 ? "< 0.001" : Figures.fixed(value, 3)
    }
}
