extension MathAnswer {
    private static let relations: Set<String> = ["=", "<", ">", "le", "ge", "ne"]

    /// Equations and inequalities; `nil` if there is no relation between the tokens.
    ///
    /// An inequality about one variable is the interval that it describes.
    static func relation(_ tokens: ArraySlice<MathToken>) -> MathAnswer? {
        let parts = split(tokens, at: Array(relations))
        guard parts.count > 1 else { return nil }
        let signs = parts.dropLast().compactMap { part -> String? in
            if case .symbol(let name) = tokens[part.endIndex] { name } else { nil }
        }
        if parts.count == 2, signs == ["="] { return equation(parts[0], parts[1]) }
        if signs.allSatisfy({ $0 == "=" }), let first = parts.first, let last = parts.last {
            return equation(first, last)  // a chain of steps: what it begins and ends with
        }
        var sides: [MathNode] = []
        for part in parts {
            guard let side = MathParser.formula(part) else { return nil }
            sides.append(side)
        }
        if sides.count == 2 { return inequality(sides[0], signs[0], sides[1]) }
        guard sides.count == 3, case .variable = sides[1] else { return nil }
        let (rising, falling) = (["<", "le"], [">", "ge"])
        if signs.allSatisfy(rising.contains) {
            return interval(sides[0], signs[0] == "le", sides[2], signs[1] == "le")
        }
        if signs.allSatisfy(falling.contains) {
            return interval(sides[2], signs[1] == "ge", sides[0], signs[0] == "ge")
        }
        return nil
    }

    private static func equation(_ left: ArraySlice<MathToken>, _ right: ArraySlice<MathToken>) -> MathAnswer? {
        // f(x) names a value like x does.
        let isNamed = left.count >= 4 && left.dropFirst().first == .symbol("(") && left.last == .symbol(")")
        if isNamed, case .variable(let name)? = left.first, let value = MathParser.formula(right) {
            return .equation(.variable(name + "()"), value)
        }
        if let name = MathParser.formula(left), let value = MathParser.formula(right) {
            if !value.hasEither { return .equation(name, value) }
            return .unordered([
                .formula(value.choosing(plus: true)), .formula(value.choosing(plus: false)),
            ])
        }
        // (x, y) = (1, 2), S = {1, 2}, or x = 3, 4: what is on the right.
        return answer(right)
    }

    private static func inequality(_ left: MathNode, _ sign: String, _ right: MathNode) -> MathAnswer {
        switch (left, sign, right) {
        case (_, "ne", _): return .relation("ne", left, right)
        case (.variable, "<", _), (.variable, "le", _):
            return interval(.negated(.constant("infinity")), false, right, sign == "le")
        case (.variable, ">", _), (.variable, "ge", _):
            return interval(right, sign == "ge", .constant("infinity"), false)
        case (_, "<", .variable), (_, "le", .variable):
            return interval(left, sign == "le", .constant("infinity"), false)
        case (_, ">", .variable), (_, "ge", .variable):
            return interval(.negated(.constant("infinity")), false, left, sign == "ge")
        case (_, ">", _), (_, "ge", _): return .relation(sign == ">" ? "<" : "le", right, left)
        default: return .relation(sign, left, right)
        }
    }

    private static func interval(
        _ low: MathNode, _ hasLow: Bool, _ high: MathNode, _ hasHigh: Bool
    ) -> MathAnswer {
        .ordered([.formula(low), .formula(high)], open: hasLow ? "[" : "(", close: hasHigh ? "]" : ")")
    }
}
