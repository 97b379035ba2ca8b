import Testing

@testable import Kernels

/// Rounding of values on their way into the cache, against Swift's own half precision.
@Suite struct HalfPrecisionTests {
    /// Writes values of one head into a cache of one token and returns the halves there.
    static func stored(_ values: [Float], _ kernels: VectorKernels) -> [UInt16] {
        let width = values.count, elements = CacheLayer.elementsPerBlock(keyValueHeads: 1, headDim: width)
        let memory = TestMemory()
        let cache = memory.copy([UInt16](repeating: 0, count: elements))
        let angles = memory.copy([Float](repeating: 0, count: (width / 2 + 15) / 16 * 16))
        let rotation = Rotation(
            projected: memory.copy([Float](repeating: 0, count: 2 * width) + values), stride: 3 * width, heads: 1,
            keyValueHeads: 1, headDim: width, queryNorm: nil, keyNorm: nil, epsilon: 0, cosines: angles, sines: angles,
            rotaryStride: 0, positions: memory.copy([0]), blocks: memory.copy([0]),
            cache: CacheLayer(
                base: cache, format: .float16, blockStride: elements, keyValueHeads: 1, headDim: width))
        kernels.rotateAndStore(rotation, rows: 0..<1)
        return withExtendedLifetime(memory) {
            Array(UnsafeBufferPointer(start: cache + 16 * width, count: width))
        }
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
