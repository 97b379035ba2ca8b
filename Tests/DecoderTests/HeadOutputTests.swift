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

    /// Hidden states and picked logits of any rows of any batch are those of the row alone, bit for bit.
    @Test(arguments: InvarianceTests.settings)
    func hiddenStatesAndPickedLogits(_ setting: InvarianceTests.Setting) throws {
        let decoder = try setting.decoder(sliceTokens: 32), vocabulary = decoder.shape.vocabularySize
        let cache = try KeyValueCache(shape: decoder.shape, blockCount: 20, format: .float32)
        var contexts = (0..<10).map { Context(blocks: [Int32(2 * $0), Int32(2 * $0 + 1)]) }
        var batch = Self.batch(decoder, contexts: &contexts, demand: LogitDemand(wholeRow: true, hidden: true))
        let whole = HeadOutput(drawable: vocabulary), fused = HeadOutput(drawable: vocabulary)
        decoder.forward(batch, cache: cache, output: whole)
        var wanted: [[Int32]] = []
        for row in batch.demands.indices {
            let picks = (0..<row % 4).map { Int32((row * 31 + $0 * 17) % vocabulary) }
            wanted.append(picks)
            batch.picked += picks
            batch.demands[row] = LogitDemand(hidden: row % 3 == 1, pickedCount: picks.count)
        }
        decoder.forward(batch, cache: cache, output: fused)
        for row in 0..<fused.count {
            #expect(Array(fused.picked(row)) == wanted[row].map { whole.logits(row)[Int($0)] })
            if row % 3 == 1 { #expect(Array(fused.hidden(row)).bits == Array(whole.hidden(row)).bits) }
        }
        // Sequence by sequence, in a cache of its own.
        let alone = try setting.decoder(sliceTokens: 32)
        for index in contexts.indices {
            let rows = batch.rowRange(ofSequence: index)
            let hidden = try alone.hidden(behind: Array(batch.tokens[rows]))
            #expect(hidden.bits == Array(whole.hidden(rows.upperBound - 1)).bits)
        }
    }

    @Test func anEmbeddingIsTheRowOfTheTable() throws {
        let checkpoint = try GoldenCheckpoint.open("qwen2-tied")
        let decoder = try Decoder(checkpoint: checkpoint, threads: ComputeThreads(count: 1), family: .own)
        let hidden = decoder.shape.hidden, table = try #require(checkpoint[.embedding])
        for token in [0, 7, decoder.shape.vocabularySize - 1] {
            var row = [Float](repeating: .nan, count: hidden)
            row.withUnsafeMutableBufferPointer { row in
                if let start = row.baseAddress { decoder.embed(Int32(token), into: start) }
            }
            let expected = table.withUnsafeBytes { bytes in
                widened(
                    UnsafeRawBufferPointer(rebasing: bytes[token * hidden * 2..<(token + 1) * hidden * 2]),
                    format: .bfloat16)
            }
            #expect(row == expected)
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

extension ForwardBatch {
    /// The rows of a sequence.
    fileprivate func rowRange(ofSequence index: Int) -> Range<Int> {
        let first = sequences.firstIndex(of: Int32(index)) ?? 0
        return first..<(sequences.lastIndex(of: Int32(index)) ?? -1) + 1
    }
}
