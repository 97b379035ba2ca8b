import Checkpoints
import Kernels
import Testing

@testable import glimpq

@Suite struct MeasurementTests {
    @Test(arguments: [
        Measurement.bandwidth(threads: 2), .load, .decode(sequences: 16, context: 0, steps: 32), .prefill(tokens: 512),
        .extend(tokens: 5, context: 64),
        .probe(sequences: 64, context: 500, isShared: true), .probe(sequences: 1, context: 1, isShared: false),
    ])
    func aRequestIsReadBack(measurement: Measurement) throws {
        #expect(try Measurement(request: measurement.request) == measurement)
    }

    @Test(arguments: [
        "", "sing", "decode", "decode sequences=0 context=1 tokens=1", "decode sequences=1 context=1 tokens=x",
        "prefill tokens=512 extra=1", "prefill tokens", "load now=1", "bandwidth threads=99999999999999999999",
    ])
    func otherRequestsAreRefused(request: String) {
        #expect { try Measurement(request: request) } throws: { error in
            (error as? CommandFailure)?.status == .usage && "\(error)".contains(request.debugDescription)
        }
    }
}

@Suite struct SamplesTests {
    @Test func theMiddleRateCounts() {
        let samples = Samples([4, 1, 2].map { Sample(seconds: $0, amount: 8) })
        #expect([samples.slowest, samples.median, samples.fastest].map(\.rate) == [2, 4, 8])
        #expect(samples.count == 3)
    }

    @Test func ofTwoInTheMiddleTheSlowerCounts() {
        #expect(Samples([1, 2, 4, 8].map { Sample(seconds: $0, amount: 8) }).median.rate == 2)
    }
}

@Suite struct PassCostTests {
    /// Per layer 8·(2·8 + 2·4 + 3·16) = 576 weights; the embedding has 10·8.
    private func cost(isTied: Bool) -> PassCost {
        let shape = ModelShape(
            layers: 2, hidden: 8, heads: 2, keyValueHeads: 1, headDim: 4, intermediate: 16, vocabularySize: 10,
            contextLength: 64, parameterCount: 2 * 576 + 80 * (isTied ? 1 : 2))
        return PassCost(shape: shape, weightBytes: 2 * shape.parameterCount, isTied: isTied, cacheFormat: .float32)
    }

    @Test func operations() {
        // 3 rows through the layers, each attending to 5 tokens with queries of width 8; logits of one row.
        let expected = 2.0 * (3 * (2 * 576 + 2 * 2 * 8 * 5) + 80)
        #expect(cost(isTied: true).operations(rows: 3, context: 5, logitRows: 1) == expected)
        #expect(cost(isTied: false).operations(rows: 3, context: 5, logitRows: 1) == expected)
    }

    @Test func anEmbeddingOfItsOwnIsNotRead() {
        #expect(cost(isTied: true).bytes(sequences: 1, context: 0) == 2 * (2 * 576 + 80))
        #expect(abs(cost(isTied: false).bytes(sequences: 1, context: 0) - 2 * (2 * 576 + 80)) < 1e-6)
    }
}

@Suite struct BenchReportTests {
    @Test func rangesAscendWhicheverWayIsBetter() {
        let shape = ModelShape(
            layers: 1, hidden: 8, heads: 2, keyValueHeads: 1, headDim: 4, intermediate: 16, vocabularySize: 10,
            contextLength: 64, parameterCount: 656)
        var report = BenchReport(
            cost: PassCost(shape: shape, weightBytes: 1312, isTied: true, cacheFormat: .float16))
        report.append(
            .decode(sequences: 1, context: 8, steps: 8), Samples([0.5, 1].map { Sample(seconds: $0, amount: 8) }))
        report.append(.load, Samples([0.5, 1].map { Sample(seconds: $0, amount: 1) }))
        let text = report.text(Palette(isOn: false))
        #expect(text.contains("8.0–16.0"))
        #expect(text.contains("0.50–1.00"))
        #expect(report.json.split(separator: "\n").count == 2)
        #expect(report.json.contains(#""measurement": "decode sequences=1 context=8 tokens=8""#))
    }
}
