internal import Checkpoints

extension Decoder {
    /// Traps if the batch breaks a rule: the kernels trust its numbers.
    func check(_ batch: ForwardBatch, cache: KeyValueCache) {
        let rows = batch.rows
        precondition(
            batch.positions.count == rows && batch.sequences.count == rows, "one position and sequence per row")
        precondition(batch.demands.count == batch.logitRows.count, "one demand per flagged row")
        precondition(batch.demands.allSatisfy { $0.topCount >= 0 }, "rankings have 0 tokens or more")
        precondition(
            batch.demands.allSatisfy { $0.pickedCount >= 0 }
                && batch.demands.reduce(0) { $0 + $1.pickedCount } == batch.picked.count,
            "the demands say whose every picked token is")
        precondition(
            batch.picked.allSatisfy { $0 >= 0 && $0 < shape.vocabularySize }, "picked tokens are of the vocabulary")
        precondition(cache.shape == shape, "the cache was made for this model")
        for block in batch.blockTables {
            precondition(block >= 0 && block < cache.blockCount, "block \(block) of \(cache.blockCount)")
        }
        for row in 0..<rows {
            let token = batch.tokens[row], position = batch.positions[row], sequence = Int(batch.sequences[row])
            precondition(token >= 0 && token < shape.vocabularySize, "token \(token) of \(shape.vocabularySize)")
            precondition(
                position >= 0 && position < shape.contextLength, "position \(position) of \(shape.contextLength)")
            precondition(
                sequence >= 0 && sequence + 1 < batch.blockTableStarts.count, "sequence \(sequence) has a block table")
            let start = Int(batch.blockTableStarts[sequence]), end = Int(batch.blockTableStarts[sequence + 1])
            precondition(
                start >= 0 && end <= batch.blockTables.count
                    && Int(position) / KeyValueCache.blockTokens < end - start,
                "the block table of sequence \(sequence) reaches position \(position)")
            if row > 0, batch.sequences[row - 1] == batch.sequences[row] {
                precondition(position == batch.positions[row - 1] + 1, "positions of a sequence ascend by 1")
            }
        }
        var previous: Int32 = -1
        for row in batch.logitRows {
            precondition(row > previous && row < rows, "flagged rows ascend and lie in the batch")
            previous = row
        }
    }
}
