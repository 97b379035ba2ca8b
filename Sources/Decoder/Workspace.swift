internal import Checkpoints
internal import Kernels

/// Memory between the layers of a forward pass: allocated once and grown to the largest batch seen.
struct Workspace {
    /// Floats from one row to the next; each a multiple of 16.
    struct Strides {
        let hidden: Int
        let projected: Int
        let attended: Int
        let gateUp: Int
        let activated: Int

        init(_ shape: ModelShape) {
            func padded(_ width: Int) -> Int { (width + 15) / 16 * 16 }
            hidden = padded(shape.hidden)
            projected = padded(shape.queryWidth + 2 * shape.keyValueWidth)
            attended = padded(shape.queryWidth)
            activated = padded(shape.intermediate)
            gateUp = 2 * activated
        }

        /// Floats of one row that all threads share.
        var shared: Int { hidden + projected + attended + gateUp + activated }
    }

    let strides: Strides
    var rotary: RotaryTable
    /// [rows] physical block of each row's position.
    var rowBlocks: [Int32] = []
    /// First rows of the sequences of the batch.
    var sequenceStarts: [Int] = []
    var order = AttentionOrder()
    /// [rows] multiply-adds.
    var rowCosts: [Int] = []
    private var shared: ReservedMemory?
    private var perMember: ReservedMemory?
    private var parts: ReservedMemory?
    private var head: ReservedMemory?
    private let vocabulary: Int
    private let heads: Int
    private let headDim: Int
    /// Scratch of attention of one thread.
    private let attentionFloats: Int
    private let preparedRowBytes: Int

    init(_ shape: ModelShape, rope: RopeConfiguration) {
        strides = Strides(shape)
        heads = shape.heads
        headDim = shape.headDim
        attentionFloats = Attention.scratchFloats(
            heads: shape.heads, keyValueHeads: shape.keyValueHeads, headDim: shape.headDim)
        vocabulary = shape.vocabularySize
        preparedRowBytes =
            [shape.hidden, shape.queryWidth, shape.intermediate]
            .flatMap { inputs in [InputFormat.bfloat16, .int8].map { $0.rowBytes(inputs: inputs) } }.max() ?? 0
        rotary = RotaryTable(RotaryFrequencies(rope, headDim: shape.headDim), contextLength: shape.contextLength)
    }

    /// Buffers for one pass, valid until the next call. Nil if the system refuses memory.
    mutating func buffers(rows: Int, context: Int, members: Int) -> Buffers? {
        let scratch = (attentionFloats + 15) / 16 * 16
        let normed = rows * strides.hidden, prepared = rows * preparedRowBytes
        guard let common = Self.grown(&shared, floats: rows * strides.shared),
            let own = Self.grown(&perMember, floats: members * (normed + scratch + prepared / 4 + Self.markFloats))
        else { return nil }
        let projected = common + rows * strides.hidden, attended = projected + rows * strides.projected
        let gateUp = attended + rows * strides.attended
        // For more rows than this there are units enough without parts.
        var partMemory: UnsafeMutablePointer<Float>?
        if members > 1, rows <= Attention.rows, context > Attention.range {
            let ranges = (context + Attention.range - 1) / Attention.range
            partMemory = Self.grown(
                &parts, floats: Attention.partFloats(rows: rows, heads: heads, headDim: headDim, ranges: ranges))
        }
        return Buffers(
            residual: common, projected: projected, attended: attended, gateUp: gateUp,
            activated: gateUp + rows * strides.gateUp, normed: own, normedFloats: normed,
            scratch: own + members * normed, scratchFloats: scratch,
            prepared: UnsafeMutableRawPointer(own + members * (normed + scratch)), preparedBytes: prepared,
            marks: UnsafeMutableRawPointer(own + members * (normed + scratch + prepared / 4))
                .bindMemory(to: Int.self, capacity: members * Buffers.markStride), parts: partMemory)
    }

    /// Memory for `HeadBuffers`, valid until the next call. Nil if the system refuses it.
    mutating func headMemory(rows: Int, ranked: Int, sliceTokens: Int, members: Int) -> UnsafeMutableRawPointer? {
        let bytes = HeadBuffers.byteCount(
            rows: rows, ranked: ranked, vocabulary: vocabulary, sliceTokens: sliceTokens, members: members)
        return Self.grown(&head, floats: (bytes + 3) / 4).map { UnsafeMutableRawPointer($0) }
    }

    /// Floats of the mark of one thread.
    private static var markFloats: Int {
        Buffers.markStride * MemoryLayout<Int>.stride / MemoryLayout<Float>.stride
    }

    private static func grown(_ memory: inout ReservedMemory?, floats: Int) -> UnsafeMutablePointer<Float>? {
        let bytes = floats * MemoryLayout<Float>.stride
        if let memory, memory.byteCount >= bytes { return memory.floats }
        memory = ReservedMemory(byteCount: bytes + bytes / 2)
        return memory?.floats
    }

    /// Pointers into the workspace: row-major matrices of one row per token.
    struct Buffers {
        /// [rows][strides.hidden]
        let residual: UnsafeMutablePointer<Float>
        /// [rows][strides.projected]: queries, keys, values
        let projected: UnsafeMutablePointer<Float>
        /// [rows][strides.attended]
        let attended: UnsafeMutablePointer<Float>
        /// [rows][strides.gateUp]
        let gateUp: UnsafeMutablePointer<Float>
        /// [rows][strides.activated]
        let activated: UnsafeMutablePointer<Float>
        /// [members][rows][strides.hidden]
        let normed: UnsafeMutablePointer<Float>
        let normedFloats: Int
        /// [members][scratchFloats]
        let scratch: UnsafeMutablePointer<Float>
        let scratchFloats: Int
        /// [members][preparedBytes]: input rows of one product in the format it reads
        let prepared: UnsafeMutableRawPointer
        let preparedBytes: Int
        /// [members][markStride]: which product's rows a thread has prepared last
        let marks: UnsafeMutablePointer<Int>
        /// Attention in parts; nil if the batch has no use for it
        let parts: UnsafeMutablePointer<Float>?

        /// Marks lie in cache lines of their own.
        static let markStride = 16
    }
}
