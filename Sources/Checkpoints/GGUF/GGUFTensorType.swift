/// How the elements of a GGUF tensor are stored, by their number in the file.
///
/// Numbers and sizes: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (`ggml_type`).
struct GGUFTensorType: Hashable, Sendable {
    /// The number in the file.
    let number: UInt32

    /// The format that we read; nil if we do not.
    var elementType: CheckpointTensor.ElementType? { Self.read[number] }

    /// The format's name; its number if we do not know it.
    var name: String {
        elementType?.rawValue ?? Self.known[number] ?? "type \(number)"
    }

    private static let read: [UInt32: CheckpointTensor.ElementType] = [
        0: .float32, 1: .float16, 2: .q4_0, 3: .q4_1, 6: .q5_0, 7: .q5_1, 8: .q8_0, 12: .q4_K, 13: .q5_K, 14: .q6_K,
        30: .bfloat16,
    ]

    private static let known: [UInt32: String] = [
        9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 15: "Q8_K", 16: "IQ2_XXS",
        17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8",
        25: "I16", 26: "I32", 27: "I64", 28: "F64", 29: "IQ1_M", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4", 40: "NVFP4",
    ]
}
