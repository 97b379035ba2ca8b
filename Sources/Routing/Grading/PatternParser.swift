/// A regular expression as a tree.
indirect enum PatternNode: Sendable {
    case empty
    case scalar(ScalarSet)
    case assertion(LinearPattern.Assertion)
    case sequence([PatternNode])
    case alternatives(PatternNode, PatternNode)
    /// From a number of times to another, or to any.
    case repeated(PatternNode, Int, Int?)
}

/// Reads the text of a regular expression.
struct PatternParser {
    private let scalars: [Unicode.Scalar]
    private var place = 0
    private var depth = 0
    private static let longest = 10_000
    private static let deepest = 100
    private static let mostRepetitions = 1000

    static func parse(_ pattern: String) throws(LinearPattern.Fault) -> PatternNode {
        var parser = PatternParser(scalars: Array(pattern.unicodeScalars))
        guard parser.scalars.count <= longest else {
            throw LinearPattern.Fault(place: longest, reason: "longer than \(longest) characters")
        }
        let node = try parser.alternatives()
        if parser.place < parser.scalars.count { throw parser.fault("')' without '('") }
        return node
    }

    private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

    private var peek: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard peek == scalar else { return false }
        place += 1
        return true
    }

    private func fault(_ reason: String) -> LinearPattern.Fault { LinearPattern.Fault(place: place, reason: reason) }

    private mutating func alternatives() throws(LinearPattern.Fault) -> PatternNode {
        depth += 1
        defer { depth -= 1 }
        if depth > Self.deepest { throw fault("nested deeper than \(Self.deepest)") }
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        var node = branches.removeLast()
        while let branch = branches.popLast() { node = .alternatives(branch, node) }
        return node
    }

    private mutating func sequence() throws(LinearPattern.Fault) -> PatternNode {
        var nodes: [PatternNode] = []
        while let next = peek, next != "|", next != ")" {
            let atom = try atom()
            nodes.append(try quantified(atom))
        }
        return nodes.isEmpty ? .empty : .sequence(nodes)
    }

    private mutating func quantified(_ atom: PatternNode) throws(LinearPattern.Fault) -> PatternNode {
        var node = atom
        while let next = peek {
            switch next {
            case "*": node = .repeated(node, 0, nil)
            case "+": node = .repeated(node, 1, nil)
            case "?": node = .repeated(node, 0, 1)
            case "{":
                guard let (least, most, end) = bounds() else { return node }
                if max(least, most ?? 0) > Self.mostRepetitions || most.map({ $0 < least }) == true {
                    throw fault("expected counts up to \(Self.mostRepetitions), the lesser first")
                }
                node = .repeated(node, least, most)
                place = end
                _ = take("?")
                continue
            default: return node
            }
            place += 1
            _ = take("?")  // lazy: finds the same texts
            if peek == "+" { throw fault("possessive quantifiers are not known") }
        }
        return node
    }

    /// `{2}`, `{2,}`, `{2,5}`; `nil` where the brace is meant as such.
    private func bounds() -> (Int, Int?, end: Int)? {
        guard let end = scalars[place...].firstIndex(of: "}") else { return nil }
        let inner = String(String.UnicodeScalarView(scalars[(place + 1)..<end]))
        let parts = inner.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count <= 2, let least = Int(parts[0]), least >= 0 else { return nil }
        if parts.count == 1 { return (least, least, end + 1) }
        if parts[1].isEmpty { return (least, nil, end + 1) }
        guard let most = Int(parts[1]) else { return nil }
        return (least, most, end + 1)
    }

    private mutating func atom() throws(LinearPattern.Fault) -> PatternNode {
        guard let scalar = peek else { return .empty }
        place += 1
        switch scalar {
        case ".": return .scalar(.dot)
        case "^": return .assertion(.start)
        case "$": return .assertion(.end)
        case "[": return .scalar(try bracket())
        case "*", "+", "?":
            place -= 1
            throw fault("expected something to repeat before '\(scalar)'")
        case "(":
            if take("?"), !take(":") {
                throw fault("of groups that begin with '?' only (?:…) is known: no look-around, names or flags")
            }
            let inner = try alternatives()
            guard take(")") else { throw fault("expected ')'") }
            return inner
        case "\\": return try escape()
        default: return .scalar(.one(scalar))
        }
    }

    private mutating func escape() throws(LinearPattern.Fault) -> PatternNode {
        guard let scalar = peek else { throw fault("expected a character behind '\\'") }
        switch scalar {
        case "b", "B":
            place += 1
            return .assertion(scalar == "b" ? .wordBoundary : .noWordBoundary)
        case "A", "z", "Z":
            place += 1
            return .assertion(scalar == "A" ? .start : .end)
        case "1"..."9": throw fault("references to groups are not known")
        default: return .scalar(try escapedSet())
        }
    }

    /// What stands behind a backslash, in or outside of a class.
    private mutating func escapedSet() throws(LinearPattern.Fault) -> ScalarSet {
        guard let scalar = peek else { throw fault("expected a character behind '\\'") }
        place += 1
        switch scalar {
        case "d", "D", "w", "W", "s", "S": return ScalarSet(classes: [Character(scalar)])
        case "n": return .one("\n")
        case "t": return .one("\t")
        case "r": return .one("\r")
        case "a"..."z", "A"..."Z", "0"..."9":
            place -= 1
            throw fault("unknown escape '\\\(scalar)'")
        default: return .one(scalar)
        }
    }

    private mutating func bracket() throws(LinearPattern.Fault) -> ScalarSet {
        var set = ScalarSet(isNegated: take("^"))
        var isFirst = true
        while let scalar = peek, scalar != "]" || isFirst {
            isFirst = false
            place += 1
            let low: ScalarSet = scalar == "\\" ? try escapedSet() : .one(scalar)
            guard let start = low.ranges.first?.lowerBound, peek == "-", place + 1 < scalars.count,
                scalars[place + 1] != "]"
            else {
                set.ranges += low.ranges
                set.classes += low.classes
                continue
            }
            place += 1
            guard let last = peek else { break }
            place += 1
            let high: ScalarSet = last == "\\" ? try escapedSet() : .one(last)
            guard let end = high.ranges.first?.lowerBound, start <= end else {
                throw fault("expected a range from a lower to a higher character")
            }
            set.ranges.append(start...end)
        }
        guard take("]") else { throw fault("expected ']'") }
        return set
    }
}
