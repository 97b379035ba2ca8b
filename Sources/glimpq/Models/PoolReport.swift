import Decoder
import Engine
import Foundation

/// What the models of a pool file, or a single model, hold.
struct PoolReport {
    private let models: [(name: String, report: any PoolMember)]
    /// The models that cannot be shown.
    let faults: [ModelFault]
    private let pairs: [(name: String, pair: ModelPoolDescription.Pair)]
    private let defaultPair: String?

    /// Looks at one folder or GGUF file.
    ///
    init(model path: String, sessions: Int, caches: WeightCacheFolder) {
        do {
            models = [(path, try ModelReport(path: path, sessions: sessions, cache: caches.cache()))]
            faults = []
        } catch {
            models = []
            faults = [ModelFault(name: path, path: path, entry: nil, error: error)]
        }
        pairs = []
        defaultPair = nil
    }

    /// Looks at all models of a pool file.
    ///
    /// - Throws: `ModelPoolError` if the file itself is wrong.
    init(poolFile: String, sessions: Int, caches: WeightCacheFolder) throws {
        let file = URL(fileURLWithPath: poolFile)
        let description = try ModelPoolDescription.read(file)
        let cache = caches.cache(for: description, relativeTo: file.deletingLastPathComponent())
        var models: [(name: String, report: any PoolMember)] = [], faults: [ModelFault] = []
        for (name, model) in description.models.sorted(by: { $0.key < $1.key }) {
            if let simulated = model.simulated {
                models.append((name, SimulatedModelReport(simulated)))
                continue
            }
            let path = URL(fileURLWithPath: model.path ?? "", relativeTo: file.deletingLastPathComponent())
                .standardizedFileURL.path
            do {
                models.append(
                    (name, try ModelReport(path: path, entry: model, sessions: sessions, cache: cache)))
            } catch {
                faults.append(ModelFault(name: name, path: path, entry: model, error: error))
            }
        }
        (self.models, self.faults) = (models, faults)
        pairs = description.pairs.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        defaultPair = description.defaultPair
    }

    /// Whether a pool file was looked at, not a single model.
    var isOfPool: Bool { defaultPair != nil }

    /// For people.
    func text(_ palette: Palette) -> String {
        var parts = models.map { $0.report.text(title: $0.name, palette) }
        for (name, pair) in pairs {
            let note = name == defaultPair ? palette.dim("  (default)") : ""
            let assistants = pair.assistants.map { ", \($0.role) \($0.name)" }.joined()
            parts.append(
                "pair \(palette.bold(name)): \(palette.small(pair.slm)) + \(palette.large(pair.llm))\(assistants)\(note)\n"
            )
        }
        return parts.joined(separator: "\n")
    }

    /// For programs: an object for a model, an object of models and pairs for a pool file.
    var json: String {
        guard let defaultPair else {
            return (models.map { $0.report.json(name: $0.name) } + faults.map { $0.json(isNamed: false) }).joined()
        }
        return JSONText.object([
            ("default_pair", JSONText.string(defaultPair)),
            (
                "models",
                JSONText.array(
                    models.map { $0.report.json(name: $0.name) } + faults.map { $0.json(isNamed: true) })
            ),
            (
                "pairs",
                JSONText.array(
                    pairs.map {
                        JSONText.object(
                            [
                                ("name", JSONText.string($0.name)), ("slm", JSONText.string($0.pair.slm)),
                                ("llm", JSONText.string($0.pair.llm)),
                            ] + $0.pair.assistants.map { ($0.role, JSONText.string($0.name)) })
                    })
            ),
        ])
    }
}

extension ModelPoolDescription.Pair {
    /// Who helps the two models: role and name.
    fileprivate var assistants: [(role: String, name: String)] {
        [judge.map { ("judge", $0.model) }, scorer.map { ("scorer", $0.head ?? $0.model) }].compactMap(\.self)
            + routers.sorted { $0.key < $1.key }.map { ("router_\($0.key)", $0.value) }
    }
}

/// A model as `models show` prints it.
protocol PoolMember {
    /// Lines of name and value.
    func text(title: String, _ palette: Palette) -> String
    /// One JSON object.
    func json(name: String) -> String
}

extension ModelReport: PoolMember {}
