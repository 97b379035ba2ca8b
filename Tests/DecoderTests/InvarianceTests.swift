import Checkpoints
import Kernels
import Testing

@testable import Decoder

/// A token's logits depend on its own context alone, bit for bit.
@Suite struct InvarianceTests {
    /// How a decoder may be run without a change in its results.
    struct Setting: CustomTestStringConvertible {
        let name: String
        let instructionSet: InstructionSet
        let threads: Int
        /// Forces a kind of division: .max weights count as small, 0 as large.
        let smallWeights: Int
        var precision = Precision.exact
        var testDescription: String {
            "\(name), \(precision), \(instructionSet), \(threads) threads, \(smallWeights == 0 ? "outputs" : "rows") divided"
        }

        func decoder(sliceTokens: Int = LogitSlice.tokens) throws -> Decoder {
            try Decoder(
                checkpoint: GoldenCheckpoint.open(name), threads: ComputeThreads(count: threads), family: .own,
                precision: precision, instructionSet: instructionSet,
                divisionLimits: WorkDivision.Limits(smallWeights: smallWeights, smallWork: 0), sliceTokens: sliceTokens)
        }
    }

    static let settings = GoldenCheckpoint.names.flatMap { name in
        InstructionSet.available.flatMap { set in
            let divisions = [(1, Int.max), (2, 0), (2, .max), (3, 0), (3, .max)]
            let fast = Setting(name: name, instructionSet: set, threads: 2, smallWeights: 0, precision: .fast)
            // The emulated fused multiply-add is slow.
            return divisions.prefix(set == .portable ? 2 : divisions.count).map {
                Setting(name: name, instructionSet: set, threads: $0.0, smallWeights: $0.1)
            } + (set == .portable ? [] : [fast])
        }
    }

    static func tokens(_ count: Int, seed: UInt32, below limit: Int) -> [Int32] {
        var state = seed &* 2_654_435_761 | 1
        return (0..<count).map { _ in
            state ^= state << 13
            state ^= state >> 17
            state ^= state << 5
            return Int32(state % UInt32(limit))
        }
    }

    /// One sequence, one token at a time, on one thread with the best instruction set.
    static func reference(
        _ name: String, _ tokens: [Int32], cache format: KeyValueFormat, precision: Precision = .exact
    ) throws -> [[UInt32]] {
        let decoder = try Decoder(
            checkpoint: GoldenCheckpoint.open(name), threads: ComputeThreads(count: 1), family: .own,
            precision: precision, instructionSet: .best)
        return try decoder.logits(of: tokens, chunk: 1, cache: format).map(\.bits)
    }

    @Test(arguments: settings, KeyValueFormat.allCases)
    func chunksOfThePrefill(_ setting: Setting, format: KeyValueFormat) throws {
        let decoder = try setting.decoder()
        let tokens = Self.tokens(150, seed: 7, below: decoder.shape.vocabularySize)
        let expected = try Self.reference(setting.name, tokens, cache: format, precision: setting.precision)
        for chunk in [1, 7, 64, 150] {
            let bits = try decoder.logits(of: tokens, chunk: chunk, cache: format).map(\.bits)
            #expect(bits == expected, "chunks of \(chunk)")
        }
    }

    @Test(arguments: settings, KeyValueFormat.allCases)
    func neighboursInTheBatch(_ setting: Setting, format: KeyValueFormat) throws {
        let decoder = try setting.decoder(), vocabulary = decoder.shape.vocabularySize
        // Contexts of many lengths, fed together: prefills of odd lengths, then two decoding steps.
        let prompts = (0..<64).map { Self.tokens(1 + $0 * 7 % 53, seed: UInt32($0 + 1), below: vocabulary) }
        let cache = try KeyValueCache(shape: decoder.shape, blockCount: 64 * 4, format: format)
        let blocks = (0..<Int32(256)).map { $0 &* 37 % 256 }
        var contexts = (0..<64).map { Context(blocks: blocks[$0 * 4..<$0 * 4 + 4]) }
        var batch = ForwardBatch()
        for (index, prompt) in prompts.enumerated() { contexts[index].feed(prompt.dropLast(2), to: &batch) }
        _ = batch.rows > 0 ? decoder.logits(batch, cache: cache) : []
        var last: [[Float]] = []
        for step in [2, 1] {
            batch.removeAll()
            for (index, prompt) in prompts.enumerated() where prompt.count >= step {
                contexts[index].feed(prompt.suffix(step).prefix(1), to: &batch)
            }
            last = decoder.logits(batch, cache: cache)
        }
        for (index, prompt) in prompts.enumerated() {
            let expected = try Self.reference(setting.name, prompt, cache: format, precision: setting.precision).last
            #expect(last[index].bits == expected, "sequence \(index)")
        }
    }

    /// The last layer computes little of rows whose distributions nobody wants.
    @Test(arguments: settings, KeyValueFormat.allCases)
    func rowsThatNobodyReads(_ setting: Setting, format: KeyValueFormat) throws {
        let decoder = try setting.decoder()
        let tokens = (0..<3).map { Self.tokens(102, seed: UInt32(11 + $0), below: decoder.shape.vocabularySize) }
        let expected = try tokens.map {
            try Self.reference(setting.name, $0, cache: format, precision: setting.precision)
        }
        for chunk in [9, 50, 102] {
            let cache = try KeyValueCache(shape: decoder.shape, blockCount: 21, format: format)
            var contexts = (0..<Int32(3)).map { Context(blocks: $0 * 7..<$0 * 7 + 7) }
            for start in stride(from: 0, to: 102, by: chunk) {
                var batch = ForwardBatch()
                var wanted: [[UInt32]] = []
                for index in contexts.indices {
                    let first = batch.rows
                    contexts[index].feed(tokens[index].dropFirst(start).prefix(chunk), to: &batch)
                    if !batch.logitRows.isEmpty, Int(batch.logitRows[batch.logitRows.count - 1]) >= first {
                        batch.logitRows.removeLast()
                    }
                    // Of the first sequence every fifth row is read, of the second none, of the third the last of each chunk.
                    let read = (first..<batch.rows).filter { row in
                        index == 0 ? batch.positions[row] % 5 == 3 : index == 2 && row == batch.rows - 1
                    }
                    batch.logitRows += read.map(Int32.init)
                    wanted += read.map { expected[index][Int(batch.positions[$0])] }
                }
                batch.demands = wanted.map { _ in LogitDemand(wholeRow: true) }
                #expect(decoder.logits(batch, cache: cache).map(\.bits) == wanted, "chunks of \(chunk) from \(start)")
            }
        }
    }

    @Test(arguments: KeyValueFormat.allCases) func staleBlocksDoNotShow(_ format: KeyValueFormat) throws {
        let decoder = try Setting(name: "qwen3-sharded", instructionSet: .best, threads: 1, smallWeights: .max)
            .decoder()
        let tokens = Self.tokens(40, seed: 3, below: decoder.shape.vocabularySize)
        let cache = try KeyValueCache(shape: decoder.shape, blockCount: 3, format: format)
        cache.fillWithNaN()
        var context = Context(blocks: [1, 2, 0])
        var batch = ForwardBatch()
        context.feed(tokens, to: &batch, allLogits: true)
        let expected = try Self.reference("qwen3-sharded", tokens, cache: format)
        #expect(decoder.logits(batch, cache: cache).map(\.bits) == expected)
    }
}
