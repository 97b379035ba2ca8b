internal import CKernels

/// What a packed matrix is, before there is memory for it: its extents and how it will be held.
public struct MatrixLayout: Sendable, Hashable {
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

    /// Changes whenever the same weights are packed into other bytes: files of packed matrices go by it. The bytes do not
    /// depend on the instruction set.
    public static let version = 1

    /// How rows of `format` from a file are packed. OpenBLAS takes float32 throughout.
    public init(
        outputs: Int, inputs: Int, format: ElementFormat, family: KernelFamily, precision: Precision = .exact
    ) {
        precondition(outputs > 0 && inputs > 0, "a matrix has at least one row and one column")
        self.outputs = outputs
        self.inputs = inputs
        self.family = family
        (self.format, input) = family == .own ? format.panels(precision) : (.float32, .float32)
    }

    /// Number of panels of 16 outputs, the last one possibly padded.
    public var panels: Int { (outputs + PackedMatrix.panelOutputs - 1) / PackedMatrix.panelOutputs }

    /// Bytes of the packed weights; `inputs` and `outputs` must be small enough not to overflow.
    public var byteCount: Int { panels * gq_panel_bytes(format.code, inputs) }
}
