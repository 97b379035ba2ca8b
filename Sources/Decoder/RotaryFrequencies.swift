internal import Checkpoints

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The angle per position of each pair of dimensions, in double precision.
struct RotaryFrequencies: Sendable {
    /// [headDim / 2] radians per position.
    let radians: [Double]
    /// Cosines and sines are multiplied by this.
    let magnitude: Double

    init(_ rope: RopeConfiguration, headDim: Int) {
        let plain = (0..<headDim / 2).map { pow(rope.theta, -2 * Double($0) / Double(headDim)) }
        switch rope.scaling {
        case .none: (radians, magnitude) = (plain, 1)
        case .linear(let factor): (radians, magnitude) = (plain.map { $0 / factor }, 1)
        case .divisors(let divisors): (radians, magnitude) = (zip(plain, divisors).map { $0 / $1 }, 1)
        case .llama3(let factor, let low, let high, let original):
            radians = plain.map { Self.llama3($0, factor: factor, low: low, high: high, original: Double(original)) }
            magnitude = 1
        case .yarn(let factor, let fast, let slow, let original, let attention, let truncate):
            let range = Self.yarnRange(
                fast: fast, slow: slow, original: Double(original), headDim: Double(headDim), theta: rope.theta,
                truncate: truncate)
            radians = plain.enumerated().map { index, radian in
                let ramp = min(max((Double(index) - range.low) / (range.high - range.low), 0), 1)
                return radian / factor * ramp + radian * (1 - ramp)
            }
            magnitude = attention
        }
    }

    /// Long waves are slowed down by `factor`, short ones kept, those between interpolated.
    private static func llama3(_ radian: Double, factor: Double, low: Double, high: Double, original: Double) -> Double
    {
        let wavelength = 2 * Double.pi / radian
        if wavelength < original / high { return radian }
        if wavelength > original / low { return radian / factor }
        let smooth = (original / wavelength - low) / (high - low)
        return (1 - smooth) * radian / factor + smooth * radian
    }

    /// The dimensions between which YaRN interpolates: those that turn `fast` and `slow` times within the original context.
    private static func yarnRange(
        fast: Double, slow: Double, original: Double, headDim: Double, theta: Double, truncate: Bool
    ) -> (low: Double, high: Double) {
        func dimension(turns: Double) -> Double { headDim * log(original / (turns * 2 * .pi)) / (2 * log(theta)) }
        var low = dimension(turns: fast), high = dimension(turns: slow)
        if truncate { (low, high) = (low.rounded(.down), high.rounded(.up)) }
        (low, high) = (max(low, 0), min(high, headDim - 1))
        return (low, low == high ? high + 0.001 : high)
    }
}
