internal import Checkpoints
internal import Kernels

/// All weights of a model in compute format.
///
/// `@unchecked Sendable`: filled once while loading, only read afterwards.
final class DecoderWeights: @unchecked Sendable {
    private let layers: [LayerWeights]
    private let embedding: PackedMatrix
    private let head: PackedMatrix
    private let norm: ReservedMemory
    private let layerViews: UnsafeMutableBufferPointer<LayerView>

    /// Copies the weights out of the checkpoint with all threads. Throws `KernelError.outOfMemory`.
    init(_ checkpoint: Checkpoint, threads: ComputeThreads, family: KernelFamily) throws {
        let shape = checkpoint.shape
        layers = try (0..<shape.layers).map { try LayerWeights($0, of: checkpoint, family: family) }
        func table(_ role: TensorRole) throws -> PackedMatrix {
            try PackedMatrix(
                outputs: shape.vocabularySize, inputs: shape.hidden, format: checkpoint[role]?.format ?? .float32,
                family: family)
        }
        embedding = try table(.embedding)
        head = checkpoint.configuration.tiedEmbeddings ? embedding : try table(.outputHead)
        norm = try ReservedMemory.holding(checkpoint[.outputNorm]?.floats ?? [])
        layerViews = .allocate(capacity: layers.count)
        _ = layerViews.initialize(from: layers.map(\.view))
        pack(checkpoint, threads: threads)
    }

    deinit { layerViews.deallocate() }

    private func pack(_ checkpoint: Checkpoint, threads: ComputeThreads) {
        threads.run { member in
            for index in stride(from: member, to: layers.count, by: threads.count) {
                layers[index].pack(index, of: checkpoint)
            }
            Self.pack(checkpoint[.embedding], into: embedding, member: member, of: threads.count)
            if head !== embedding { Self.pack(checkpoint[.outputHead], into: head, member: member, of: threads.count) }
        }
    }

    /// Packs one thread's share of a large table, in whole panels.
    private static func pack(_ tensor: CheckpointTensor?, into matrix: PackedMatrix, member: Int, of members: Int) {
        guard let tensor else { return }
        let lanes = PackedMatrix.panelOutputs
        let rows =
            min(
                matrix.panels * member / members * lanes, matrix.outputs)..<min(
                matrix.panels * (member + 1) / members * lanes, matrix.outputs)
        let rowBytes = matrix.inputs * tensor.format.bytes
        tensor.withUnsafeBytes { bytes in
            matrix.pack(
                UnsafeRawBufferPointer(rebasing: bytes[rows.lowerBound * rowBytes..<rows.upperBound * rowBytes]),
                format: tensor.format, first: rows.lowerBound, interleaved: false)
        }
    }

    /// Bytes of all matrices.
    var byteCount: Int {
        layers.reduce(embedding.byteCount + (head === embedding ? 0 : head.byteCount)) { $0 + $1.byteCount }
    }

    /// Pointers without reference counting, valid while this object lives.
    var view: WeightsView {
        WeightsView(
            layers: UnsafeBufferPointer(layerViews), embedding: embedding.view, norm: norm.floats, head: head.view)
    }
}

/// A borrowed `DecoderWeights`.
struct WeightsView {
    let layers: UnsafeBufferPointer<LayerView>
    let embedding: MatrixView
    /// [hidden]
    let norm: UnsafePointer<Float>
    let head: MatrixView
}
