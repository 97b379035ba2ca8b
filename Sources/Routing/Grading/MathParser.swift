/// Reads one formula from tokens: sums of products of powers, with implicit multiplication as mathematicians write it.
struct MathParser {
    private let tokens: ArraySlice<MathToken>
    private var place: Int
    private var depth = 0
    private static let deepest = 60

    /// The formula that all of some tokens make up; `nil` if they make none.
    static func formula(_ tokens: ArraySlice<MathToken>) -> MathNode? {
        var parser = MathParser(tokens: tokens, place: tokens.startIndex)
        guard let node = parser.sum(), parser.place == tokens.endIndex else { return nil }
        return node
    }

    private init(tokens: ArraySlice<MathToken>, place: Int) {
        self.tokens = tokens
        self.place = place
    }

    private var peek: MathToken? { place < tokens.endIndex ? tokens[place] : nil }

    private mutating func take(_ symbol: String) -> Bool {
        guard peek == .symbol(symbol) else { return false }
        place += 1
        return true
    }

    private mutating func sum() -> MathNode? {
        depth += 1
        defer { depth -= 1 }
        guard depth < Self.deepest else { return nil }
        var result: MathNode
        if take("-") {
            guard let first = product() else { return nil }
            result = .negated(first)
        } else if take("plusminus") {
            guard let first = product() else { return nil }
            result = .either(.number(0, isDecimal: false), first)
        } else {
            _ = take("+")
            guard let first = product() else { return nil }
            result = first
        }
        while true {
            let join: (MathNode, MathNode) -> MathNode
            if take("+") {
                join = { .sum($0, $1) }
            } else if take("-") {
                join = { .sum($0, .negated($1)) }
            } else if take("plusminus") {
                join = { .either($0, $1) }
            } else {
                return result
            }
            guard let next = product() else { return nil }
            result = join(result, next)
        }
    }

    private mutating func product() -> MathNode? {
        guard var result = signed() else { return nil }
        while let next = peek {
            if take("*") {
                guard let factor = signed() else { return nil }
                result = .product(result, factor)
            } else if take("/") || take(":") {
                guard let factor = signed() else { return nil }
                result = .quotient(result, factor)
            } else if Self.beginsFactor(next) {
                // Whole numbers before a fraction of whole numbers are a mixed number: 3½.
                let isMixed = tokens[place - 1].isWhole && isNumericFraction(at: place)
                if !isMixed, case .number = next, case .number = tokens[place - 1] {
                    // Two numbers side by side are a mixed number, 3 1/2, or no formula.
                    guard isPlainFraction(at: place), let above = atom(), take("/"), let below = atom() else {
                        return nil
                    }
                    result = .sum(result, .quotient(above, below))
                    continue
                }
                guard let factor = power() else { return nil }
                result = isMixed ? .sum(result, factor) : .product(result, factor)
            } else {
                return result
            }
        }
        return result
    }

    private func isNumericFraction(at place: Int) -> Bool {
        guard tokens[place] == .symbol("frac") || tokens[place] == .symbol("(") else { return false }
        var rest = tokens[(place + 1)...].prefix(6).filter { $0 != .symbol("{") && $0 != .symbol("}") }[...]
        if tokens[place] == .symbol("(") {
            // What the single sign ½ stands for; a bracket that somebody wrote multiplies.
            return rest.prefix(4) == [.number("1"), .symbol("/"), .number("2"), .symbol(")")]
        }
        guard let first = rest.popFirst(), first.isWhole else { return false }
        if case .number(let digits) = first, digits.count == 2, rest.first?.isWhole != true { return true }
        return rest.first?.isWhole == true
    }

    /// Whether `1/2` stands there, behind a whole number.
    private func isPlainFraction(at place: Int) -> Bool {
        let next = tokens[place...].prefix(3)
        return next.count == 3 && tokens[place - 1].isWhole && tokens[place].isWhole
            && tokens[place + 1] == .symbol("/") && tokens[place + 2].isWhole
    }

    private mutating func signed() -> MathNode? {
        if take("-") { return signed().map { .negated($0) } }
        if take("+") { return signed() }
        return power()
    }

    private static func beginsFactor(_ token: MathToken) -> Bool {
        switch token {
        case .number, .variable, .function, .constant: true
        case .symbol(let name): ["(", "[", "{", "frac", "binom", "floor", "ceil"].contains(name)
        case .words, .matrix, .repeating: false
        }
    }

    private mutating func power() -> MathNode? {
        guard var base = atom() else { return nil }
        while true {
            if take("!") {
                base = .factorial(base)
            } else if take("%") {
                base = .percent(base)
            } else if take("^") {
                if take("{"), take("}") { continue }  // degrees, whose sign was left out
                if tokens[place - 1] == .symbol("{") { place -= 1 }
                guard peek != nil, let exponent = argument() else { return nil }
                base = .power(base, exponent)
            } else if take("_") {
                guard let index = index() else { return nil }
                if case .variable(let name) = base { base = .variable(name + "_" + index) }
            } else {
                return base
            }
        }
    }

    /// The text of a subscript; that of a number is its base, which says nothing about equality where one side leaves
    /// it out.
    private mutating func index() -> String? {
        guard take("{") else {
            place += 1
            return place <= tokens.endIndex ? tokens[place - 1].text : nil
        }
        var text = ""
        while let token = peek, token != .symbol("}") {
            text += token.text
            place += 1
        }
        return take("}") ? text : nil
    }

