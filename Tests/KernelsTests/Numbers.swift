import Kernels

/// Reproducible test data.
struct Numbers {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// SplitMix64.
    mutating func bits() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// Uniform in [-1, 1).
    mutating func uniform() -> Float { Float(Int32(truncatingIfNeeded: bits())) * 0x1p-31 }

    mutating func floats(_ count: Int) -> [Float] { (0..<count).map { _ in uniform() } }

    /// Any finite float of moderate exponent, to provoke cancellation and rounding.
    mutating func wild() -> Float {
        let exponent = Int(bits() % 60) - 30
        return Float(sign: bits() & 1 == 0 ? .plus : .minus, exponent: exponent, significand: 1 + abs(uniform()))
    }
}

extension [Float] {
    /// The bits, so that comparisons tell zeros and NaNs apart.
    var bits: [UInt32] { map(\.bitPattern) }
}
