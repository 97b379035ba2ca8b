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

    @Test(arguments: InstructionSet.available, [1, 2, 16, 17, 320, 4099]) func statistics(
        _ set: InstructionSet, count: Int
    ) throws {
        let logits = Numbers.sequence(count).map { $0 * 12 }
        let got = try VectorKernels(set).statistics(of: logits)
        let top = Double(logits.max() ?? 0)
        let weights = logits.map { exp(Double($0) - top) }
        let mass = weights.reduce(0, +)
        let entropy = weights.reduce(0.0) { $1 > 0 ? $0 - $1 / mass * log($1 / mass) : $0 }
        #expect(got.isFinite)
        #expect(Double(got.maximum) == top)
        #expect(abs(got.logSumExp - (top + log(mass))) < 1e-6)
        #expect(abs(got.entropy - entropy) < 1e-6)
        #expect(got == LogitStatistics(of: logits))
    }

    @Test func statisticsOfExtremes() throws {
        let oneHot = LogitStatistics(of: [Float](repeating: -1000, count: 99) + [1000])
        #expect(oneHot.entropy == 0)
        #expect(oneHot.logSumExp == 1000)
        let uniform = LogitStatistics(of: [Float](repeating: 3, count: 1000))
        #expect(abs(uniform.entropy - log(1000)) < 1e-12)
        let nearlySure = LogitStatistics(of: [0, -20])
        #expect(abs(nearlySure.entropy - 4.3284e-8) < 1e-11)
        for defect in [Float.nan, .infinity, -.infinity] {
            for position in [0, 15, 16, 40, 41] {
                var logits = [Float](repeating: 0, count: 42)
                logits[position] = defect
                #expect(!LogitStatistics(of: logits).isFinite, "\(defect) at \(position)")
            }
        }
        #expect(!LogitStatistics(of: [Float]()).isFinite)
    }
}

extension LogitStatistics {
    init(of logits: [Float]) { self = logits.withUnsafeBufferPointer { LogitStatistics(of: $0) } }
}

extension VectorKernels {
    func statistics(of logits: [Float]) -> LogitStatistics { logits.withUnsafeBufferPointer { statistics(of: $0) } }
}
