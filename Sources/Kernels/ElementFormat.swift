internal import CKernels

/// How weights are stored, in files or in packed panels.
public enum ElementFormat: String, Sendable, CaseIterable {
    /// IEEE 754 single precision.
    case float32
    /// The upper half of a float32.
    case bfloat16
    /// IEEE 754 half precision.
    case float16
    /// GGUF: blocks of 32 signed bytes with a half-precision scale.
    case q8_0
    /// GGUF: blocks of 32 four-bit numbers with a half-precision scale.
    case q4_0
    /// GGUF: blocks of 256 four-bit numbers in 8 groups with six-bit scales and minima.
    case q4_K
    /// GGUF: blocks of 256 six-bit numbers in 16 groups with eight-bit scales.
    case q6_K
    /// GGUF: blocks of 32 four-bit numbers with a half-precision scale and addend.
    case q4_1
    /// GGUF: blocks of 32 five-bit numbers with a half-precision scale.
    case q5_0
    /// GGUF: blocks of 32 five-bit numbers with a half-precision scale and addend.
    case q5_1
    /// GGUF: blocks of 256 five-bit numbers in 8 groups with six-bit scales and minima.
    case q5_K

    /// Elements that are stored together; 1 for floats. Rows consist of whole blocks.
    public var blockElements: Int { gq_block_elements(code) }

    /// Bytes of one block.
    public var blockBytes: Int { gq_block_bytes(code) }

    /// Bytes of `count` elements, which are whole blocks.
    public func byteCount(of count: Int) -> Int { count / blockElements * blockBytes }

    /// Whether elements are integers with scales.
    public var isQuantised: Bool { blockElements > 1 }

    /// The panel format that holds these elements exactly and how products read their inputs.
    func panels(_ precision: Precision) -> (format: ElementFormat, input: InputFormat) {
        switch self {
        case .float32: (.float32, .float32)
        case .float16: (.float16, .float32)
        case .bfloat16: (.bfloat16, precision == .fast ? .bfloat16 : .float32)
        case .q8_0, .q5_0: precision == .fast ? (.q8_0, .int8) : (.float32, .float32)
        case .q4_1, .q5_1, .q5_K: precision == .fast ? (.q5_K, .int8) : (.float32, .float32)
        case .q4_0, .q4_K, .q6_K: precision == .fast ? (self, .int8) : (.float32, .float32)
        }
    }

    /// Whether panels of that format hold these elements exactly.
    func fits(panels format: ElementFormat) -> Bool {
        format == .float32 || Precision.allCases.contains { panels($0).format == format }
    }

    /// Its `GQ_` constant.
    var code: Int32 {
        switch self {
        case .float32: Int32(GQ_FLOAT32)
        case .bfloat16: Int32(GQ_BFLOAT16)
        case .float16: Int32(GQ_FLOAT16)
        case .q8_0: Int32(GQ_Q8_0)
        case .q4_0: Int32(GQ_Q4_0)
        case .q4_K: Int32(GQ_Q4_K)
        case .q6_K: Int32(GQ_Q6_K)
        case .q4_1: Int32(GQ_Q4_1)
        case .q5_0: Int32(GQ_Q5_0)
        case .q5_1: Int32(GQ_Q5_1)
        case .q5_K: Int32(GQ_Q5_K)
        }
    }
}
