import Checkpoints
import Kernels
import Testing

@testable import Decoder

/// What the fused head says of a row is what its logits say.
@Suite struct HeadOutputTests {
    /// Rows of several sequences, every one of which is flagged.
    static func batch(_ decoder: Decoder, contexts: inout [Context], demand: LogitDemand) -> ForwardBatch {
        var batch = ForwardBatch()
        for index in contexts.indices {
            let tokens = InvarianceTests.tokens(
                1 + 11 * index % 23, seed: UInt32(index + 5), below: decoder.shape.vocabularySize)
            contexts[index].feed(tokens, to: &batch, allLogits: true, demand: demand)
        }
        return batch
    }

    @Test(arguments: InvarianceTests.settings, [32, LogitSlice.tokens])
    func equalsTheLogits(_ setting: InvarianceTests.Setting, sliceTokens: Int) throws {
        let decoder = try setting.decoder(sliceTokens: sliceTokens), vocabulary = decoder.shape.vocabularySize
        let cache = try KeyValueCache(shape: decoder.shape, blockCount: 20, format: .float32)
        var contexts = (0..<10).map { Context(blocks: [Int32(2 * $0), Int32(2 * $0 + 1)]) }
        var batch = Self.batch(decoder, contexts: &contexts, demand: LogitDemand(topCount: 7, wholeRow: true))
        let drawable = vocabulary - 5
        let whole = HeadOutput(drawable: drawable), fused = HeadOutput(drawable: drawable)
        decoder.forward(batch, cache: cache, output: whole)
        for row in batch.demands.indices { batch.demands[row] = LogitDemand(topCount: row % 3 * 40) }
        decoder.forward(batch, cache: cache, output: fused)
        #expect(whole.count == batch.rows && fused.count == batch.rows)
        for row in 0..<whole.count {
            let logits = Array(whole.logits(row))
            #expect(try fused.statistics(row) == LogitStatistics(of: logits, sliceTokens: sliceTokens))
            #expect(whole.statistics(row) == fused.statistics(row))
            let ids = logits.indices.sorted { logits[$0] != logits[$1] ? logits[$0] > logits[$1] : $0 < $1 }
            #expect(fused.top(row).map { Int($0.token) } == Array(ids.prefix(row % 3 * 40)))
            #expect(whole.top(row).map { Int($0.token) } == Array(ids.prefix(7)))
            let best = try #require(ids.first { $0 < drawable })
            #expect(Int(fused.best(row).token) == best)
            #expect(fused.best(row).logit == logits[best])
            #expect(whole.drawableLogits(row).count == drawable)
        }
    }

    @Test func aRankingIsAtMostTheVocabulary() throws {
        let decoder = try InvarianceTests.settings[0].decoder(), vocabulary = decoder.shape.vocabularySize
        let cache = try KeyValueCache(shape: decoder.shape, blockCount: 2, format: .float32)
        var contexts = [Context(blocks: [0, 1])]
        let batch = Self.batch(decoder, contexts: &contexts, demand: LogitDemand(topCount: vocabulary + 9))
        let output = HeadOutput(drawable: vocabulary)
        decoder.forward(batch, cache: cache, output: output)
        #expect(Set(output.top(0).map(\.token)).count == vocabulary)
    }

    @Test func brokenLogitsAreNoticed() throws {
        let decoder = try InvarianceTests.settings[0].decoder()
        let cache = try KeyValueCache(shape: decoder.shape, blockCount: 2, format: .float16)
        cache.fillWithNaN()
        var batch = ForwardBatch(), sound = Context(blocks: [0]), broken = Context(blocks: [1])
        sound.feed([1, 2], to: &batch)
        broken.feed([3], to: &batch)
        batch.positions[2] = 4  // attends to keys that nobody has written
        let output = HeadOutput(drawable: decoder.shape.vocabularySize)
        decoder.forward(batch, cache: cache, output: output)
        #expect(output.statistics(0).isFinite)
        #expect(!output.statistics(1).isFinite)
    }
}
