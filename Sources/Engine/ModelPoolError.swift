/// Why a model pool could not be set up.
public enum ModelPoolError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The pool file cannot be read or makes no sense.
    case badDescription(file: String, reason: String)
    /// A model cannot be loaded.
    case badModel(name: String, path: String, reason: String)
    /// A head cannot be loaded.
    case badHead(name: String, path: String, reason: String)
    /// The models of a pair do not work together.
    case badPair(name: String, reason: String)
    /// Several models cannot be loaded.
    case badModels([ModelPoolError])
    /// The models do not fit into the memory that they may take, in bytes.
    case notEnoughMemory(needed: Int, available: Int, reason: String)

    /// A bounded label for metrics.
    public var code: String {
        switch self {
        case .badDescription: "bad_pool_description"
        case .badModel, .badModels: "bad_model"
        case .badHead: "bad_head"
        case .badPair: "bad_pair"
        case .notEnoughMemory: "not_enough_memory"
        }
    }

    /// What happened, where, and what to do.
    public var description: String {
        switch self {
        case .badDescription(let file, let reason): "model pool file \(file): \(reason)"
        case .badHead(let name, _, let reason): "head \"\(name)\": \(reason)"
        case .badPair(let name, let reason): "pair \"\(name)\": \(reason)"
        case .badModel(let name, let path, let reason):
            // Reasons tend to begin with the path.
            "model \"\(name)\" (\(path)): "
                + reason.split(separator: "\n").map { $0.hasPrefix("\(path): ") ? $0.dropFirst(path.count + 2) : $0 }
                .joined(separator: "\n")
        case .badModels(let errors): errors.map(\.description).joined(separator: "\n")
        case .notEnoughMemory(let needed, let available, let reason):
            "the models need \(needed >> 20) MiB and may take \(available >> 20): \(reason). Use smaller or quantised "
                + "models, fewer of them, a smaller kv_cache_mib, or a larger memory_mib in the pool file"
        }
    }
}
