/// Colours of a terminal; without effect where they are not wanted.
struct Palette {
    /// Whether to colour.
    let isOn: Bool

    /// Faint text: labels, hints.
    func dim(_ text: String) -> String { code("2", text) }
    /// Headings.
    func bold(_ text: String) -> String { code("1", text) }
    /// The small model's colour.
    func small(_ text: String) -> String { code("36", text) }
    /// The large model's colour.
    func large(_ text: String) -> String { code("33", text) }
    /// Something is as it should be.
    func good(_ text: String) -> String { code("32", text) }
    /// Something is wrong.
    func bad(_ text: String) -> String { code("31", text) }

    /// Each line on its own, so that a pager that cuts lines keeps the colour.
    private func code(_ number: String, _ text: String) -> String {
        guard isOn else { return text }
        return text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.isEmpty ? "" : "\u{1B}[\(number)m\($0)\u{1B}[0m" }
            .joined(separator: "\n")
    }
}

extension String {
    /// Without control characters, which could move the cursor or change colours of whoever prints a model's output;
    /// line feeds and tabs stay, others become U+FFFD.
    var printable: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.map { scalar in
                    let isControl = scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
                    return isControl && scalar != "\n" && scalar != "\t" ? "\u{FFFD}" : scalar
                }))
    }
}
