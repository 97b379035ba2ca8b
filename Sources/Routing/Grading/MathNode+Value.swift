#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension MathNode {
    /// The value where each variable has one; not finite where the formula has none.
    func value(_ variables: (String) -> ComplexNumber) -> ComplexNumber {
        switch self {
        case .number(let value, _): return ComplexNumber(value)
        case .variable("i"): return ComplexNumber(0, 1)
        case .variable("e"): return ComplexNumber(exp(1))
        case .variable(let name): return variables(name)
        case .constant("pi"): return ComplexNumber(.pi)
        case .constant("infinity"): return ComplexNumber(.infinity)
        case .constant: return ComplexNumber(.nan)
        case .negated(let a): return -a.value(variables)
        case .sum(let a, let b): return a.value(variables) + b.value(variables)
        case .either(let a, let b): return a.value(variables) + b.value(variables)
        case .product(let a, let b): return a.value(variables) * b.value(variables)
        case .quotient(let a, let b): return a.value(variables) / b.value(variables)
        case .power(.variable("e"), let b): return b.value(variables).exponential
        case .power(let a, let b): return a.value(variables).power(b.value(variables))
        case .percent(let a): return a.value(variables)
        case .factorial(let a): return Self.factorial(a.value(variables))
        case .binomial(let a, let b): return Self.binomial(a.value(variables), b.value(variables))
        case .function(let name, let a, let extra):
            return Self.function(name, a.value(variables), extra?.value(variables))
        }
    }

    private static func factorial(_ x: ComplexNumber) -> ComplexNumber {
        guard x.isReal, x.real == x.real.rounded(), (0...170).contains(x.real) else { return ComplexNumber(.nan) }
        return ComplexNumber((0..<Int(x.real)).reduce(1.0) { $0 * Double($1 + 1) })
    }

    private static func binomial(_ n: ComplexNumber, _ k: ComplexNumber) -> ComplexNumber {
        guard n.isReal, k.isReal, k.real == k.real.rounded(), (0...1000).contains(k.real) else {
            return ComplexNumber(.nan)
        }
        return ComplexNumber((0..<Int(k.real)).reduce(1.0) { $0 * (n.real - Double($1)) / Double($1 + 1) })
    }

    private static func function(_ name: String, _ x: ComplexNumber, _ extra: ComplexNumber?) -> ComplexNumber {
        func ofReal(_ body: (Double) -> Double) -> ComplexNumber { ComplexNumber(x.isReal ? body(x.real) : .nan) }
        switch name {
        case "sqrt":
            guard let degree = extra else { return x.squareRoot }
            // The root of odd degree of a negative number is the real one, as a reader takes it.
            if x.isReal, x.real < 0, degree.isReal, abs(degree.real.truncatingRemainder(dividingBy: 2)) == 1 {
                return ComplexNumber(-pow(-x.real, 1 / degree.real))
            }
            return x.power(ComplexNumber(1) / degree)
        case "abs": return ComplexNumber(x.magnitude)
        case "floor": return ofReal { $0.rounded(.down) }
        case "ceil": return ofReal { $0.rounded(.up) }
        case "ln": return x.logarithm
        case "lg": return x.logarithm / ComplexNumber(log(10))
        case "log": return x.logarithm / (extra?.logarithm ?? ComplexNumber(log(10)))  // as school books have it
        case "exp": return x.exponential
        case "sin": return x.sine
        case "cos": return x.cosine
        case "tan": return x.sine / x.cosine
        case "cot": return x.cosine / x.sine
        case "sec": return ComplexNumber(1) / x.cosine
        case "csc": return ComplexNumber(1) / x.sine
        case "arcsin": return ofReal(asin)
        case "arccos": return ofReal(acos)
        case "arctan": return ofReal(atan)
        case "sinh": return ofReal(sinh)
        case "cosh": return ofReal(cosh)
        case "tanh": return ofReal(tanh)
        default: return ComplexNumber(.nan)
        }
    }
}
