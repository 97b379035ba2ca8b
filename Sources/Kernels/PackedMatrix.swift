internal import CKernels

/// The weights of one matrix product, [outputs, inputs], laid out for one kernel family, and its optional bias.
///
/// Our own kernels read panels of 16 outputs, padded with zeros; OpenBLAS reads rows [outputs][inputs] of float32.
///
/// `@unchecked Sendable`: filled by `pack` and `setBias` while it is loaded, by one thread or on disjoint rows; only read afterwards.
public final class PackedMatrix: @unchecked Sendable {
    /// Extents and formats.
    public let layout: MatrixLayout
    private let storage: PackedStorage
    private let weights: UnsafeMutableRawPointer
    private var bias: ReservedMemory?

    /// Outputs of one panel.
    public static let panelOutputs = 16

    /// A zero matrix in memory of its own, to be filled with rows of `format`. Throws `KernelError.outOfMemory`.
    public convenience init(
        outputs: Int, inputs: Int, format: ElementFormat, family: KernelFamily, precision: Precision = .exact
    ) throws {
        let layout = MatrixLayout(
            outputs: outputs, inputs: inputs, format: format, family: family, precision: precision)
        let storage = try PackedStorage(
            byteCount: layout.byteCount, purpose: "a weight matrix [\(outputs), \(inputs)]")
        self.init(layout, in: storage, at: 0)
    }

    /// The matrix that lies in storage from byte `offset` on: packed already, or zero and to be filled.
    public init(_ layout: MatrixLayout, in storage: PackedStorage, at offset: Int) {
        precondition(
            offset >= 0 && offset % PackedStorage.alignment == 0 && offset <= storage.bytes.count - layout.byteCount,
            "the matrix lies in its storage")
        guard let start = storage.bytes.baseAddress else { preconditionFailure("storage has at least one byte") }
        self.layout = layout
        self.storage = storage
        weights = start + offset
    }

    /// Rows of the weight matrix: elements of a result row.
    public var outputs: Int { layout.outputs }
    /// Columns of the weight matrix: elements of an input row.
    public var inputs: Int { layout.inputs }
    /// How the weights are held.
    public var format: ElementFormat { layout.format }
    /// How products read their input rows.
    public var input: InputFormat { layout.input }
    /// Whose layout it is.
    public var family: KernelFamily { layout.family }

    /// Bytes held.
    public var byteCount: Int { layout.byteCount + (bias?.byteCount ?? 0) }

    /// Number of panels of 16 outputs, the last one possibly padded.
    public var panels: Int { layout.panels }

    /// Copies rows of a row-major file matrix [outputs.count, inputs]: row i becomes output `outputs[i]`.
    public func pack(_ source: UnsafeRawBufferPointer, format sourceFormat: ElementFormat, outputs rows: [Int32]) {
        let rowBytes = sourceFormat.byteCount(of: inputs)
        precondition(inputs % sourceFormat.blockElements == 0, "rows consist of whole blocks")
        precondition(storage.isWritable, "packed matrices are only read")
        precondition(source.count == rows.count * rowBytes, "source holds one row for each output")
        guard let bytes = source.baseAddress else { return }
        precondition(rows.allSatisfy { $0 >= 0 && $0 < outputs }, "source rows fit the matrix")
        precondition(sourceFormat.fits(panels: format), "panels of \(format) do not hold \(sourceFormat)")
        switch family {
        case .own:
            gq_pack_rows(weights, format.code, rows, bytes, sourceFormat.code, rows.count, inputs)
        case .openBLAS:
            for (row, output) in rows.enumerated() {
                gq_widen(
                    weights.assumingMemoryBound(to: Float.self) + Int(output) * inputs, bytes + row * rowBytes,
                    sourceFormat.code, inputs)
            }
        }
    }

    /// Sets the bias [outputs] that every product adds.
    public func setBias(_ values: [Float]) throws {
        precondition(values.count == outputs, "a bias has one element per output")
        let bytes = outputs * MemoryLayout<Float>.stride
        guard let bias = ReservedMemory(byteCount: bytes) else {
            throw KernelError.outOfMemory(bytes: bytes, purpose: "a bias [\(outputs)]")
        }
        bias.floats.update(from: values, count: outputs)
        self.bias = bias
    }

    /// Pointers for the kernels. Valid as long as this object lives.
    public var view: MatrixView {
        MatrixView(
            matrix: gq_matrix(
                panels: weights, outputs: outputs, inputs: inputs, format: format.code,
                input: input.code, bias: bias.map { .init($0.floats) }),
            family: family, input: input)
    }
}

/// A borrowed `PackedMatrix` without reference counting; valid while its matrix lives.
public struct MatrixView {
    var matrix: gq_matrix
    /// Whose layout it is.
    public let family: KernelFamily

    /// How products read their input rows.
    public let input: InputFormat
    /// Columns of the weight matrix.
    public var inputs: Int { matrix.inputs }

    /// Number of panels of 16 outputs, the last one possibly padded.
    public var panels: Int { (matrix.outputs + PackedMatrix.panelOutputs - 1) / PackedMatrix.panelOutputs }

    /// The part that computes the outputs of some panels: its first output is theirs.
    public func slice(_ panels: Range<Int>) -> MatrixView {
        let first = panels.lowerBound * PackedMatrix.panelOutputs
        var part = self
        part.matrix.outputs = min(panels.upperBound * PackedMatrix.panelOutputs, matrix.outputs) - first
        part.matrix.bias = matrix.bias.map { $0 + first }
        switch family {
        case .own: part.matrix.panels += panels.lowerBound * gq_panel_bytes(matrix.format, inputs)
        case .openBLAS: part.matrix.panels += first * inputs * MemoryLayout<Float>.stride
        }
        return part
    }
}
