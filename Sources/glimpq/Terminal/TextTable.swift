/// Columns of text under headings.
struct TextTable {
    /// How a column is set.
    enum Alignment { case left, right }

    private var rows: [[String]]
    private let alignments: [Alignment]

    /// Creates a table with headings and no rows.
    init(_ columns: [(heading: String, alignment: Alignment)]) {
        rows = [columns.map(\.heading)]
        alignments = columns.map(\.alignment)
    }

    /// Whether there is nothing under the headings.
    var isEmpty: Bool { rows.count == 1 }

    /// Adds a row with one cell per column.
    mutating func append(_ cells: [String]) {
        precondition(cells.count == alignments.count, "a row needs \(alignments.count) cells, got \(cells.count)")
        rows.append(cells)
    }

    /// The table, one line per row, two blanks between columns; headings dimmed.
    func rendered(_ palette: Palette) -> String {
        let widths = alignments.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.enumerated().map { index, row in
            let line = row.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return alignments[column] == .right ? padding + row[column] : row[column] + padding
            }.joined(separator: "  ")
            let trimmed = String(line.reversed().drop { $0 == " " }.reversed())
            return index == 0 ? palette.dim(trimmed) : trimmed
        }.joined(separator: "\n")
    }
}
