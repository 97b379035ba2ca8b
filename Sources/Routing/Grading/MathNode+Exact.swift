extension MathNode {
    /// Whether two formulas of whole numbers are the same number, however large it is; `nil` if that cannot be told here.
    ///
    /// Floating point cannot: it takes 2¹⁰⁰ for 2¹⁰⁰ + 1, and 2²⁰²⁴ and 3²⁰²⁴ both for infinite.
    static func isSameExactly(_ a: MathNode, _ b: MathNode) -> Bool? {
        guard let x = a.residue, let y = b.residue else { return nil }
        return x == y
    }

    /// The value in the field of the prime 2⁶¹ − 1, where equal numbers are equal and two others are so by a chance of
    /// one in 10¹⁸; `nil` if it is not made of whole numbers by the four operations, powers, factorials and binomials.
    private var residue: PrimeResidue? {
        switch self {
        case .number(let value, isDecimal: false): return PrimeResidue(value)
        case .negated(let a): return a.residue.map { PrimeResidue(0) - $0 }
        case .sum(let a, let b): return Self.both(a, b) { $0 + $1 }
        case .product(let a, let b): return Self.both(a, b) { $0 * $1 }
        case .quotient(let a, let b): return Self.both(a, b) { $0 / $1 }
        case .power(let a, let b):
            guard let base = a.residue, let exponent = b.wholeNumber else { return nil }
            return base.power(exponent)
        case .factorial(let a):
            guard let count = a.wholeNumber, (0...Self.mostFactors).contains(count) else { return nil }
            return (0..<count).reduce(PrimeResidue(1)) { $0 * PrimeResidue($1 + 1) }
        case .binomial(let a, let b):
            guard let n = a.wholeNumber, let k = b.wholeNumber, (0...Self.mostFactors).contains(k) else { return nil }
            let (above, below) = (0..<k).reduce((PrimeResidue(1), PrimeResidue(1))) {
                ($0.0 * PrimeResidue(n - $1), $0.1 * PrimeResidue($1 + 1))
            }
            return above / below
        case .number, .variable, .constant, .function, .percent, .either: return nil
        }
    }

    /// Larger factorials are left alone, so that no answer takes long.
    private static let mostFactors = 10_000

    private static func both(
        _ a: MathNode, _ b: MathNode, _ join: (PrimeResidue, PrimeResidue) -> PrimeResidue?
    ) -> PrimeResidue? {
        guard let x = a.residue, let y = b.residue else { return nil }
        return join(x, y)
    }

    /// The value, if it is a whole number that floating point holds exactly.
    private var wholeNumber: Int? {
        let value = value { _ in ComplexNumber(.nan) }
        guard value.isReal, abs(value.real) < 0x1p53, let whole = Int(exactly: value.real) else { return nil }
        return residue == PrimeResidue(whole) ? whole : nil
    }
}

/// A number modulo the prime 2⁶¹ − 1.
struct PrimeResidue: Equatable {
    private static let prime: UInt64 = (1 << 61) - 1

    private var value: UInt64

    /// The residue of a whole number.
    init(_ number: Int) {
        let residue = UInt64(number.magnitude) % Self.prime
        value = number < 0 && residue > 0 ? Self.prime - residue : residue
    }

    /// The residue of a whole number that floating point holds exactly; `nil` of others.
    init?(_ number: Double) {
        guard abs(number) < 0x1p53, let whole = Int(exactly: number) else { return nil }
        self.init(whole)
    }

    private init(residue: UInt64) { value = residue }

    static func + (a: PrimeResidue, b: PrimeResidue) -> PrimeResidue {
        PrimeResidue(residue: (a.value + b.value) % prime)
    }

    static func - (a: PrimeResidue, b: PrimeResidue) -> PrimeResidue {
        PrimeResidue(residue: (a.value + prime - b.value) % prime)
    }

    static func * (a: PrimeResidue, b: PrimeResidue) -> PrimeResidue {
        PrimeResidue(residue: prime.dividingFullWidth(a.value.multipliedFullWidth(by: b.value)).remainder)
    }

    /// `nil` for a division by 0.
    static func / (a: PrimeResidue, b: PrimeResidue) -> PrimeResidue? { b.power(-1).map { a * $0 } }

    /// A power, by repeated squaring; `nil` for 0 to a power that is not above 0.
    func power(_ exponent: Int) -> PrimeResidue? {
        if value == 0 { return exponent > 0 ? self : nil }
        // Exponents count modulo one less than the prime (Fermat), which makes negative ones positive.
        let order = Int(Self.prime - 1)
        var rest = (exponent % order + order) % order
        var (result, square) = (PrimeResidue(1), self)
        while rest > 0 {
            if rest & 1 == 1 { result = result * square }
            square = square * square
            rest >>= 1
        }
        return result
    }
}
