internal import CKernels

/// How the KV cache holds keys and values.
public enum KeyValueFormat: String, Sendable, CaseIterable {
    /// IEEE 754 single precision: nothing is lost.
    case float32 = "f32"
    /// IEEE 754 half precision, rounded to nearest even: half the memory and half the reading. Numbers beyond ±65504
    /// become ±65504; infinities and NaNs are kept, so that they show in the logits.
    case float16 = "f16"

    /// What suits products of that precision: nothing is lost beside exact ones.
    public init(suiting precision: Precision) { self = precision == .exact ? .float32 : .float16 }

    /// Bytes of one element.
    public var elementBytes: Int { self == .float16 ? 2 : 4 }

    /// Its `GQ_` constant.
    var code: Int32 { self == .float16 ? Int32(GQ_FLOAT16) : Int32(GQ_FLOAT32) }
}
