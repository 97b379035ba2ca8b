internal import CKernels

/// What a product reads of its input rows.
public enum InputFormat: Sendable {
    /// The rows as they are.
    case float32
    /// Rows rounded to bfloat16, ties to even; numbers below 2⁻¹²⁶ become zero.
    case bfloat16
    /// Rows rounded to 8-bit integers in blocks of 32, each with a scale.
    case int8

    /// Bytes of one prepared row, a multiple of 64.
    public func rowBytes(inputs: Int) -> Int { gq_prepared_bytes(code, inputs) }

    /// Its `GQ_INPUT_` constant.
    var code: Int32 {
        switch self {
        case .float32: Int32(GQ_INPUT_FLOAT32)
        case .bfloat16: Int32(GQ_INPUT_BFLOAT16)
        case .int8: Int32(GQ_INPUT_INT8)
        }
    }
}

/// Input rows as a product reads them: borrowed memory.
public struct PreparedRows {
    /// The first row.
    public let start: UnsafeRawPointer
    /// Bytes from one row to the next.
    public let rowBytes: Int

    /// Rows of floats, for products that read them as they are.
    public init(_ x: UnsafePointer<Float>, stride: Int) {
        start = UnsafeRawPointer(x)
        rowBytes = stride * MemoryLayout<Float>.stride
    }

    /// Rows that `VectorKernels.prepare` has written.
    public init(prepared: UnsafeRawPointer, rowBytes: Int) {
        start = prepared
        self.rowBytes = rowBytes
    }

    /// The rows from `row` on.
    public func advanced(by row: Int) -> PreparedRows {
        PreparedRows(prepared: start + row * rowBytes, rowBytes: rowBytes)
    }
}
