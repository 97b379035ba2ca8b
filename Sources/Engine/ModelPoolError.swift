/// Why a model pool could not be set up.
public enum ModelPoolError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The pool file cannot be read or makes no sense.
    case badDescription(file: String, reason: String)
    /// A model cannot be loaded.
    case badModel(name: String, path: String, reason: String)

    /// A bounded label for metrics.
    public var code: String {
        switch self {
        case .badDescription: "bad_pool_description"
        case .badModel: "bad_model"
        }
    }

    /// What happened, where, and what to do.
    public var description: String {
        switch self {
        case .badDescription(let file, let reason): "model pool file \(file): \(reason)"
        case .badModel(let name, let path, let reason): "model \"\(name)\" (\(path)): \(reason)"
        }
    }
}
