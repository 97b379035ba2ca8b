import Foundation
import Testing

@testable import Kernels

/// Rotary embedding, cache layout and attention of one sequence against double precision.
@Suite struct AttentionTests {
    struct Shape {
        let heads: Int
        let keyValueHeads: Int
        let headDim: Int
        var width: Int { (heads + 2 * keyValueHeads) * headDim }
    }

    static let shapes = [
        Shape(heads: 1, keyValueHeads: 1, headDim: 2), Shape(heads: 4, keyValueHeads: 2, headDim: 32),
        Shape(heads: 7, keyValueHeads: 1, headDim: 20), Shape(heads: 3, keyValueHeads: 3, headDim: 130),
    ]
    static let tokens = 53
    static let blocks: [Int32] = [2, 0, 3, 1]

    /// Runs all tokens, `chunk` rows at a time, and returns [tokens][heads · headDim].
    static func attend(_ shape: Shape, _ kernels: VectorKernels, chunk: Int, norms: Bool) -> [Float] {
        var projected = Numbers.sequence(tokens * shape.width)
        let norm = Numbers.sequence(shape.headDim).map { $0 + 2 }
        let floats = CacheLayer.floatsPerBlock(keyValueHeads: shape.keyValueHeads, headDim: shape.headDim)
        var cache = [Float](repeating: .nan, count: 4 * floats)
        var scratch = [Float](repeating: .nan, count: Attention.scratchFloats(tokens: tokens, headDim: shape.headDim))
        let stride = (shape.headDim / 2 + 15) / 16 * 16
        let angles = (0..<tokens * stride).map { angle(position: $0 / stride, pair: $0 % stride, shape) }
        let cosines = angles.map { Float(cos($0)) }, sines = angles.map { Float(sin($0)) }
        let positions = (0..<Int32(tokens)).map { $0 }
        let rowBlocks = positions.map { blocks[Int($0) / 16] }
        let outputWidth = shape.heads * shape.headDim
        var output = [Float](repeating: .nan, count: tokens * outputWidth)
        projected.withUnsafeMutableBufferPointer { projected in
            cache.withUnsafeMutableBufferPointer { cache in
                output.withUnsafeMutableBufferPointer { output in
                    scratch.withUnsafeMutableBufferPointer { scratch in
                        guard let projected = projected.baseAddress, let base = cache.baseAddress,
                            let output = output.baseAddress,
                            let scratch = scratch.baseAddress
                        else { return }
                        let layer = CacheLayer(
                            base: base, blockStride: floats, layerOffset: 0, keyValueHeads: shape.keyValueHeads,
                            headDim: shape.headDim)
                        norm.withUnsafeBufferPointer { norm in
                            let rotation = Rotation(
                                projected: projected, stride: shape.width, heads: shape.heads,
                                keyValueHeads: shape.keyValueHeads,
                                headDim: shape.headDim, queryNorm: norms ? norm.baseAddress : nil,
                                keyNorm: norms ? norm.baseAddress : nil, epsilon: 1e-6, cosines: cosines, sines: sines,
                                rotaryStride: stride, positions: positions, blocks: rowBlocks, cache: layer)
                            let attention = Attention(
                                queries: projected, queryStride: shape.width, output: output, outputStride: outputWidth,
                                positions: positions, blocks: blocks, heads: shape.heads,
                                keyValueHeads: shape.keyValueHeads,
                                headDim: shape.headDim, scale: 1 / Float(shape.headDim).squareRoot(), cache: layer,
                                scratch: scratch)
                            for start in Swift.stride(from: 0, to: tokens, by: chunk) {
                                let rows = start..<min(start + chunk, tokens)
                                kernels.rotateAndStore(rotation, rows: rows)
                                kernels.attend(attention, rows: rows, keyValueHeads: 0..<shape.keyValueHeads)
                            }
                        }
                    }
                }
            }
        }
        return output
    }

    static func angle(position: Int, pair: Int, _ shape: Shape) -> Double {
        Double(position) * pow(100, -2 * Double(pair) / Double(shape.headDim))
    }

    /// The same in double precision, head by head.
    static func reference(_ shape: Shape, norms: Bool) -> [Double] {
        let projected = Numbers.sequence(tokens * shape.width).map(Double.init), d = shape.headDim
        let norm = Numbers.sequence(d).map { Double($0 + 2) }
        func head(_ token: Int, _ index: Int, rotated: Bool) -> [Double] {
            var x = Array(projected[token * shape.width + index * d..<token * shape.width + (index + 1) * d])
            guard rotated else { return x }
            if norms {
                let scale = 1 / (x.reduce(0) { $0 + $1 * $1 } / Double(d) + 1e-6).squareRoot()
                x = zip(x, norm).map { $0 * scale * $1 }
            }
            let plain = x
            for i in 0..<d / 2 {
                let a = angle(position: token, pair: i, shape)
                x[i] = plain[i] * cos(a) - plain[i + d / 2] * sin(a)
                x[i + d / 2] = plain[i + d / 2] * cos(a) + plain[i] * sin(a)
            }
            return x
        }
        var output: [Double] = []
        for token in 0..<tokens {
            for index in 0..<shape.heads {
                let group = index / (shape.heads / shape.keyValueHeads)
                let query = head(token, index, rotated: true)
                let weights = (0...token).map { past in
                    exp(
                        zip(query, head(past, shape.heads + group, rotated: true)).reduce(0) { $0 + $1.0 * $1.1 }
                            / Double(d).squareRoot())
                }
                var sum = [Double](repeating: 0, count: d)
                for (past, weight) in weights.enumerated() {
                    let value = head(past, shape.heads + shape.keyValueHeads + group, rotated: false)
                    for i in 0..<d { sum[i] += weight * value[i] }
                }
                output += sum.map { $0 / weights.reduce(0, +) }
            }
        }
        return output
    }

    @Test(arguments: shapes.indices, [false, true]) func nearDoublePrecision(_ index: Int, norms: Bool) throws {
        let shape = Self.shapes[index]
        let got = Self.attend(shape, try VectorKernels(.best), chunk: Self.tokens, norms: norms)
        let worst = zip(got, Self.reference(shape, norms: norms)).map { abs(Double($0) - $1) }.max() ?? .infinity
        #expect(worst < 1e-5)
    }

    @Test(arguments: shapes.indices) func sameBitsForAnyChunkAndInstructionSet(_ index: Int) throws {
        let shape = Self.shapes[index]
        let expected = Self.attend(shape, try VectorKernels(.best), chunk: 1, norms: true).bits
        for set in InstructionSet.available {
            for chunk in [1, 5, 16, 53] {
                #expect(
                    Self.attend(shape, try VectorKernels(set), chunk: chunk, norms: true).bits == expected,
                    "\(set) \(chunk)")
            }
        }
    }
}
