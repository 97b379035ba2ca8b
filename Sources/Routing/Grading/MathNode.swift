/// A formula.
indirect enum MathNode: Sendable, Hashable {
    /// A number; whether it was written with a decimal point.
    case number(Double, isDecimal: Bool)
    case variable(String)
    case constant(String)
    case negated(MathNode)
    case sum(MathNode, MathNode)
    case product(MathNode, MathNode)
    case quotient(MathNode, MathNode)
    case power(MathNode, MathNode)
    /// A function of one argument, with a base or degree where it has one.
    case function(String, MathNode, MathNode?)
    case binomial(MathNode, MathNode)
    case factorial(MathNode)
    /// A hundredth; answers write 50 % where 50 is asked for as well.
    case percent(MathNode)
    /// Plus or minus.
    case either(MathNode, MathNode)

    /// Whether something in it was written with a decimal point.
    var hasDecimal: Bool {
        if case .number(_, let isDecimal) = self { return isDecimal }
        return children.contains(where: \.hasDecimal)
    }

    /// Names of the variables in it.
    var variables: Set<String> {
        if case .variable(let name) = self { return [name] }
        return children.reduce(into: []) { $0.formUnion($1.variables) }
    }

    /// Whether a sign is left open.
    var hasEither: Bool {
        if case .either = self { return true }
        return children.contains(where: \.hasEither)
    }

    /// The formula with a sign chosen wherever one is left open.
    func choosing(plus: Bool) -> MathNode {
        switch self {
        case .either(let a, let b):
            let (a, b) = (a.choosing(plus: plus), b.choosing(plus: plus))
            return .sum(a, plus ? b : .negated(b))
        case .number, .variable, .constant: return self
        case .negated(let a): return .negated(a.choosing(plus: plus))
        case .sum(let a, let b): return .sum(a.choosing(plus: plus), b.choosing(plus: plus))
        case .product(let a, let b): return .product(a.choosing(plus: plus), b.choosing(plus: plus))
        case .quotient(let a, let b): return .quotient(a.choosing(plus: plus), b.choosing(plus: plus))
        case .power(let a, let b): return .power(a.choosing(plus: plus), b.choosing(plus: plus))
        case .function(let name, let a, let b):
            return .function(name, a.choosing(plus: plus), b?.choosing(plus: plus))
        case .binomial(let a, let b): return .binomial(a.choosing(plus: plus), b.choosing(plus: plus))
        case .factorial(let a): return .factorial(a.choosing(plus: plus))
        case .percent(let a): return .percent(a.choosing(plus: plus))
        }
    }

    private var children: [MathNode] {
        switch self {
        case .number, .variable, .constant: []
        case .negated(let a), .factorial(let a), .percent(let a): [a]
        case .sum(let a, let b), .product(let a, let b), .quotient(let a, let b), .power(let a, let b),
            .binomial(let a, let b), .either(let a, let b):
            [a, b]
        case .function(_, let a, let b): b.map { [a, $0] } ?? [a]
        }
    }
}
