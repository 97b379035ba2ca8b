import Checkpoints
import Kernels

@testable import Decoder

/// One sequence that a test feeds to a decoder: its tokens so far and the blocks that hold them.
struct Context {
    /// Physical blocks, in order.
    let blocks: [Int32]
    /// Tokens fed so far.
    private(set) var count = 0

    /// A context in blocks of its own, taken from the cache in a shuffled order.
    init(blocks: some Sequence<Int32>) { self.init(blocks: blocks, count: 0) }

    /// A context whose first tokens are in the cache already.
    init(blocks: some Sequence<Int32>, count: Int) {
        self.blocks = Array(blocks)
        self.count = count
    }

    /// Adds the tokens to a batch; logits are wanted for the last one, or for all.
    mutating func feed(
        _ tokens: some Collection<Int32>, to batch: inout ForwardBatch, allLogits: Bool = false,
        demand: LogitDemand = LogitDemand(wholeRow: true)
    ) {
        if batch.blockTableStarts.isEmpty { batch.blockTableStarts.append(0) }
        let sequence = Int32(batch.blockTableStarts.count - 1)
        batch.blockTables += blocks
        batch.blockTableStarts.append(Int32(batch.blockTables.count))
        for (index, token) in tokens.enumerated() {
            if allLogits || index == tokens.count - 1 {
                batch.logitRows.append(Int32(batch.rows))
                batch.demands.append(demand)
            }
            batch.tokens.append(token)
            batch.positions.append(Int32(count))
            batch.sequences.append(sequence)
            count += 1
        }
    }
}

extension Decoder {
    /// The logits of a batch, one row per flagged row.
    func logits(_ batch: ForwardBatch, cache: KeyValueCache) -> [[Float]] {
        let output = HeadOutput(drawable: shape.vocabularySize)
        forward(batch, cache: cache, output: output)
        return (0..<output.count).map { Array(output.logits($0)) }
    }

    /// The logits after each token, fed in chunks of that size.
    func logits(of tokens: [Int32], chunk: Int, cache format: KeyValueFormat = .float32) throws -> [[Float]] {
        let blockCount = tokens.count / KeyValueCache.blockTokens + 1
        let cache = try KeyValueCache(shape: shape, blockCount: blockCount, format: format)
        var context = Context(blocks: (0..<Int32(blockCount)).reversed())
        var rows: [[Float]] = []
        for start in stride(from: 0, to: tokens.count, by: chunk) {
            var batch = ForwardBatch()
            context.feed(tokens[start..<min(start + chunk, tokens.count)], to: &batch, allLogits: true)
            rows += logits(batch, cache: cache)
        }
        return rows
    }

    /// The hidden state of the last token.
    func hidden(behind tokens: [Int32]) throws -> [Float] {
        let blockCount = tokens.count / KeyValueCache.blockTokens + 1
        let cache = try KeyValueCache(shape: shape, blockCount: blockCount, format: .float32)
        var context = Context(blocks: 0..<Int32(blockCount))
        var batch = ForwardBatch()
        context.feed(tokens, to: &batch, demand: LogitDemand(hidden: true))
        let output = HeadOutput(drawable: shape.vocabularySize)
        forward(batch, cache: cache, output: output)
        return Array(output.hidden(0))
    }

    /// Greedy continuation of a prompt.
    func greedy(_ prompt: [Int32], count: Int) throws -> [Int32] {
        let blockCount = (prompt.count + count) / KeyValueCache.blockTokens + 1
        let cache = try KeyValueCache(shape: shape, blockCount: blockCount, format: .float32)
        var context = Context(blocks: 0..<Int32(blockCount))
        var batch = ForwardBatch()
        context.feed(prompt, to: &batch)
        var tokens: [Int32] = []
        while tokens.count < count {
            let row = logits(batch, cache: cache)[0]
            tokens.append(row.indexOfMaximum)
            batch.removeAll()
            context.feed(tokens.suffix(1), to: &batch)
        }
        return tokens
    }
}

extension LogitStatistics {
    /// Statistics of a row that lies in memory as a whole.
    init(of logits: [Float], sliceTokens: Int = LogitSlice.tokens) throws {
        let kernels = try VectorKernels(.best)
        let slices = stride(from: 0, to: logits.count, by: sliceTokens).map { start in
            logits[start..<min(start + sliceTokens, logits.count)].withUnsafeBufferPointer { kernels.sum($0) }
        }
        self = slices.withUnsafeBufferPointer { LogitStatistics(merging: $0) }
    }
}

extension [Float] {
    /// The first index of the largest element.
    var indexOfMaximum: Int32 { Int32(indices.max { self[$0] < self[$1] } ?? 0) }

    /// The bits, so that comparisons tell zeros and NaNs apart.
    var bits: [UInt32] { map(\.bitPattern) }
}
