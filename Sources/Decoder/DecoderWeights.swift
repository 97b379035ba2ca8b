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
    init(
        _ checkpoint: Checkpoint, threads: ComputeThreads, family: KernelFamily, precision: Precision
    ) throws {
        let shape = checkpoint.shape
        layers = try (0..<shape.layers).map {
            try LayerWeights($0, of: checkpoint, family: family, precision: precision)
        }
        func table(_ role: TensorRole) throws -> PackedMatrix {
            try PackedMatrix(
                outputs: shape.vocabularySize, inputs: shape.hidden, format: checkpoint[role]?.format ?? .float32,
                family: family, precision: precision)
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
        let pieces = 4 * threads.count
        threads.share(chunks: layers.count + pieces) { _, chunk in
            if chunk < layers.count {
                layers[chunk].pack(chunk, of: checkpoint)
                return
            }
            let piece = chunk - layers.count
            Self.pack(checkpoint[.embedding], into: embedding, piece: piece, of: pieces)
            if head !== embedding { Self.pack(checkpoint[.outputHead], into: head, piece: piece, of: pieces) }
        }
    }

    /// Packs one piece of a large table, in whole panels.
    private static func pack(_ tensor: CheckpointTensor?, into matrix: PackedMatrix, piece: Int, of pieces: Int) {
        guard let tensor else { return }
        let lanes = PackedMatrix.panelOutputs
        let rows =
            min(
                matrix.panels * piece / pieces * lanes, matrix.outputs)..<min(
                matrix.panels * (piece + 1) / pieces * lanes, matrix.outputs)
        let rowBytes = tensor.format.byteCount(of: matrix.inputs)
        let part = rows.lowerBound * rowBytes..<rows.upperBound * rowBytes
        tensor.withUnsafeBytes { bytes in
            matrix.pack(
                UnsafeRawBufferPointer(rebasing: bytes[part]), format: tensor.format, outputs: rows.map(Int32.init))
        }
        tensor.forget(part)
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
