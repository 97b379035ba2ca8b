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

    /// Takes the matrices' places in storage, where they lie packed or are to be; reads norms and biases. Throws
    /// `KernelError.outOfMemory`.
    init(_ checkpoint: Checkpoint, layout: WeightLayout, in storage: PackedStorage) throws {
        var places = StoragePlaces(layout, in: storage)
        layers = try layout.layers.enumerated().map { layer, matrices in
            try LayerWeights(layer, of: checkpoint, layout: matrices, in: &places)
        }
        embedding = places.next(layout.embedding)
        head = layout.head.map { places.next($0) } ?? embedding
        norm = try ReservedMemory.holding(checkpoint[.outputNorm]?.floats ?? [])
        layerViews = .allocate(capacity: layers.count)
        _ = layerViews.initialize(from: layers.map(\.view))
    }

    deinit { layerViews.deallocate() }

    /// Packs the matrices out of the checkpoint, with all threads.
    ///
    /// - Parameter progress: Told of bytes that have been packed, by any thread.
    func pack(_ checkpoint: Checkpoint, threads: ComputeThreads, progress: (_ bytes: Int) -> Void) {
        let pieces = 4 * threads.count
        threads.share(chunks: layers.count + pieces) { _, chunk in
            if chunk < layers.count {
                layers[chunk].pack(chunk, of: checkpoint)
                return progress(layers[chunk].byteCount)
            }
            let piece = chunk - layers.count
            progress(Self.pack(checkpoint[.embedding], into: embedding, piece: piece, of: pieces))
            if head !== embedding {
                progress(Self.pack(checkpoint[.outputHead], into: head, piece: piece, of: pieces))
            }
        }
    }

    /// Packs one piece of a large table, in whole panels, and returns its bytes.
    private static func pack(
        _ tensor: CheckpointTensor?, into matrix: PackedMatrix, piece: Int, of pieces: Int
    ) -> Int {
        guard let tensor else { return 0 }
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
        return matrix.byteCount * (piece + 1) / pieces - matrix.byteCount * piece / pieces
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
