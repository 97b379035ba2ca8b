import Testing

@testable import Kernels

/// Rounding of values on their way into the cache, against Swift's own half precision.
@Suite struct HalfPrecisionTests {
    /// Writes values of one head into a cache of one token and returns the halves there.
    static func stored(_ values: [Float], _ kernels: VectorKernels) -> [UInt16] {
        let width = values.count, elements = CacheLayer.elementsPerBlock(keyValueHeads: 1, headDim: width)
        var cache = [UInt16](repeating: 0, count: elements)
        var projected = [Float](repeating: 0, count: 2 * width) + values
        let angles = [Float](repeating: 0, count: (width / 2 + 15) / 16 * 16)
        cache.withUnsafeMutableBytes { cache in
            projected.withUnsafeMutableBufferPointer { projected in
                guard let cache = cache.baseAddress, let projected = projected.baseAddress else { return }
                let layer = CacheLayer(
                    base: cache, format: .float16, blockStride: elements, keyValueHeads: 1, headDim: width)
                let rotation = Rotation(
                    projected: projected, stride: 3 * width, heads: 1, keyValueHeads: 1, headDim: width,
                    queryNorm: nil, keyNorm: nil, epsilon: 0, cosines: angles, sines: angles,
                    rotaryStride: angles.count, positions: [0], blocks: [0], cache: layer)
                kernels.rotateAndStore(rotation, rows: 0..<1)
            }
        }
        return Array(cache[16 * width..<17 * width])
    }

    /// The smallest and largest of every kind of half, their midpoints, and the floats beside those.
    static let borders: [Float] = {
        let halves = (0..<0x7c00 as Range<UInt16>).map { Float(Float16(bitPattern: $0)) }
        let middles = zip(halves, halves.dropFirst()).map { ($0 + $1) / 2 }
        let all = (halves + middles).flatMap { [$0.nextDown, $0, $0.nextUp] }
        return all + all.map { -$0 }
    }()

    @Test(arguments: InstructionSet.available) func roundsToNearestEven(_ set: InstructionSet) throws {
        let kernels = try VectorKernels(set)
        // Every call takes one token, whose head may be as wide as it likes.
        let got = Self.stored(Self.borders, kernels)
        let wrong = zip(Self.borders, got).filter { Float16($0).bitPattern != $1 }
        #expect(wrong.isEmpty, "\(wrong.count) differ, first \(wrong.first.map { "\($0)" } ?? "")")
    }

    @Test(arguments: InstructionSet.available) func beyondTheRange(_ set: InstructionSet) throws {
        let values: [Float] = [
            65504, 65519, 65520, 1e30, .greatestFiniteMagnitude, .infinity, 1e-30, .leastNonzeroMagnitude,
        ]
        let expected = [Float16](
            [65504, 65504, 65504, 65504, 65504, .infinity, 0, 0])
        let kernels = try VectorKernels(set)
        #expect(Self.stored(values, kernels) == expected.map(\.bitPattern))
        #expect(Self.stored(values.map { -$0 }, kernels) == expected.map { (-$0).bitPattern })
        for half in Self.stored([.nan, -.nan], kernels) { #expect(Float16(bitPattern: half).isNaN) }
        #expect(try Self.stored([.nan, -.nan], kernels) == Self.stored([.nan, -.nan], VectorKernels(.best)))
    }
}
