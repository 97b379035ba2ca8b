import Foundation
import Testing

@testable import Kernels

/// Norm, activation, exponential and statistics against double precision, and bit for bit across instruction sets.
@Suite struct RowKernelTests {
    static func compute(_ count: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) -> [Float] {
        [Float](unsafeUninitializedCapacity: max(count, 1)) { buffer, initialized in
            buffer.initialize(repeating: .nan)
            if let target = buffer.baseAddress { body(target) }
            initialized = count
        }
    }

    @Test(arguments: InstructionSet.available) func exponential(_ set: InstructionSet) throws {
        let kernels = try VectorKernels(set), best = try VectorKernels(.best)
        let x = stride(from: Float(-110), through: 88.7, by: 0.00731).map { $0 } + [0, -0.0, -87.3, -103.9, -.infinity]
        let y = Self.compute(x.count) { kernels.exponential($0, x, count: x.count) }
        for (x, y) in zip(x, y) {
            let expected = exp(Double(x))
            #expect(abs(Double(y) - expected) <= max(1.2e-7 * expected, 0x1p-149), "e^\(x)")
        }
        #expect(y.bits == Self.compute(x.count) { best.exponential($0, x, count: x.count) }.bits)
    }

    @Test(arguments: InstructionSet.available, [1, 16, 31, 128, 100]) func rmsNorm(_ set: InstructionSet, width: Int)
        throws
    {
        let kernels = try VectorKernels(set), best = try VectorKernels(.best)
        let x = Numbers.sequence(3 * width), weight = Array(Numbers.sequence(4 * width).suffix(width))
        func norm(_ kernels: VectorKernels) -> [Float] {
            Self.compute(3 * width) {
                kernels.rmsNorm(
                    $0, stride: width, x, stride: width, rows: 3, width: width, weight: weight, epsilon: 1e-6)
            }
        }
        let y = norm(kernels)
        for row in 0..<3 {
            let values = x[row * width..<(row + 1) * width].map(Double.init)
            let scale = 1 / (values.reduce(0) { $0 + $1 * $1 } / Double(width) + 1e-6).squareRoot()
            for i in 0..<width {
                #expect(abs(Double(y[row * width + i]) - values[i] * scale * Double(weight[i])) < 1e-6)
            }
        }
        #expect(y.bits == norm(best).bits)
    }

    @Test(
        arguments: InstructionSet.available,
        [GatedLayout(groupStride: 32, upOffset: 16), GatedLayout(groupStride: 16, upOffset: 32)])
    func gatedActivation(_ set: InstructionSet, layout: GatedLayout) throws {
        let kernels = try VectorKernels(set), best = try VectorKernels(.best)
        let x = Numbers.sequence(2 * 64).map { $0 * 20 }
        func activation(_ kernels: VectorKernels) -> [Float] {
            Self.compute(2 * 32) {
                kernels.gatedActivation($0, stride: 32, x, stride: 64, layout: layout, rows: 2, groups: 0..<2)
            }
        }
        let y = activation(kernels)
        for index in 0..<64 {
            let at = index / 32 * 64 + index % 32 / 16 * layout.groupStride + index % 16
            let gate = Double(x[at]), up = Double(x[at + layout.upOffset])
            let expected = gate / (1 + exp(-gate)) * up
            #expect(abs(Double(y[index]) - expected) <= 1e-6 * max(abs(expected), 1e-3))
        }
        #expect(y.bits == activation(best).bits)
    }
}
