internal import CKernels

/// How a weight is stored, in files or in packed panels.
public enum ElementFormat: String, Sendable, CaseIterable {
    /// IEEE 754 single precision.
    case float32
    /// The upper half of a float32.
    case bfloat16
    /// IEEE 754 half precision. Only in files: panels widen it to float32.
    case float16

    /// Bytes of one element.
    public var bytes: Int { self == .float32 ? 4 : 2 }

    /// The panel format that holds these elements exactly.
    public var panelFormat: ElementFormat { self == .bfloat16 ? .bfloat16 : .float32 }

    /// Its `GQ_` constant.
    var code: Int32 {
        switch self {
        case .float32: Int32(GQ_FLOAT32)
        case .bfloat16: Int32(GQ_BFLOAT16)
        case .float16: Int32(GQ_FLOAT16)
        }
    }
}
