/// Fits a status into a terminal.
enum StatusScreen {
    /// The lines to show, as many as fit.
    ///
    /// - Parameters:
    ///   - sections: The parts; of those with most rows some are left out, and counted.
    ///   - note: A line above all.
    ///   - columns: Width of the terminal.
    ///   - rows: Its height.
    static func lines(_ sections: [StatusReport.Section], note: String, columns: Int, rows: Int) -> [String] {
        var shown = sections.map(\.rows.count)
        func height() -> Int {
            1
                + sections.indices.reduce(0) { sum, index in
                    let isCut = shown[index] < sections[index].rows.count
                    return sum + 1 + sections[index].head.count + shown[index] + (isCut ? 1 : 0)
                }
        }
        while height() > rows, let longest = shown.indices.max(by: { shown[$0] < shown[$1] }), shown[longest] > 0 {
            // A line less, and where it is the first of its part, the line that counts the others.
            let isFirst = shown[longest] == sections[longest].rows.count
            shown[longest] = max(0, shown[longest] - (isFirst ? 2 : 1))
        }
        var lines = [note]
        for (section, count) in zip(sections, shown) {
            lines.append("")
            lines += section.head + section.rows.prefix(count)
            let rest = section.rows.count - count
            if rest > 0 { lines.append("… and \(Figures.grouped(rest)) more \(section.noun)") }
        }
        return lines.prefix(max(rows, 1)).map { cut($0, to: columns) }
    }

    /// A line without what reaches beyond the width; colours do not count, and end with it.
    static func cut(_ line: String, to columns: Int) -> String {
        var result = ""
        var width = 0
        var isEscape = false
        var isColoured = false
        for character in line {
            if isEscape {
                result.append(character)
                if character == "m" { isEscape = false }
            } else if character == "\u{1B}" {
                (isEscape, isColoured) = (true, true)
                result.append(character)
            } else if width < columns {
                width += 1
                result.append(character)
            }
        }
        return isColoured && width == columns ? result + "\u{1B}[0m" : result
    }

    /// Switches to a screen of its own, without cursor.
    static let enter = "\u{1B}[?1049h\u{1B}[?25l"
    /// Brings the screen and the cursor back.
    static let leave = "\u{1B}[?25h\u{1B}[?1049l"

    /// Rewrites the screen without flicker: from the top, each line's rest and what is below cleared.
    static func redrawn(_ lines: [String]) -> String {
        "\u{1B}[H" + lines.map { $0 + "\u{1B}[K" }.joined(separator: "\r\n") + "\u{1B}[J"
    }
}
