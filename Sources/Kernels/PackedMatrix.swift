internal import CKernels

/// The weights of one matrix product, [outputs, inputs], laid out for one kernel family, and its optional bias.
///
/// Our own kernels read panels [⌈outputs/16⌉][inputs][16] of float32 or bfloat16, padded with zeros; OpenBLAS reads rows
/// [outputs][inputs] of float32.
///
/// `@unchecked Sendable`: filled by `pack` and `setBias` while it is loaded, by one thread or on disjoint rows; only read afterwards.
public final class PackedMatrix: @unchecked Sendable {
    /// Rows of the weight matrix: elements of a result row.
    public let outputs: Int
    /// Columns of the weight matrix: elements of an input row.
    public let inputs: Int
    /// How the weights are held.
    public let format: ElementFormat
    /// Whose layout it is.
    public let family: KernelFamily
    private let weights: ReservedMemory
    private var bias: ReservedMemory?

    /// Outputs of one panel.
    public static let panelOutputs = 16

    /// A zero matrix to be filled. `format` is ignored by OpenBLAS, which takes float32. Throws `KernelError.outOfMemory`.
    public init(outputs: Int, inputs: Int, format: ElementFormat, family: KernelFamily) throws {
        precondition(outputs > 0 && inputs > 0, "a matrix has at least one row and one column")
        self.outputs = outputs
        self.inputs = inputs
        self.family = family
        self.format = family == .own ? format.panelFormat : .float32
        let bytes = Self.byteCount(outputs: outputs, inputs: inputs, format: self.format)
        guard let weights = ReservedMemory(byteCount: bytes) else {
            throw KernelError.outOfMemory(bytes: bytes, purpose: "a weight matrix [\(outputs), \(inputs)]")
        }
        self.weights = weights
    }

    /// Bytes of a matrix in panels of that format; `inputs` and `outputs` must be small enough not to overflow.
    public static func byteCount(outputs: Int, inputs: Int, format: ElementFormat) -> Int {
        (outputs + panelOutputs - 1) / panelOutputs * panelOutputs * inputs * format.panelFormat.bytes
    }

    /// Bytes held.
    public var byteCount: Int { weights.byteCount + (bias?.byteCount ?? 0) }

    /// Number of panels of 16 outputs, the last one possibly padded.
    public var panels: Int { (outputs + Self.panelOutputs - 1) / Self.panelOutputs }

    /// Copies rows of a row-major file matrix [rows, inputs] to the outputs from `first` on.
    ///
    /// `interleaved` leaves out every other group of 16 outputs, so that a second matrix can be packed between.
    public func pack(
        _ source: UnsafeRawBufferPointer, format sourceFormat: ElementFormat, first: Int, interleaved: Bool
    ) {
        let rowBytes = inputs * sourceFormat.bytes
        precondition(source.count % rowBytes == 0, "source holds whole rows")
        let rows = source.count / rowBytes
        guard rows > 0, let bytes = source.baseAddress else { return }
        let lanes = Self.panelOutputs
        let last = interleaved ? first + (rows - 1) / lanes * 2 * lanes + (rows - 1) % lanes : first + rows - 1
        precondition(first >= 0 && last < outputs && (!interleaved || first % lanes == 0), "source rows fit the matrix")
        precondition(format == .float32 || sourceFormat == .bfloat16, "bfloat16 panels take bfloat16 sources only")
        switch family {
        case .own:
            gq_pack_rows(
                weights.start, format.code, first, interleaved ? 1 : 0, bytes, sourceFormat.code, rows, inputs)
        case .openBLAS:
            for row in 0..<rows {
                let output = interleaved ? first + row / lanes * 2 * lanes + row % lanes : first + row
                gq_widen(weights.floats + output * inputs, bytes + row * rowBytes, sourceFormat.code, inputs)
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
                bias: bias.map { .init($0.floats) }),
            family: family)
    }
}

/// A borrowed `PackedMatrix` without reference counting; valid while its matrix lives.
public struct MatrixView {
    var matrix: gq_matrix
    /// Whose layout it is.
    public let family: KernelFamily

    /// Number of panels of 16 outputs, the last one possibly padded.
    public var panels: Int { (matrix.outputs + PackedMatrix.panelOutputs - 1) / PackedMatrix.panelOutputs }
}
