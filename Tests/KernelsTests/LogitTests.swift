import Foundation
import Testing

@testable import Kernels

/// Softmax statistics, rankings and sampling weights against double precision and sorting, and bit for bit across
/// instruction sets.
@Suite struct LogitTests {
    @Test(arguments: InstructionSet.available, [1, 2, 16, 17, 320, 512, 513, 4099]) func statistics(
        _ set: InstructionSet, count: Int
    ) throws {
        let logits = Numbers.sequence(count).map { $0 * 12 }
        let got = try LogitStatistics(of: logits, set)
        let top = Double(logits.max() ?? 0)
        let weights = logits.map { exp(Double($0) - top) }
        let mass = weights.reduce(0, +)
        let entropy = weights.reduce(0.0) { $1 > 0 ? $0 - $1 / mass * log($1 / mass) : $0 }
        #expect(got.isFinite)
        #expect(Double(got.maximum) == top)
        #expect(abs(got.logSumExp - (top + log(mass))) < 1e-6)
        #expect(abs(got.entropy - entropy) < 1e-6)
        #expect(try got == LogitStatistics(of: logits))
    }

    @Test func statisticsOfExtremes() throws {
        let oneHot = try LogitStatistics(of: [Float](repeating: -1000, count: 99) + [1000])
        #expect(oneHot.entropy == 0)
        #expect(oneHot.logSumExp == 1000)
        let uniform = try LogitStatistics(of: [Float](repeating: 3, count: 1000))
        #expect(abs(uniform.entropy - log(1000)) < 1e-12)
        let nearlySure = try LogitStatistics(of: [0, -20])
        #expect(abs(nearlySure.entropy - 4.3284e-8) < 1e-11)
        for defect in [Float.nan, .infinity, -.infinity] {
            for position in [0, 15, 16, 40, 41] {
                var logits = [Float](repeating: 0, count: 42)
                logits[position] = defect
                #expect(try !LogitStatistics(of: logits).isFinite, "\(defect) at \(position)")
            }
        }
        #expect(try !LogitStatistics(of: [Float]()).isFinite)
    }

    @Test(arguments: InstructionSet.available, [1, 5, 32]) func ranking(_ set: InstructionSet, capacity: Int) throws {
        let kernels = try VectorKernels(set)
        // Many equal logits, so that ids decide.
        var logits = Numbers.sequence(1003).map { ($0 * 20).rounded() }
        logits[17] = -.infinity
        let ids = logits.indices.sorted { logits[$0] != logits[$1] ? logits[$0] > logits[$1] : $0 < $1 }
        let expected = Array(ids.prefix(capacity))
        // In pieces, in any order, by several threads.
        let pieces = [0..<100, 100..<613, 613..<1003]
        for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
            var best = [RankedToken](repeating: .none, count: capacity), other = best
            for (turn, index) in order.enumerated() {
                let piece = pieces[index]
                logits[piece].withUnsafeBufferPointer { logits in
                    if turn == 1 {
                        other.withUnsafeMutableBufferPointer {
                            kernels.rank(logits, first: piece.lowerBound, among: $0)
                        }
                    } else {
                        best.withUnsafeMutableBufferPointer { kernels.rank(logits, first: piece.lowerBound, among: $0) }
                    }
                }
            }
            best.withUnsafeMutableBufferPointer { best in
                other.withUnsafeBufferPointer { RankedToken.merge($0, into: best) }
            }
            #expect(best.map { Int($0.token) } == expected, "\(order)")
            #expect(best.map(\.logit) == expected.map { logits[$0] })
        }
    }

    @Test(arguments: InstructionSet.available) func rankingLeavesOutNaNs(_ set: InstructionSet) throws {
        var best = [RankedToken](repeating: .none, count: 3)
        let logits: [Float] = [.nan, 1] + [Float](repeating: .nan, count: 30) + [2, .nan]
        try logits.withUnsafeBufferPointer { logits in
            try best.withUnsafeMutableBufferPointer { try VectorKernels(set).rank(logits, first: 7, among: $0) }
        }
        #expect(best.map(\.token) == [39, 8, RankedToken.none.token])
    }

    @Test(arguments: InstructionSet.available, [1, 16, 1003]) func weights(_ set: InstructionSet, count: Int) throws {
        let kernels = try VectorKernels(set), logits = Numbers.sequence(count).map { $0 * 9 }
        let best = logits.max() ?? 0, scale: Float = 1 / 0.6
        var weights = [Float](repeating: .nan, count: count), indices = [Int32](repeating: -1, count: count)
        let total = logits.withUnsafeBufferPointer { logits in
            weights.withUnsafeMutableBufferPointer { weights in
                weights.baseAddress.map { kernels.weigh($0, logits, best: best, scale: scale) }
            }
        }
        for (weight, logit) in zip(weights, logits) {
            let expected = exp(Double((logit - best) * scale))
            #expect(abs(Double(weight) - expected) <= 2e-7 * expected)
        }
        let sum = weights.reduce(0) { $0 + Double($1) }
        #expect(abs(try #require(total) - sum) <= 1e-14 * sum)
        let found = weights.withUnsafeBufferPointer { weights in
            indices.withUnsafeMutableBufferPointer { indices in
                indices.baseAddress.map { kernels.select($0, weights, atLeast: 0.01) }
            }
        }
        #expect(indices.prefix(try #require(found)).map(Int.init) == weights.indices.filter { weights[$0] >= 0.01 })
    }
}

extension LogitStatistics {
    /// Statistics of a row that lies in memory as a whole.
    init(of logits: [Float], _ set: InstructionSet = .best) throws {
        let kernels = try VectorKernels(set)
        let slices = stride(from: 0, to: logits.count, by: LogitSlice.tokens).map { start in
            logits[start..<min(start + LogitSlice.tokens, logits.count)].withUnsafeBufferPointer { kernels.sum($0) }
        }
        self = slices.withUnsafeBufferPointer { LogitStatistics(merging: $0) }
    }
}
