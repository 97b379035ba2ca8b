import Checkpoints
import Kernels
import Testing

@testable import Decoder

/// Sequences that share blocks, and contexts of several ranges, give the bits of a lone sequence.
@Suite struct SharedContextTests {
    @Test(arguments: InvarianceTests.settings) func sequencesWithACommonPrompt(_ setting: InvarianceTests.Setting)
        throws
    {
        let decoder = try setting.decoder(), vocabulary = decoder.shape.vocabularySize
        let cache = try KeyValueCache(shape: decoder.shape, blockCount: 40, format: .float16)
        let prompt = InvarianceTests.tokens(64, seed: 11, below: vocabulary)
        var first = Context(blocks: [7, 3, 5, 1])
        var batch = ForwardBatch()
        first.feed(prompt, to: &batch)
        _ = decoder.logits(batch, cache: cache)
        // Sequence i shares i % 5 blocks and goes on by itself, in an order that separates those with the most in common.
        let common = (0..<10).map { $0 * 3 % 5 }
        let tails = (0..<10).map { InvarianceTests.tokens(3 + $0 * 5 % 17, seed: UInt32($0 + 20), below: vocabulary) }
        batch.removeAll()
        var contexts = common.indices.map { index in
            Context(
                blocks: first.blocks.prefix(common[index]) + [Int32(10 + 2 * index), Int32(11 + 2 * index)],
                count: 16 * common[index])
        }
        for index in contexts.indices { contexts[index].feed(tails[index], to: &batch) }
        let rows = decoder.logits(batch, cache: cache)
        for index in contexts.indices {
            let tokens = prompt.prefix(16 * common[index]) + tails[index]
            let expected = try InvarianceTests.reference(
                setting.name, Array(tokens), cache: .float16, precision: setting.precision
            ).last
            #expect(rows[index].bits == expected, "sequence \(index)")
        }
    }

    /// Fewer KV heads than threads can share: the ranges of the context are shared out.
    @Test(arguments: InvarianceTests.settings.filter { $0.name == "llama-biases" && $0.instructionSet == .best })
    func longContexts(_ setting: InvarianceTests.Setting) throws {
        let decoder = try setting.decoder(), vocabulary = decoder.shape.vocabularySize
        let length = min(2 * Attention.range + 5, decoder.shape.contextLength)
        let tokens = InvarianceTests.tokens(length, seed: 5, below: vocabulary)
        let expected = try InvarianceTests.reference(
            setting.name, tokens, cache: .float32, precision: setting.precision)
        for chunk in [1, 100] {
            #expect(try decoder.logits(of: tokens, chunk: chunk).map(\.bits) == expected, "chunks of \(chunk)")
        }
    }
}
