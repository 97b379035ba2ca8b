internal import Checkpoints
internal import Kernels

/// How all matrices of a model are packed, known before there is memory for them.
struct WeightLayout: Sendable, Hashable {
    /// The matrices of one block.
    struct Layer: Sendable, Hashable {
        /// [queries; keys; values] of [hidden] inputs
        let projection: JoinedLayout
        /// [hidden] of [heads · headDim] inputs
        let attentionOutput: MatrixLayout
        /// Gates and ups of [hidden] inputs
        let gateUp: GateUpLayout
        /// [hidden] of [intermediate] inputs
        let down: MatrixLayout

        fileprivate var matrices: [MatrixLayout] {
            projection.matrices + [attentionOutput] + gateUp.joined.matrices + [down]
        }
    }

    let layers: [Layer]
    let embedding: MatrixLayout
    /// nil where the head is the embedding.
    let head: MatrixLayout?

    init(_ checkpoint: Checkpoint, family: KernelFamily, precision: Precision) {
        let shape = checkpoint.shape
        func matrix(_ role: TensorRole, outputs: Int, inputs: Int) -> MatrixLayout {
            MatrixLayout(
                outputs: outputs, inputs: inputs, format: checkpoint[role]?.format ?? .float32, family: family,
                precision: precision)
        }
        layers = (0..<shape.layers).map { layer in
            func format(_ tensor: TensorRole.LayerTensor) -> ElementFormat {
                checkpoint[.layer(layer, tensor)]?.format ?? .float32
            }
            return Layer(
                projection: JoinedLayout(
                    [
                        (format(.query), shape.queryWidth), (format(.key), shape.keyValueWidth),
                        (format(.value), shape.keyValueWidth),
                    ], inputs: shape.hidden, family: family, precision: precision),
                attentionOutput: matrix(
                    .layer(layer, .attentionOutput), outputs: shape.hidden, inputs: shape.queryWidth),
                gateUp: GateUpLayout(
                    gate: format(.gate), up: format(.up), intermediate: shape.intermediate, inputs: shape.hidden,
                    family: family, precision: precision),
                down: matrix(.layer(layer, .down), outputs: shape.hidden, inputs: shape.intermediate))
        }
        embedding = matrix(.embedding, outputs: shape.vocabularySize, inputs: shape.hidden)
        head =
            checkpoint.configuration.tiedEmbeddings
            ? nil : matrix(.outputHead, outputs: shape.vocabularySize, inputs: shape.hidden)
    }

    /// All of them, in the order in which storage holds them.
    var matrices: [MatrixLayout] { layers.flatMap(\.matrices) + [embedding] + [head].compactMap(\.self) }

    /// Bytes of storage for all of them.
    var byteCount: Int { matrices.reduce(0) { StoragePlaces.aligned($0) + $1.byteCount } }
}

/// Hands the places of a storage to matrices, in the order of `WeightLayout.matrices`.
struct StoragePlaces {
    private let storage: PackedStorage
    private var layouts: ArraySlice<MatrixLayout>
    private var offset = 0

    init(_ layout: WeightLayout, in storage: PackedStorage) {
        self.storage = storage
        layouts = layout.matrices[...]
    }

    /// The next matrix, which has to be this one.
    mutating func next(_ layout: MatrixLayout) -> PackedMatrix {
        precondition(layouts.popFirst() == layout, "matrices take their places in order")
        let place = Self.aligned(offset)
        offset = place + layout.byteCount
        return PackedMatrix(layout, in: storage, at: place)
    }

    static func aligned(_ offset: Int) -> Int {
        (offset + PackedStorage.alignment - 1) / PackedStorage.alignment * PackedStorage.alignment
    }
}
