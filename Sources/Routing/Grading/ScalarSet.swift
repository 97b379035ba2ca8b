/// Characters that a place of a regular expression accepts.
struct ScalarSet: Sendable, Hashable {
    var ranges: [ClosedRange<Unicode.Scalar>] = []
    /// Classes by their letter, negative ones in upper case: `d`, `W`.
    var classes: [Character] = []
    var isNegated = false

    static func one(_ scalar: Unicode.Scalar) -> ScalarSet { ScalarSet(ranges: [scalar...scalar]) }

    /// Everything but the end of a line.
    static let dot = ScalarSet(ranges: ["\n"..."\n"], isNegated: true)

    func contains(_ scalar: Unicode.Scalar, ignoresCase: Bool) -> Bool {
        if !ignoresCase { return holds(scalar) != isNegated }
        let spellings =
            [scalar] + Self.single(scalar.properties.lowercaseMapping) + Self.single(scalar.properties.uppercaseMapping)
        return spellings.contains(where: holds) != isNegated
    }

    private static func single(_ text: String) -> [Unicode.Scalar] {
        text.unicodeScalars.count == 1 ? Array(text.unicodeScalars) : []
    }

    private func holds(_ scalar: Unicode.Scalar) -> Bool {
        ranges.contains { $0.contains(scalar) } || classes.contains { Self.isIn($0, scalar) }
    }

    private static func isIn(_ name: Character, _ scalar: Unicode.Scalar) -> Bool {
        switch name {
        case "d": ("0"..."9").contains(scalar)
        case "D": !("0"..."9").contains(scalar)
        case "w": isWord(scalar)
        case "W": !isWord(scalar)
        case "s": scalar.properties.isWhitespace
        default: !scalar.properties.isWhitespace
        }
    }

    /// Letters, digits and the low line.
    static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || scalar.properties.isAlphabetic || scalar.properties.numericType == .decimal
    }
}
