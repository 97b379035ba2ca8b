/// What a mathematical answer is: a value, or values put together.
indirect enum MathAnswer: Sendable, Hashable {
    case formula(MathNode)
    /// An element of a tuple, or an interval: the order counts, and the brackets.
    case ordered([MathAnswer], open: String, close: String)
    /// A list or set: the order does not count.
    case unordered([MathAnswer])
    /// `x = …`.
    case equation(MathNode, MathNode)
    /// Another relation, lesser side first where it has one.
    case relation(String, MathNode, MathNode)
    /// A union of intervals.
    case union([MathAnswer])
    case matrix([[MathNode]])
    /// No formula: letters and digits, lower case.
    case words(String)

    /// Longest text that is read as a formula.
    static let longest = 2000

    /// Reads an answer; what is no formula becomes ``words(_:)``.
    init(_ text: String) {
        let plain = MathAnswer.words(Self.letters(text))
        guard text.utf8.count <= Self.longest, var tokens = MathLexer.tokens(of: text) else {
            self = plain
            return
        }
        // Words beside a formula are units or explanations.
        let words = tokens.filter { if case .words = $0 { true } else { false } }
        if words.count < tokens.count, tokens.contains(where: \.isValue) {
            tokens = Self.withoutWords(tokens)
        }
        while let last = tokens.last, [.symbol(","), .symbol(";"), .symbol(":")].contains(last) { tokens.removeLast() }
        let isProse = !tokens.contains(where: \.isNumberOrSign) && tokens.count > 2
        self = isProse ? plain : Self.answer(tokens[...]) ?? plain
    }

    /// Letters and digits without anything around them, in lower case.
    private static func letters(_ text: String) -> String {
        var text = text
        for command in MathWords.texts.sorted(by: { $0.count > $1.count }) {
            text = text.replacing("\\" + command, with: "")
        }
        return String(text.lowercased().filter { $0.isLetter || $0.isNumber || "+-*/^=<>.".contains($0) })
            .trimmingFullStops()
    }

    static func answer(_ tokens: ArraySlice<MathToken>) -> MathAnswer? {
        if tokens.isEmpty { return nil }
        let parts = split(tokens, at: [",", ";"])
        if parts.count > 1 { return elements(parts).map { .unordered($0) } }
        if let member = tokens.firstIndex(of: .symbol("in")) { return answer(tokens[(member + 1)...]) }
        if let found = relation(tokens) { return found }
        let united = split(tokens, at: ["union"])
        if united.count > 1 { return elements(united).map { .union($0) } }
        if let found = bracketed(tokens) ?? matrix(tokens) { return found }
        guard let formula = MathParser.formula(tokens) else { return nil }
        guard formula.hasEither else { return .formula(formula) }
        return .unordered([.formula(formula.choosing(plus: true)), .formula(formula.choosing(plus: false))])
    }

    /// Leaves out words, and the exponents of units: cm².
    private static func withoutWords(_ tokens: [MathToken]) -> [MathToken] {
        var result: [MathToken] = []
        var place = 0
        while place < tokens.count {
            guard case .words = tokens[place] else {
                result.append(tokens[place])
                place += 1
                continue
            }
            place += 1
            guard place + 1 < tokens.count, tokens[place] == .symbol("^") else { continue }
            let end = tokens[place + 1] == .symbol("{") ? matching(tokens[...], place + 1) : place + 1
            place = (end ?? place) + 1
        }
        return result
    }

    private static func elements(_ parts: [ArraySlice<MathToken>]) -> [MathAnswer]? {
        var result: [MathAnswer] = []
        for part in parts where !part.isEmpty {
            guard let element = answer(part) else { return nil }
            result.append(element)
        }
        return result
    }

    /// A tuple, an interval or a set, if one pair of brackets holds everything.
    private static func bracketed(_ tokens: ArraySlice<MathToken>) -> MathAnswer? {
        guard case .symbol(let open)? = tokens.first, case .symbol(let close)? = tokens.last, tokens.count >= 2,
            Self.closing[open]?.contains(close) == true,
            matching(tokens, tokens.startIndex) == tokens.endIndex - 1
        else { return nil }
        let inner = tokens.dropFirst().dropLast()
        if open == "{" { return answer(inner) }
        let parts = inner.isEmpty ? [] : split(inner, at: [",", ";"])
        if open == "set" && inner.isEmpty { return .formula(.constant("empty")) }
        if open == "set" { return elements(parts).map { .unordered($0) } }
        guard parts.count > 1 else { return open == "(" && close == ")" ? answer(inner) : nil }
        return elements(parts).map { .ordered($0, open: open, close: close) }
    }

    private static func matrix(_ tokens: ArraySlice<MathToken>) -> MathAnswer? {
        guard tokens.first == .matrix(true), tokens.last == .matrix(false) else { return nil }
        let inner = tokens.dropFirst().dropLast()
        var rows: [[MathNode]] = []
        for row in split(inner, at: ["row"]) where !row.isEmpty {
            var cells: [MathNode] = []
            for cell in split(row, at: ["&"]) {
                guard let node = MathParser.formula(cell) else { return nil }
                cells.append(node)
            }
            rows.append(cells)
        }
        return .matrix(rows)
    }

    private static let closing = ["(": [")", "]"], "[": ["]", ")"], "set": ["endset"], "{": ["}"]]

    /// Parts between separators that stand in no bracket.
    static func split(_ tokens: ArraySlice<MathToken>, at separators: [String]) -> [ArraySlice<MathToken>] {
        var parts: [ArraySlice<MathToken>] = []
        var start = tokens.startIndex
        var depth = 0
        for place in tokens.indices {
            depth += tokens[place].nesting
            if depth == 0, case .symbol(let name) = tokens[place], separators.contains(name) {
                parts.append(tokens[start..<place])
                start = place + 1
            }
        }
        return parts + [tokens[start...]]
    }

    /// The place of the bracket that closes the one at a place.
    private static func matching(_ tokens: ArraySlice<MathToken>, _ start: Int) -> Int? {
        var depth = 0
        for place in tokens[start...].indices {
            depth += tokens[place].nesting
            if depth == 0 { return place }
        }
        return nil
    }
}

extension MathToken {
    /// +1 for what opens a bracket, −1 for what closes one.
    fileprivate var nesting: Int {
        switch self {
        case .symbol("("), .symbol("["), .symbol("{"), .symbol("set"), .symbol("floor"), .symbol("ceil"),
            .matrix(true):
            1
        case .symbol(")"), .symbol("]"), .symbol("}"), .symbol("endset"), .symbol("endfloor"), .symbol("endceil"),
            .matrix(false):
            -1
        default: 0
        }
    }

    /// Whether it stands for a value.
    fileprivate var isValue: Bool {
        switch self {
        case .number, .variable, .constant: true
        default: false
        }
    }

    /// Whether letters beside it make a formula and no word.
    fileprivate var isNumberOrSign: Bool {
        switch self {
        case .number, .constant, .function, .matrix: true
        case .symbol(let name): !["{", "}", "(", ")", ","].contains(name)
        default: false
        }
    }
}

extension String {
    fileprivate func trimmingFullStops() -> String {
        var text = self[...]
        while text.last == "." { text.removeLast() }
        while text.first == "." { text.removeFirst() }
        return String(text)
    }
}
