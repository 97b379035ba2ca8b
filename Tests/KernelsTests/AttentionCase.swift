import Foundation

@testable import Kernels

/// One sequence of random tokens through rotary embedding, cache and attention.
struct AttentionCase {
    let heads: Int
    let keyValueHeads: Int
    let headDim: Int
    let tokens: Int
    let format: KeyValueFormat
    /// Whether queries and keys are normalised per head.
    var norms = true
    /// [tokens][(heads + 2 keyValueHeads) · headDim] queries, keys and values before anything happened to them.
    let input: [Float]
    /// Blocks in an order that is not their own.
    private let blocks: [Int32]

    init(
        heads: Int, keyValueHeads: Int, headDim: Int, tokens: Int = 53,
        format: KeyValueFormat = .float32
    ) {
        (self.heads, self.keyValueHeads, self.headDim, self.tokens) = (
            heads, keyValueHeads, headDim, tokens
        )
        self.format = format
        input = Numbers.sequence(tokens * (heads + 2 * keyValueHeads) * headDim)
        let count = Int32((tokens + 15) / 16)
        blocks = stride(from: 0, to: count, by: 2).reversed() + Array(stride(from: 1, to: count, by: 2))
    }

    /// What comes out of a run.
    struct Run {
        /// [tokens][heads · headDim]
        var output: [Float]
        /// [tokens][(heads + 2 keyValueHeads) · headDim], rotated
        var projected: [Float]
        /// The cache's blocks.
        var cache: [UInt8]
    }

    private var width: Int { (heads + 2 * keyValueHeads) * headDim }
    private var elements: Int {
        CacheLayer.elementsPerBlock(keyValueHeads: keyValueHeads, headDim: headDim)
    }

    private func angle(position: Int, pair: Int) -> Double {
        Double(position) * pow(100, -2 * Double(pair) / Double(headDim))
    }

    /// How attention is called.
    enum Call {
        /// So many rows at a time, each piece right after its rows were written.
        case chunks(Int)
        /// All rows at once, in reverse order.
        case reversed
        /// Range by range.
        case parts
    }

    /// Runs all tokens.
    func run(_ kernels: VectorKernels, _ call: Call = .chunks(.max)) -> Run {
        let memory = TestMemory()
        let projected = memory.copy(input)
        let output = memory.copy([Float](repeating: .nan, count: tokens * heads * headDim))
        let cacheBytes = blocks.count * elements * format.elementBytes
        let cache = memory.copy([UInt8](repeating: 0xff, count: cacheBytes))
        let norm = memory.copy(Numbers.sequence(headDim).map { $0 + 2 })
        let rotaryStride = (headDim / 2 + 15) / 16 * 16
        let angles = (0..<tokens * rotaryStride).map { angle(position: $0 / rotaryStride, pair: $0 % rotaryStride) }
        let positions = (0..<Int32(tokens)).map { $0 }
        let layer = CacheLayer(
            base: cache, format: format, blockStride: elements, keyValueHeads: keyValueHeads, headDim: headDim)
        let rotation = Rotation(
            projected: projected, stride: width, heads: heads, keyValueHeads: keyValueHeads, headDim: headDim,
            queryNorm: norms ? .init(norm) : nil, keyNorm: norms ? .init(norm) : nil, epsilon: 1e-6,
            cosines: memory.copy(angles.map { Float(cos($0)) }), sines: memory.copy(angles.map { Float(sin($0)) }),
            rotaryStride: rotaryStride, positions: memory.copy(positions),
            blocks: memory.copy(positions.map { blocks[Int($0) / 16] }), cache: layer)
        var order = positions
        if case .reversed = call { order.reverse() }
        let scratch = Attention.scratchFloats(heads: heads, keyValueHeads: keyValueHeads, headDim: headDim)
        var attention = Attention(
            queries: projected, queryStride: width, output: output, outputStride: heads * headDim,
            positions: memory.copy(positions), sequences: memory.copy(positions.map { _ in 0 }),
            blockTables: memory.copy(blocks), blockTableStarts: memory.copy([0]), order: memory.copy(order),
            heads: heads, keyValueHeads: keyValueHeads, headDim: headDim, scale: 1 / Float(headDim).squareRoot(),
            cache: layer, scratch: memory.copy([Float](repeating: .nan, count: scratch)))
        switch call {
        case .chunks(let size):
            for start in stride(from: 0, to: tokens, by: min(size, tokens)) {
                let rows = start..<min(start + min(size, tokens), tokens)
                kernels.rotateAndStore(rotation, rows: rows)
                kernels.attend(attention, order: rows, keyValueHeads: 0..<keyValueHeads)
            }
        case .reversed:
            kernels.rotateAndStore(rotation, rows: 0..<tokens)
            kernels.attend(attention, order: 0..<tokens, keyValueHeads: 0..<keyValueHeads)
        case .parts:
            kernels.rotateAndStore(rotation, rows: 0..<tokens)
            let ranges = (tokens + Attention.range - 1) / Attention.range
            let floats = Attention.partFloats(rows: tokens, heads: heads, headDim: headDim, ranges: ranges)
            attention = attention.inParts(
                memory.copy([Float](repeating: .nan, count: floats)), ranges: ranges)
            for range in (0..<ranges).reversed() {
                for head in 0..<keyValueHeads {
                    kernels.attendPart(attention, order: 0..<tokens, keyValueHead: head, range: range)
                }
            }
            kernels.joinParts(attention, order: 0..<tokens)
        }
        return withExtendedLifetime(memory) {
            Run(
                output: Array(UnsafeBufferPointer(start: output, count: tokens * heads * headDim)),
                projected: Array(UnsafeBufferPointer(start: projected, count: input.count)),
                cache: Array(UnsafeBufferPointer(start: cache, count: cacheBytes)))
        }
    }

