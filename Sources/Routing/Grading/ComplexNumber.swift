#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A complex number in double precision; powers and logarithms take their principal values.
struct ComplexNumber: Sendable, Hashable {
    var real: Double
    var imaginary: Double

    init(_ real: Double, _ imaginary: Double = 0) {
        self.real = real
        self.imaginary = imaginary
    }

    var magnitude: Double { hypot(real, imaginary) }
    var isReal: Bool { imaginary == 0 }
    var isFinite: Bool { real.isFinite && imaginary.isFinite }

    static func + (a: Self, b: Self) -> Self { Self(a.real + b.real, a.imaginary + b.imaginary) }
    static func - (a: Self, b: Self) -> Self { Self(a.real - b.real, a.imaginary - b.imaginary) }
    static prefix func - (a: Self) -> Self { Self(-a.real, -a.imaginary) }

    static func * (a: Self, b: Self) -> Self {
        // Infinite reals would give NaN by way of 0 · infinity.
        if a.isReal && b.isReal { return Self(a.real * b.real) }
        return Self(
            a.real * b.real - a.imaginary * b.imaginary, a.real * b.imaginary + a.imaginary * b.real)
    }

    static func / (a: Self, b: Self) -> Self {
        if b.isReal { return Self(a.real / b.real, a.isReal ? 0 : a.imaginary / b.real) }
        let square = b.real * b.real + b.imaginary * b.imaginary
        return Self(
            (a.real * b.real + a.imaginary * b.imaginary) / square,
            (a.imaginary * b.real - a.real * b.imaginary) / square)
    }

    var logarithm: Self {
        isReal && real > 0 ? Self(log(real)) : Self(log(magnitude), atan2(imaginary, real))
    }

    var exponential: Self {
        isReal ? Self(exp(real)) : Self(exp(real) * cos(imaginary), exp(real) * sin(imaginary))
    }

    var squareRoot: Self {
        if isReal { return real >= 0 ? Self(real.squareRoot()) : Self(0, (-real).squareRoot()) }
        return Self(0.5) * logarithm == Self(0) ? Self(1) : (Self(0.5) * logarithm).exponential
    }

    func power(_ exponent: Self) -> Self {
        if isReal && exponent.isReal && (real >= 0 || exponent.real == exponent.real.rounded()) {
            return Self(pow(real, exponent.real))
        }
        if exponent.isReal, exponent.real == exponent.real.rounded(), abs(exponent.real) <= 64 {
            var result = Self(1)
            for _ in 0..<Int(abs(exponent.real)) { result = result * self }
            return exponent.real < 0 ? Self(1) / result : result
        }
        return (exponent * logarithm).exponential
    }

    var sine: Self {
        isReal
            ? Self(sin(real)) : Self(sin(real) * cosh(imaginary), cos(real) * sinh(imaginary))
    }

    var cosine: Self {
        isReal
            ? Self(cos(real)) : Self(cos(real) * cosh(imaginary), -sin(real) * sinh(imaginary))
    }
}
