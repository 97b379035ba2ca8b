internal import CKernels

/// The weights of one matrix product, [outputs, inputs], laid out for one kernel family, and its optional bias.
///
/// Our own kernels read panels of 16 outputs, padded with zeros; OpenBLAS reads rows [outputs][inputs] of float32.
///
/// `@unchecked Sendable`: filled by `pack` and `setBias` while it is loaded, by one thread or on disjoint rows; only read afterwards.
public final class PackedMatrix: @unchecked Sendable {
    /// Rows of the weight matrix: elements of a result row.
    public let outputs: Int
    /// Columns of the weight matrix: elements of an input row.
    public let inputs: Int
    /// How the weights are held.
    public let format: ElementFormat
    /// How products read their input rows.
    public let input: InputFormat
    /// Whose layout it is.
    public let family: KernelFamily
    private let weights: ReservedMemory
    private var bias: ReservedMemory?

    /// Outputs of one panel.
    public static let panelOutputs = 16

    /// A zero matrix to be filled with rows of `format`. OpenBLAS takes float32 throughout. Throws `KernelError.outOfMemory`.
    public init(
        outputs: Int, inputs: Int, format: ElementFormat, family: KernelFamily, precision: Precision = .exact
    ) throws {
        precondition(outputs > 0 && inputs > 0, "a matrix has at least one row and one column")
        self.outputs = outputs
        self.inputs = inputs
        self.family = family
        (self.format, input) = family == .own ? format.panels(precision) : (.float32, .float32)
        let bytes = Self.byteCount(outputs: outputs, inputs: inputs, panels: self.format)
        guard let weights = ReservedMemory(byteCount: bytes) else {
            throw KernelError.outOfMemory(bytes: bytes, purpose: "a weight matrix [\(outputs), \(inputs)]")
        }
        self.weights = weights
    }

    /// Bytes of a matrix that is packed from rows of `format`; `inputs` and `outputs` must be small enough not to overflow.
    public static func byteCount(outputs: Int, inputs: Int, format: ElementFormat, precision: Precision = .exact) -> Int
    {
        byteCount(outputs: outputs, inputs: inputs, panels: format.panels(precision).format)
    }

    private static func byteCount(outputs: Int, inputs: Int, panels format: ElementFormat) -> Int {
        (outputs + panelOutputs - 1) / panelOutputs * gq_panel_bytes(format.code, inputs)
    }

    /// Bytes held.
    public var byteCount: Int { weights.byteCount + (bias?.byteCount ?? 0) }

    /// Number of panels of 16 outputs, the last one possibly padded.
    public var panels: Int { (outputs + Self.panelOutputs - 1) / Self.panelOutputs }

    /// Copies rows of a row-major file matrix [outputs.count, inputs]: row i becomes output `outputs[i]`.
    public func pack(_ source: UnsafeRawBufferPointer, format sourceFormat: ElementFormat, outputs rows: [Int32]) {
        let rowBytes = sourceFormat.byteCount(of: inputs)
        precondition(inputs % sourceFormat.blockElements == 0, "rows consist of whole blocks")
        precondition(source.count == rows.count * rowBytes, "source holds one row for each output")
        guard let bytes = source.baseAddress else { return }
        precondition(rows.allSatisfy { $0 >= 0 && $0 < outputs }, "source rows fit the matrix")
        precondition(sourceFormat.fits(panels: format), "panels of \(format) do not hold \(sourceFormat)")
        switch family {
        case .own:
            gq_pack_rows(weights.start, format.code, rows, bytes, sourceFormat.code, rows.count, inputs)
        case .openBLAS:
            for (row, output) in rows.enumerated() {
                gq_widen(weights.floats + Int(output) * inputs, bytes + row * rowBytes, sourceFormat.code, inputs)
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
                panels: weights.start, outputs: outputs, inputs: inputs, format: format.code,
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
