/// Why a `tokenizer.json`, or the tokenizer in a GGUF file, could not be used. `jsonPath` is a metadata key in the latter.
public enum TokenizerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file could not be read.
    case unreadable(path: String, reason: String)
    /// The file is not what was expected.
    case malformed(source: String, jsonPath: String, expected: String, found: String)
    /// The file is sound but asks for something this tokenizer does not do.
    case unsupported(source: String, jsonPath: String, feature: String, supported: String)

    /// A bounded label for metrics.
    public var code: String {
        switch self {
        case .unreadable: "tokenizer_unreadable"
        case .malformed: "tokenizer_malformed"
        case .unsupported: "tokenizer_unsupported"
        }
    }

    /// What is wrong, where, and what would be right.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "cannot read tokenizer \(path): \(reason)"
        case .malformed(let source, let jsonPath, let expected, let found):
            "\(source): \(jsonPath): expected \(expected), got \(found)"
        case .unsupported(let source, let jsonPath, let feature, let supported):
            "\(source): \(jsonPath): \(feature) is not supported; supported: \(supported)"
        }
    }
}
