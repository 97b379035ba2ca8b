import Foundation
import Generation
import Kernels
import Testing

@testable import Engine

@Suite struct SamplerTests {
    private let kernels: VectorKernels

    init() throws { kernels = try VectorKernels(.best) }

    private func draw(_ logits: [Float], _ parameters: SamplingParameters, _ uniform: Double) -> TokenID {
        var sampler = Sampler(kernels)
        return logits.withUnsafeBufferPointer {
            sampler.draw(
                TokenDraw(parameters: parameters, uniform: uniform), from: $0, best: logits.max() ?? 0)
        }
    }

    private func shares(_ logits: [Float], _ parameters: SamplingParameters, draws: Int = 20_000) -> [Double] {
        var counts = Array(repeating: 0, count: logits.count)
        for i in 0..<draws {
            let uniform = Randomness(seed: 5, step: 0).uniform(position: UInt32(i))
            counts[Int(draw(logits, parameters, uniform))] += 1
        }
        return counts.map { Double($0) / Double(draws) }
    }

    @Test func temperatureScalesTheDistribution() {
        let logits = [Float(log(0.6)), Float(log(0.3)), Float(log(0.1))]
        let plain = shares(logits, SamplingParameters(temperature: 1, topP: 1))
        for (share, expected) in zip(plain, [0.6, 0.3, 0.1]) { #expect(abs(share - expected) < 0.015) }
        // At temperature 0.5 the weights are squared.
        let cold = shares(logits, SamplingParameters(temperature: 0.5, topP: 1))
        for (share, expected) in zip(cold, [36.0 / 46, 9.0 / 46, 1.0 / 46]) { #expect(abs(share - expected) < 0.015) }
    }

    @Test func filters() {
        let logits = [0.05, 0.5, 0.15, 0.3].map { Float(log($0)) }
        func support(_ p: SamplingParameters) -> [Int] {
            shares(logits, p, draws: 3_000).enumerated().filter { $0.element > 0 }.map(\.offset)
        }
        #expect(support(SamplingParameters(temperature: 1, topP: 0.7)) == [1, 3])
        #expect(support(SamplingParameters(temperature: 1, topP: 0.9)) == [1, 2, 3])
        #expect(support(SamplingParameters(temperature: 1, topP: 1, topK: 2)) == [1, 3])
        #expect(support(SamplingParameters(temperature: 1, topP: 1, minP: 0.25)) == [1, 2, 3])
        // Top-p counts the mass that top-k left: 0.5/0.8 is below 0.7, so the second stays.
        #expect(support(SamplingParameters(temperature: 1, topP: 0.7, topK: 2)) == [1, 3])
        #expect(support(SamplingParameters(temperature: 1, topP: 0.6, topK: 2)) == [1])
        #expect(support(SamplingParameters(temperature: 1, topP: 1e-9)) == [1])
    }

    @Test func aNucleusBeyondTheFirstFloorIsExact() {
        // One big token and very many tiny ones that together carry half of the mass.
        let tail = 100_000
        let logits = [Float(0)] + Array(repeating: Float(log(1 / Double(tail))), count: tail)
        let token = draw(logits, SamplingParameters(temperature: 1, topP: 0.9), 0.9)
        // 0.9 of a nucleus of 0.9·2: 0.62 of the total mass 2 lies in the tail.
        #expect(abs(Double(token) - 0.62 * Double(tail)) < 0.01 * Double(tail))
    }
}