    /// What a command without brackets takes: one digit, one letter, or a group.
    private mutating func argument() -> MathNode? {
        if take("-") { return argument().map { .negated($0) } }
        return atom()
    }

    private mutating func atom() -> MathNode? {
        depth += 1
        defer { depth -= 1 }
        guard depth < Self.deepest, let token = peek else { return nil }
        place += 1
        switch token {
        case .number(let text):
            guard let value = Double(text) else { return nil }
            if text.count > 15, text.allSatisfy(\.isNumber) { return Self.wholeNumber(of: text[...]) }
            if case .repeating(let digits)? = peek, let repeating = Double(digits) {
                place += 1
                let decimals =
                    text.split(separator: ".", omittingEmptySubsequences: false).dropFirst().first?.count ?? 0
                let scale = (0..<decimals).reduce(1.0) { scale, _ in scale * 10 }
                let period = (0..<digits.count).reduce(1.0) { period, _ in period * 10 } - 1
                return .number(value + repeating / period / scale, isDecimal: false)
            }
            return .number(value, isDecimal: text.contains(".") || text.lowercased().contains("e"))
        case .variable(let name): return .variable(name)
        case .constant(let name): return .constant(name)
        case .function(let name): return function(name)
        case .symbol("("): return bracket(")")
        case .symbol("["): return bracket("]")
        case .symbol("{"): return bracket("}")
        case .symbol("|"): return bracket("|").map { .function("abs", $0, nil) }
        case .symbol("floor"): return bracket("endfloor").map { .function("floor", $0, nil) }
        case .symbol("ceil"): return bracket("endceil").map { .function("ceil", $0, nil) }
        case .symbol("frac"), .symbol("binom"):
            guard let (above, below) = pair() else { return nil }
            return token == .symbol("frac") ? .quotient(above, below) : .binomial(above, below)
        case .symbol, .words, .matrix, .repeating: return nil
        }
    }

    /// A whole number of more digits than floating point holds, as a sum of such as it does.
    private static func wholeNumber(of digits: Substring) -> MathNode? {
        guard let low = Double(digits.suffix(15)) else { return nil }
        let rest = digits.dropLast(15)
        if rest.isEmpty { return .number(low, isDecimal: false) }
        return wholeNumber(of: rest).map {
            .sum(.product($0, .number(1e15, isDecimal: false)), .number(low, isDecimal: false))
        }
    }

    private mutating func bracket(_ end: String) -> MathNode? {
        guard let inner = sum(), take(end) else { return nil }
        return inner
    }

    /// The two arguments of `\frac`; `\frac12` and `\frac{1}2` mean one digit each.
    private mutating func pair() -> (MathNode, MathNode)? {
        if case .number(let digits)? = peek, digits.count == 2, digits.allSatisfy(\.isNumber) {
            let next = tokens.index(after: place)
            let isWhole = next == tokens.endIndex || !Self.beginsGroup(tokens[next])
            if isWhole, let above = Double(String(digits.prefix(1))), let below = Double(String(digits.suffix(1))) {
                place += 1
                return (.number(above, isDecimal: false), .number(below, isDecimal: false))
            }
        }
        guard let above = argument(), let below = argument() else { return nil }
        return (above, below)
    }

    private static func beginsGroup(_ token: MathToken) -> Bool { token == .symbol("{") }

    private mutating func function(_ name: String) -> MathNode? {
        var extra: MathNode?
        var exponent: MathNode?
        if name == "sqrt", take("[") {
            guard let degree = bracket("]") else { return nil }
            extra = degree
        }
        while true {
            if take("_") {
                guard let base = argument() else { return nil }
                extra = base
            } else if take("^") {
                guard let given = argument() else { return nil }
                exponent = given
            } else {
                break
            }
        }
        guard let inner = functionArgument(name) else { return nil }
        var result: MathNode
        if let power = exponent, power == .negated(.number(1, isDecimal: false)), ["sin", "cos", "tan"].contains(name) {
            result = .function("arc" + name, inner, nil)
            exponent = nil
        } else {
            result = .function(name, inner, extra)
        }
        if let exponent { result = .power(result, exponent) }
        return result
    }

    /// A bracket or group alone, else everything that is multiplied without a sign: `\sin 2x`.
    private mutating func functionArgument(_ name: String) -> MathNode? {
        if name == "sqrt" || peek == .symbol("(") || peek == .symbol("{") { return argument() }
        guard var result = power() else { return nil }
        while let next = peek, Self.beginsFactor(next), next != .symbol("(") {
            if case .function = next { break }
            guard let factor = power() else { return nil }
            result = .product(result, factor)
        }
        return result
    }
}

extension MathToken {
    /// Whether it is a whole number.
    fileprivate var isWhole: Bool {
        if case .number(let text) = self { return text.allSatisfy { $0.isASCII && $0.isNumber } }
        return false
    }

    /// As part of an index.
    fileprivate var text: String {
        switch self {
        case .number(let text), .variable(let text), .function(let text), .constant(let text), .words(let text),
            .symbol(let text), .repeating(let text):
            text
        case .matrix: ""
        }
    }
}
