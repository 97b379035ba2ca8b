import Checkpoints
import Decoder
import Kernels

/// Sequences of equal length in a cache of their own, ready to be continued any number of times: what a repetition
/// computes is overwritten by the next.
final class BenchContexts {
    private let sequences: Int
    private let length: Int
    private let cache: KeyValueCache
    /// [sequences][blocks of one sequence]
    private let tables: [[Int32]]
    private let vocabularySize: Int
    private let output: HeadOutput
    private var batch = ForwardBatch()

    /// Makes room for `room` more tokens behind `length` tokens of each sequence. With `isShared`, all sequences have the
    /// full blocks of the first in common.
    ///
    /// - Throws: `KernelError` if the system refuses the memory.
    init(shape: ModelShape, sequences: Int, length: Int, room: Int, isShared: Bool, format: KeyValueFormat) throws {
        let blockTokens = KeyValueCache.blockTokens
        let perSequence = (length + room + blockTokens - 1) / blockTokens
        let common = isShared ? length / blockTokens : 0
        var next = Int32(0)
        func taken(_ count: Int) -> [Int32] {
            defer { next += Int32(count) }
            return (next..<next + Int32(count)).map { $0 }
        }
        let prefix = taken(common)
        tables = (0..<sequences).map { _ in prefix + taken(perSequence - common) }
        cache = try KeyValueCache(shape: shape, blockCount: Int(next), format: format)
        self.sequences = sequences
        self.length = length
        vocabularySize = shape.vocabularySize
        output = HeadOutput(drawable: vocabularySize)
    }

    /// Computes the contexts, in passes of at most `rows` rows. A shared prefix is computed once.
    func fill(with decoder: Decoder, rows: Int) {
        let blockTokens = KeyValueCache.blockTokens
        for sequence in 0..<sequences {
            let isPrefixThere = sequence > 0 && tables[sequence][0] == tables[0][0]
            var position = isPrefixThere ? length / blockTokens * blockTokens : 0
            while position < length {
                let count = min(rows, length - position)
                batch.removeAll()
                batch.blockTableStarts.append(0)
                append(sequence, from: position, count: count)
                decoder.forward(batch, cache: cache, output: output)
                position += count
            }
        }
    }

    /// One pass over `count` tokens of every sequence from `offset` behind its context on, with the distribution after
    /// the last of each: its logits, as sampling needs them, and `topCount` most probable tokens.
    ///
    /// - Returns: The sum of the entropies in nats.
    @discardableResult
    func advance(by count: Int = 1, offset: Int = 0, topCount: Int = 0, with decoder: Decoder) -> Double {
        batch.removeAll()
        batch.blockTableStarts.append(0)
        for sequence in 0..<sequences {
            append(sequence, from: length + offset, count: count)
            batch.logitRows.append(Int32(batch.rows - 1))
            batch.demands.append(LogitDemand(topCount: topCount, wholeRow: true))
        }
        decoder.forward(batch, cache: cache, output: output)
        return (0..<sequences).reduce(0) { $0 + output.statistics($1).entropy }
    }

    /// One pass over `count` tokens of the only sequence, without logits.
    func advanceSilently(by count: Int, offset: Int, with decoder: Decoder) {
        batch.removeAll()
        batch.blockTableStarts.append(0)
        append(0, from: length + offset, count: count)
        decoder.forward(batch, cache: cache, output: output)
    }

    private func append(_ sequence: Int, from position: Int, count: Int) {
        let index = Int32(batch.blockTableStarts.count - 1)
        for offset in 0..<count {
            batch.tokens.append(token(sequence, position + offset))
            batch.positions.append(Int32(position + offset))
            batch.sequences.append(index)
        }
        batch.blockTables.append(contentsOf: tables[sequence])
        batch.blockTableStarts.append(Int32(batch.blockTables.count))
    }

    /// A token that depends on sequence and position alone.
    private func token(_ sequence: Int, _ position: Int) -> Int32 {
        var x = (UInt64(sequence) << 32 | UInt64(position)) &+ 0x9E37_79B9_7F4A_7C15
        x = (x ^ x >> 30) &* 0xBF58_476D_1CE4_E5B9
        x = (x ^ x >> 27) &* 0x94D0_49BB_1331_11EB
        return Int32((x ^ x >> 31) % UInt64(vocabularySize))
    }
}
