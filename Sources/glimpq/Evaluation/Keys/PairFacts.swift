import Checkpoints
import Foundation

/// The models of a pair as far as results depend on them: fingerprints, settings, and what belongs to the pair for
/// single methods.
struct PairFacts {
    /// Name of the pair.
    let name: String
    /// Names and fingerprints, for people: `slm demo-slm 0123…`.
    let models: [String]
    private let base: String
    /// What else the pair holds, by its key in the pool file, with fingerprints in place of paths.
    private let extras: [String: String]

    /// Reads the pool file again, as text: a key that this program's evaluation knows nothing of counts too.
    ///
    /// - Parameters:
    ///   - file: The pool file, checked before.
    ///   - pair: Name of the pair; `nil` takes the default.
    /// - Throws: ``CommandFailure``, `CheckpointError`.
    init(file: URL, pair wanted: String?) throws {
        let pool: JSONNode
        do {
            pool = try JSONReader.parse(Array(try Data(contentsOf: file)))
        } catch let error as JSONSyntaxError {
            throw CommandFailure(.environment, "\(file.path): \(error)")
        }
        guard let name = wanted ?? pool["default_pair"]?.string, let pair = pool["pairs"]?[name] else {
            let names = pool["pairs"]?.memberNames.joined(separator: ", ") ?? ""
            throw CommandFailure(
                .usage, "pair: expected one of \(names) (\(file.path)), got \((wanted ?? "").debugDescription)")
        }
        self.name = name
        let reader = PoolFingerprints(pool: pool, folder: file.deletingLastPathComponent())
        let slm = pair["slm"]?.string ?? "", llm = pair["llm"]?.string ?? ""
        let slmPrint = try reader.model(slm), llmPrint = try reader.model(llm)
        var models = ["slm \(slm) \(slmPrint)", "llm \(llm) \(llmPrint)"]
        base = "slm \(slmPrint)\nllm \(llmPrint)"
        var extras: [String: String] = [:]
        for key in pair.memberNames where key != "slm" && key != "llm" {
            guard let node = pair[key] else { continue }
            // Each router belongs to a method of its own.
            let parts = key == "router" ? node.memberNames.map { ("router.\($0)", node[$0] ?? node) } : [(key, node)]
            for (name, part) in parts {
                let prints = try reader.references(in: part)
                extras[name] = ([CanonicalJSON.text(part)] + prints.map { "\($0.name) \($0.print)" })
                    .joined(separator: "\n")
                models += prints.map { "\(name) \($0.name) \($0.print)" }
            }
        }
        self.extras = extras
        self.models = models
    }

    /// Hash of what results of a strategy depend on.
    func digest(strategy: String, params: String) -> String {
        var hash = SHA256()
        hash.add(part: base)
        for key in extras.keys.sorted() where Self.uses(key, strategy: strategy, params: params) {
            hash.add(part: key)
            hash.add(part: extras[key])
        }
        return hash.text
    }

    /// Whether results depend on a key of the pair. What is not known here counts as used.
    private static func uses(_ key: String, strategy: String, params: String) -> Bool {
        let given = Set((try? JSONReader.parse(Array(params.utf8)))?.memberNames ?? [])
        switch key {
        case "entropy_sample": return !given.isDisjoint(with: ["target_intervention_rate", "posterior"])
        case "default_tau":
            return strategy == "glimprouter"
                && given.isDisjoint(with: ["tau", "target_intervention_rate", "posterior"])
        case "judge": return ["llm-judge", "specreason"].contains(strategy)
        case "scorer": return strategy == "rsd"
        case _ where key.hasPrefix("router."): return key == "router.\(strategy)"
        default: return !["slm", "llm"].contains(strategy)
        }
    }
}

extension JSONNode {
    /// Names of the members, if it is an object.
    var memberNames: [String] {
        guard case .object(let members) = value else { return [] }
        return members.map(\.name)
    }
}
