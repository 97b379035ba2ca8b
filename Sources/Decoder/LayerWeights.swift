internal import Checkpoints
internal import Kernels

/// One block's weights in compute format.
///
/// `@unchecked Sendable`: filled once while loading, only read afterwards.
final class LayerWeights: @unchecked Sendable {
    /// [queries; keys; values] of [hidden] inputs
    let projection: JoinedMatrices
    /// [hidden] of [heads · headDim] inputs
    let attentionOutput: PackedMatrix
    /// Gates and ups of [hidden] inputs
    let gateUp: GateUpWeights
    /// [hidden] of [intermediate] inputs
    let down: PackedMatrix
    private let norms: ReservedMemory
    private let parts: UnsafeMutableBufferPointer<PartView>
    private let offsets: (attention: Int, feedForward: Int, query: Int?, key: Int?)

    /// Takes the matrices' places in storage and reads norms and biases. Throws `KernelError.outOfMemory`.
    init(_ layer: Int, of checkpoint: Checkpoint, layout: WeightLayout.Layer, in places: inout StoragePlaces) throws {
        func vector(_ tensor: TensorRole.LayerTensor) -> [Float]? { checkpoint[.layer(layer, tensor)]?.floats }
        projection = JoinedMatrices(layout.projection, in: &places)
        attentionOutput = places.next(layout.attentionOutput)
        gateUp = GateUpWeights(layout.gateUp, in: &places)
        down = places.next(layout.down)

        if let query = vector(.queryBias), let key = vector(.keyBias), let value = vector(.valueBias) {
            try projection.setBias(query + key + value)
        }
        if let bias = vector(.attentionOutputBias) { try attentionOutput.setBias(bias) }
        if let gate = vector(.gateBias), let up = vector(.upBias) { try gateUp.setBias(gate: gate, up: up) }
        if let bias = vector(.downBias) { try down.setBias(bias) }

        var floats: [Float] = []
        func place(_ values: [Float]) -> Int {
            defer { floats += values }
            return floats.count
        }
        let attention = place(vector(.attentionNorm) ?? []), feedForward = place(vector(.feedForwardNorm) ?? [])
        offsets = (attention, feedForward, vector(.queryNorm).map(place), vector(.keyNorm).map(place))
        norms = try ReservedMemory.holding(floats)
        let views = (projection.parts + gateUp.matrices.parts).map(\.view)
        parts = .allocate(capacity: views.count)
        _ = parts.initialize(from: views)
    }

    deinit { parts.deallocate() }

    /// Packs the matrices; may run for several layers at a time.
    func pack(_ layer: Int, of checkpoint: Checkpoint) {
        func pack(
            _ tensor: TensorRole.LayerTensor, into matrix: PackedMatrix, output: (_ row: Int) -> Int = { $0 }
        ) {
            guard let source = checkpoint[.layer(layer, tensor)] else { return }
            let outputs = (0..<source.shape[0]).map { Int32(output(source.row(at: $0))) }
            source.withUnsafeBytes { matrix.pack($0, format: source.format, outputs: outputs) }
            source.forget()
        }
        for (index, tensor) in [TensorRole.LayerTensor.query, .key, .value].enumerated() {
            let place = projection.place(of: index)
            pack(tensor, into: place.matrix) { place.firstOutput + $0 }
        }
        pack(.attentionOutput, into: attentionOutput)
        pack(.gate, into: gateUp.gate(0).matrix) { gateUp.gate($0).output }
        pack(.up, into: gateUp.up(0).matrix) { gateUp.up($0).output }
        pack(.down, into: down)
    }

    /// Bytes of the matrices.
    var byteCount: Int { projection.byteCount + attentionOutput.byteCount + gateUp.matrices.byteCount + down.byteCount }

    /// Pointers without reference counting, valid while this object lives.
    var view: LayerView {
        LayerView(
            attentionNorm: norms.floats + offsets.attention,
            projection: UnsafeBufferPointer(rebasing: parts[..<projection.parts.count]),
            queryNorm: offsets.query.map { .init(norms.floats + $0) },
            keyNorm: offsets.key.map { .init(norms.floats + $0) },
            attentionOutput: attentionOutput.view, feedForwardNorm: norms.floats + offsets.feedForward,
            gateUp: UnsafeBufferPointer(rebasing: parts[projection.parts.count...]), gatedLayout: gateUp.layout.results,
            down: down.view)
    }
}

/// A borrowed `LayerWeights`.
struct LayerView {
    /// [hidden]
    let attentionNorm: UnsafePointer<Float>
    /// Queries, keys and values
    let projection: UnsafeBufferPointer<PartView>
    /// [headDim] or nil
    let queryNorm: UnsafePointer<Float>?
    /// [headDim] or nil
    let keyNorm: UnsafePointer<Float>?
    let attentionOutput: MatrixView
    /// [hidden]
    let feedForwardNorm: UnsafePointer<Float>
    /// Gates and ups
    let gateUp: UnsafeBufferPointer<PartView>
    let gatedLayout: GatedLayout
    let down: MatrixView
}
