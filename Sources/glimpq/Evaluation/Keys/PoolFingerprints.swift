import Checkpoints
import Foundation

/// Fingerprints of the models and heads that a pool file names.
struct PoolFingerprints {
    /// The pool file.
    let pool: JSONNode
    /// Where its paths begin.
    let folder: URL

    /// Settings of a model that change no result.
    private static let withoutEffect: Set<String> = [
        "path", "kv_cache_mib", "max_batch_tokens", "max_prefill_chunk",
    ]

    /// A model: its shapes, a sample of its weights, and its settings.
    ///
    /// - Throws: `CheckpointError`.
    func model(_ name: String) throws -> String {
        guard let entry = pool["models"]?[name] else { return "unknown" }
        let settings = entry.memberNames.filter { !Self.withoutEffect.contains($0) }.sorted()
            .compactMap { key in entry[key].map { "\(key)=\(CanonicalJSON.text($0))" } }.joined(separator: " ")
        guard let path = entry["path"]?.string else { return digest(settings) }
        let checkpoint = try Checkpoint.open(path: resolved(path))
        return [checkpoint.fingerprint, checkpoint.sample, settings].filter { !$0.isEmpty }.joined(separator: " ")
    }

    /// A head: its files.
    ///
    /// - Throws: ``CommandFailure`` if they cannot be read.
    func head(_ name: String) throws -> String {
        guard let path = pool["heads"]?[name]?["path"]?.string else { return "unknown" }
        var hash = SHA256()
        for file in ["head.json", "head.safetensors"] {
            let place = URL(fileURLWithPath: resolved(path)).appendingPathComponent(file)
            guard let data = try? Data(contentsOf: place) else {
                throw CommandFailure(.environment, "\(place.path): cannot be read; heads.\(name).path names its folder")
            }
            hash.add(data)
        }
        return String(hash.text.prefix(16))
    }

    /// The models and heads that a part of a pair names, in the order of the text.
    ///
    /// - Throws: `CheckpointError`, ``CommandFailure``.
    func references(in node: JSONNode) throws -> [(name: String, print: String)] {
        switch node.value {
        case .string(let name):
            if pool["heads"]?[name] != nil { return [(name, try head(name))] }
            if pool["models"]?[name] != nil { return [(name, try model(name))] }
            return []
        case .array(let elements): return try elements.flatMap(references)
        case .object(let members): return try members.flatMap { try references(in: $0.node) }
        default: return []
        }
    }

    private func digest(_ text: String) -> String {
        var hash = SHA256()
        hash.add(part: text)
        return String(hash.text.prefix(16))
    }

    private func resolved(_ path: String) -> String {
        URL(fileURLWithPath: path, relativeTo: folder).standardizedFileURL.path
    }
}
