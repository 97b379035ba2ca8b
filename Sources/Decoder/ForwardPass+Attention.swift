internal import Checkpoints
internal import Kernels

/// Attention shared out among the threads.
extension ForwardPass {
    /// All rows of the batch, in the last layer the flagged ones, by units of a few rows and one KV head. The units of a KV head follow each other, so that rows
    /// which share blocks find them in the cache.
    func shareAttention(_ layer: Int) {
        let heads = shape.keyValueHeads, count = isLast(layer) ? batch.logitRows.count : batch.count
        let height = min(max(count * heads / mostChunks, 1), Attention.rows)
        let units = (count + height - 1) / height
        if let parts = buffers.parts, units * heads < 2 * division.members, context > Attention.range {
            return shareAttentionInParts(layer, parts, count)
        }
        share(chunks: units * heads) { member, chunk in
            let first = chunk % units * height
            let head = chunk / units
            kernels.attend(
                attention(layer, member: member), order: first..<min(first + height, count),
                keyValueHeads: head..<head + 1)
        }
    }

    /// A few rows with long contexts: the ranges of a context are units too.
    private func shareAttentionInParts(_ layer: Int, _ parts: UnsafeMutablePointer<Float>, _ count: Int) {
        let ranges = (context + Attention.range - 1) / Attention.range
        share(chunks: ranges * shape.keyValueHeads) { member, chunk in
            kernels.attendPart(
                attention(layer, member: member).inParts(parts, ranges: ranges), order: 0..<count,
                keyValueHead: chunk / ranges, range: chunk % ranges)
        }
        shareRows(count) {
            kernels.joinParts(attention(layer, member: 0).inParts(parts, ranges: ranges), order: $0)
        }
    }
}
