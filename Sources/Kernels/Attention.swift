internal import CKernels

/// Arguments of `VectorKernels.attend`: causal attention of rows of any sequences. Pointers must stay valid during the call.
public struct Attention {
    var call: gq_attention

    /// Rows that one thread handles together at most.
    public static let rows = Int(GQ_ATTENTION_ROWS)

    /// Positions of one range of the context: the softmax of each is computed apart, and then they are merged in ascending
    /// order, whoever computes them.
    public static let range = Int(GQ_ATTENTION_RANGE)

    /// - Parameters:
    ///   - queries: [rows][queryStride], heads · headDim used, rotated
    ///   - output: [rows][outputStride], heads · headDim used
    ///   - positions: [rows] the row at position p attends to positions 0 ... p of its sequence
    ///   - sequences: [rows] index of the sequence
    ///   - blockTables: block tables of all sequences
    ///   - blockTableStarts: [sequences] where each table starts
    ///   - order: rows in the order of work; neighbours that share blocks read them together
    ///   - scratch: `scratchFloats` floats that no other thread uses
    public init(
        queries: UnsafePointer<Float>, queryStride: Int, output: UnsafeMutablePointer<Float>,
        outputStride: Int,
        positions: UnsafePointer<Int32>, sequences: UnsafePointer<Int32>,
        blockTables: UnsafePointer<Int32>,
        blockTableStarts: UnsafePointer<Int32>, order: UnsafePointer<Int32>, heads: Int,
        keyValueHeads: Int,
        headDim: Int, scale: Float, cache: CacheLayer, scratch: UnsafeMutablePointer<Float>
    ) {
        call = gq_attention(
            queries: queries, query_stride: queryStride, output: output, output_stride: outputStride,
            positions: positions, sequences: sequences, block_tables: blockTables,
            block_table_starts: blockTableStarts, order: order, heads: Int32(heads),
            kv_heads: Int32(keyValueHeads),
            head_dim: Int32(headDim), scale: scale, cache: cache.layer, scratch: scratch, parts: nil,
            part_ranges: 0)
    }

    /// Scratch of one thread.
    public static func scratchFloats(heads: Int, keyValueHeads: Int, headDim: Int) -> Int {
        gq_attention_scratch_floats(Int32(heads), Int32(keyValueHeads), Int32(headDim))
    }

    /// Memory for attention in parts, for contexts of up to `ranges` ranges.
    public static func partFloats(rows: Int, heads: Int, headDim: Int, ranges: Int) -> Int {
        rows * heads * ranges * ((headDim + 15) / 16 * 16 + 16)
    }

    /// The same attention, in parts that lie in `memory`, of `partFloats` floats.
    public func inParts(_ memory: UnsafeMutablePointer<Float>, ranges: Int) -> Attention {
        var attention = self
        attention.call.parts = memory
        attention.call.part_ranges = ranges
        return attention
    }
}

extension VectorKernels {
    /// Attention of the rows that stand at `order` in the order of work, for the query heads of the KV heads in `heads`.
    ///
    /// Each row's result depends on its own context alone, bit for bit.
    public func attend(_ attention: Attention, order: Range<Int>, keyValueHeads heads: Range<Int>) {
        withUnsafePointer(to: attention.call) {
            table.pointee.attend(
                $0, order.lowerBound, order.upperBound, Int32(heads.lowerBound), Int32(heads.upperBound))
        }
    }

    /// One range of the same, for attention in parts.
    public func attendPart(
        _ attention: Attention, order: Range<Int>, keyValueHead head: Int, range: Int
    ) {
        withUnsafePointer(to: attention.call) {
            table.pointee.attend_part($0, order.lowerBound, order.upperBound, Int32(head), range)
        }
    }

    /// The results of all heads, once all their parts are there.
    public func joinParts(_ attention: Attention, order: Range<Int>) {
        withUnsafePointer(to: attention.call) {
            table.pointee.join_parts($0, order.lowerBound, order.upperBound)
        }
    }
}
