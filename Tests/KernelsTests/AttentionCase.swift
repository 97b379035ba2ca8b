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

    init(heads: Int, keyValueHeads: Int, headDim: Int, tokens: Int = 53, format: KeyValueFormat = .float32) {
        (self.heads, self.keyValueHeads, self.headDim, self.tokens) = (heads, keyValueHeads, headDim, tokens)
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
    private var elements: Int { CacheLayer.elementsPerBlock(keyValueHeads: keyValueHeads, headDim: headDim) }

    private func angle(position: Int, pair: Int) -> Double {
        Double(position) * pow(100, -2 * Double(pair) / Double(headDim))
    }

    /// Runs all tokens, `chunk` rows at a time.
    func run(_ kernels: VectorKernels, chunk: Int? = nil) -> Run {
        var run = Run(
            output: [Float](repeating: .nan, count: tokens * heads * headDim), projected: input,
            cache: [UInt8](repeating: 0xff, count: blocks.count * elements * format.elementBytes))
        var scratch = [Float](repeating: .nan, count: Attention.scratchFloats(tokens: tokens, headDim: headDim))
        let norm = Numbers.sequence(headDim).map { $0 + 2 }
        let rotaryStride = (headDim / 2 + 15) / 16 * 16
        let angles = (0..<tokens * rotaryStride).map { angle(position: $0 / rotaryStride, pair: $0 % rotaryStride) }
        let cosines = angles.map { Float(cos($0)) }, sines = angles.map { Float(sin($0)) }
        let positions = (0..<Int32(tokens)).map { $0 }
        let rowBlocks = positions.map { blocks[Int($0) / 16] }
        run.projected.withUnsafeMutableBufferPointer { projected in
            run.cache.withUnsafeMutableBytes { cache in
                run.output.withUnsafeMutableBufferPointer { output in
                    scratch.withUnsafeMutableBufferPointer { scratch in
                        norm.withUnsafeBufferPointer { norm in
                            guard let cache = cache.baseAddress, let projected = projected.baseAddress,
                                let output = output.baseAddress, let scratch = scratch.baseAddress
                            else { return }
                            let layer = CacheLayer(
                                base: cache, format: format, blockStride: elements,
                                keyValueHeads: keyValueHeads, headDim: headDim)
                            let rotation = Rotation(
                                projected: projected, stride: width, heads: heads,
                                keyValueHeads: keyValueHeads, headDim: headDim,
                                queryNorm: norms ? norm.baseAddress : nil, keyNorm: norms ? norm.baseAddress : nil,
                                epsilon: 1e-6, cosines: cosines, sines: sines, rotaryStride: rotaryStride,
                                positions: positions, blocks: rowBlocks, cache: layer)
                            let attention = Attention(
                                queries: projected, queryStride: width, output: output,
                                outputStride: heads * headDim, positions: positions, blocks: blocks, heads: heads,
                                keyValueHeads: keyValueHeads, headDim: headDim,
                                scale: 1 / Float(headDim).squareRoot(), cache: layer, scratch: scratch)
                            for start in stride(from: 0, to: tokens, by: chunk ?? tokens) {
                                let rows = start..<min(start + (chunk ?? tokens), tokens)
                                kernels.rotateAndStore(rotation, rows: rows)
                                kernels.attend(attention, rows: rows, keyValueHeads: 0..<keyValueHeads)
                            }
                        }
                    }
                }
            }
        }
        return run
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
        let plain = x, half = headDim / 2
        for i in 0..<half {
            let a = angle(position: token, pair: i)
            x[i] = plain[i] * cos(a) - plain[i + half] * sin(a)
            x[i + half] = plain[i + half] * cos(a) + plain[i] * sin(a)
        }
        return x
    }

    /// Key and value of a KV head as the cache of a run holds them.
    func cached(_ head: Int, of token: Int, in run: Run) -> (key: [Double], value: [Double]) {
        let padded = (headDim + 15) / 16 * 16, slot = token % 16
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
            return ((0..<headDim).map { element(keys + $0 * 16) }, (0..<headDim).map { element(values + $0) })
        }
    }

    /// Attention of a run's queries over what its cache holds: [tokens][heads · headDim].
    func attention(over run: Run) -> [Double] {
        let group = heads / keyValueHeads
        let context = (0..<keyValueHeads).map { head in (0..<tokens).map { cached(head, of: $0, in: run) } }
        var output: [Double] = []
        for token in 0..<tokens {
            for index in 0..<heads {
                let start = token * width + index * headDim
                let query = run.projected[start..<start + headDim].map(Double.init)
                let past = context[index / group][...token]
                let scores = past.map {
                    zip(query, $0.key).reduce(0) { $0 + $1.0 * $1.1 } / Double(headDim).squareRoot()
                }
                let top = scores.max() ?? 0
                let weights = scores.map { exp($0 - top) }, mass = weights.reduce(0, +)
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