    // MARK: In double precision

    /// Head `index` of a token after norm and rotation; queries first, then keys, then values.
    func head(_ index: Int, of token: Int) -> [Double] {
        let start = token * width + index * headDim
        var x = input[start..<start + headDim].map(Double.init)
        guard index < heads + keyValueHeads else { return x }
        if norms {
            let scale = 1 / (x.reduce(0) { $0 + $1 * $1 } / Double(headDim) + 1e-6).squareRoot()
            x = zip(x, Numbers.sequence(headDim)).map { $0 * scale * Double($1 + 2) }
        }
        let plain = x
        let half = headDim / 2
        for i in 0..<half {
            let a = angle(position: token, pair: i)
            x[i] = plain[i] * cos(a) - plain[i + half] * sin(a)
            x[i + half] = plain[i + half] * cos(a) + plain[i] * sin(a)
        }
        return x
    }

    /// Key and value of a KV head as the cache of a run holds them.
    func cached(_ head: Int, of token: Int, in run: Run) -> (key: [Double], value: [Double]) {
        let padded = (headDim + 15) / 16 * 16
        let slot = token % 16
        let block = Int(blocks[token / 16]) * elements
        let keys = block + head * headDim * 16 + slot
        let values = block + keyValueHeads * headDim * 16 + (head * 16 + slot) * padded
        return run.cache.withUnsafeBytes { bytes in
            func element(_ index: Int) -> Double {
                switch format {
                case .float32: Double(bytes.loadUnaligned(fromByteOffset: 4 * index, as: Float.self))
                case .float16: Double(bytes.loadUnaligned(fromByteOffset: 2 * index, as: Float16.self))
                }
            }
            return (
                (0..<headDim).map { element(keys + $0 * 16) }, (0..<headDim).map { element(values + $0) }
            )
        }
    }

    /// Attention of a run's queries, or of some tokens', over what its cache holds: [tokens][heads · headDim].
    func attention(over run: Run, tokens range: Range<Int>? = nil) -> [Double] {
        let group = heads / keyValueHeads
        let context = (0..<keyValueHeads).map { head in
            (0..<tokens).map { cached(head, of: $0, in: run) }
        }
        var output: [Double] = []
        for token in range ?? 0..<tokens {
            for index in 0..<heads {
                let start = token * width + index * headDim
                let query = run.projected[start..<start + headDim].map(Double.init)
                let past = context[index / group][...token]
                let scores = past.map {
                    zip(query, $0.key).reduce(0) { $0 + $1.0 * $1.1 } / Double(headDim).squareRoot()
                }
                let top = scores.max() ?? 0
                let weights = scores.map { exp($0 - top) }
                let mass = weights.reduce(0, +)
                var sum = [Double](repeating: 0, count: headDim)
                for (weight, entry) in zip(weights, past) {
                    for i in 0..<headDim { sum[i] += weight * entry.value[i] }
                }
                output += sum.map { $0 / mass }
            }
        }
        return output
    }
}
