internal import Checkpoints
internal import Kernels

/// One block's weights in compute format.
///
/// `@unchecked Sendable`: filled once while loading, only read afterwards.
final class LayerWeights: @unchecked Sendable {
    /// [queries; keys; values] of [hidden] inputs
    let projection: PackedMatrix
    /// [hidden] of [heads · headDim] inputs
    let attentionOutput: PackedMatrix
    /// 16 gates and their 16 ups in turn, of [hidden] inputs; padded to whole groups
    let gateUp: PackedMatrix
    /// [hidden] of [intermediate] inputs
    let down: PackedMatrix
    private let norms: ReservedMemory
    private let offsets: (attention: Int, feedForward: Int, query: Int?, key: Int?)

    /// Reserves the memory and reads norms and biases. Throws `KernelError.outOfMemory`.
    init(_ layer: Int, of checkpoint: Checkpoint, family: KernelFamily, precision: Precision) throws {
        let shape = checkpoint.shape, groups = (shape.intermediate + 15) / 16
        func matrix(_ parts: [TensorRole.LayerTensor], outputs: Int, inputs: Int) throws -> PackedMatrix {
            let formats = Set(parts.compactMap { checkpoint[.layer(layer, $0)]?.format })
            let format = formats.count == 1 ? formats.first ?? .float32 : .float32
            return try PackedMatrix(
                outputs: outputs, inputs: inputs, format: format, family: family, precision: precision)
        }
        func vector(_ tensor: TensorRole.LayerTensor) -> [Float]? { checkpoint[.layer(layer, tensor)]?.floats }
        projection = try matrix(
            [.query, .key, .value], outputs: shape.queryWidth + 2 * shape.keyValueWidth, inputs: shape.hidden)
        attentionOutput = try matrix([.attentionOutput], outputs: shape.hidden, inputs: shape.queryWidth)
        gateUp = try matrix([.gate, .up], outputs: 2 * 16 * groups, inputs: shape.hidden)
        down = try matrix([.down], outputs: shape.hidden, inputs: shape.intermediate)

        if let query = vector(.queryBias), let key = vector(.keyBias), let value = vector(.valueBias) {
            try projection.setBias(query + key + value)
        }
        if let bias = vector(.attentionOutputBias) { try attentionOutput.setBias(bias) }
        if let gate = vector(.gateBias), let up = vector(.upBias) {
            var bias = [Float](repeating: 0, count: gateUp.outputs)
            for i in 0..<shape.intermediate {
                bias[i / 16 * 32 + i % 16] = gate[i]
                bias[i / 16 * 32 + 16 + i % 16] = up[i]
            }
            try gateUp.setBias(bias)
        }
        if let bias = vector(.downBias) { try down.setBias(bias) }

        var floats: [Float] = []
        func place(_ values: [Float]) -> Int {
            defer { floats += values }
            return floats.count
        }
        let attention = place(vector(.attentionNorm) ?? []), feedForward = place(vector(.feedForwardNorm) ?? [])
        offsets = (attention, feedForward, vector(.queryNorm).map(place), vector(.keyNorm).map(place))
        norms = try ReservedMemory.holding(floats)
    }

    /// Packs the matrices; may run for several layers at a time.
    func pack(_ layer: Int, of checkpoint: Checkpoint) {
        let shape = checkpoint.shape
        func pack(
            _ tensor: TensorRole.LayerTensor, into matrix: PackedMatrix, first: Int = 0, interleaved: Bool = false
        ) {
            guard let source = checkpoint[.layer(layer, tensor)] else { return }
            let rows = source.shape[0]
            let outputs = (0..<rows).map { index in
                let row = source.row(at: index)
                return Int32(interleaved ? first + row / 16 * 32 + row % 16 : first + row)
            }
            source.withUnsafeBytes { matrix.pack($0, format: source.format, outputs: outputs) }
        }
        pack(.query, into: projection)
        pack(.key, into: projection, first: shape.queryWidth)
        pack(.value, into: projection, first: shape.queryWidth + shape.keyValueWidth)
        pack(.attentionOutput, into: attentionOutput)
        pack(.gate, into: gateUp, interleaved: true)
        pack(.up, into: gateUp, first: 16, interleaved: true)
        pack(.down, into: down)
    }

    /// Bytes of the matrices.
    var byteCount: Int { projection.byteCount + attentionOutput.byteCount + gateUp.byteCount + down.byteCount }

    /// Pointers without reference counting, valid while this object lives.
    var view: LayerView {
        LayerView(
            attentionNorm: norms.floats + offsets.attention, projection: projection.view,
            queryNorm: offsets.query.map { .init(norms.floats + $0) },
            keyNorm: offsets.key.map { .init(norms.floats + $0) },
            attentionOutput: attentionOutput.view, feedForwardNorm: norms.floats + offsets.feedForward,
            gateUp: gateUp.view, down: down.view)
    }
}

/// A borrowed `LayerWeights`.
struct LayerView {
    /// [hidden]
    let attentionNorm: UnsafePointer<Float>
    let projection: MatrixView
    /// [headDim] or nil
    let queryNorm: UnsafePointer<Float>?
    /// [headDim] or nil
    let keyNorm: UnsafePointer<Float>?
    let attentionOutput: MatrixView
    /// [hidden]
    let feedForwardNorm: UnsafePointer<Float>
    let gateUp: MatrixView
    let down: MatrixView
}
