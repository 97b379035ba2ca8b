import Engine
import FoundationEssentials

/// Checks of the models that a worker would load.
enum PoolChecks {
    /// Opens every model of a pool file.
    ///
    /// - Parameter path: The file; `nil` if none is set.
    static func run(_ path: String?) -> [Finding] {
        guard let path else {
            return [
                Finding(
                    "models", .warning, "no model pool file is named; a worker needs one",
                    remedy: "name one with --models or GLIMPQ_MODELS, e.g. Config/models.demo.json")
            ]
        }
        do {
            let file = URL(fileURLWithPath: path)
            let description = try ModelPoolDescription.read(file)
            let pairs = description.pairs.keys.sorted().joined(separator: ", ")
            return [Finding("models", "\(path): pairs \(pairs), default \(description.defaultPair)")]
                + description.models.sorted { $0.key < $1.key }.map { name, model in
                    self.model(
                        name, model, URL(fileURLWithPath: model.path, relativeTo: file.deletingLastPathComponent()))
                }
        } catch {
            return [
                Finding(
                    "models", .broken, Ending(of: error).sentence,
                    remedy: "mend the file, or name another with --models")
            ]
        }
    }

    private static func model(_ name: String, _ entry: ModelPoolDescription.Model, _ place: URL) -> Finding {
        do {
            let report = try ModelReport(path: place.standardizedFileURL.path, entry: entry)
            let available = MachineChecks.memoryFields["MemAvailable"] ?? .max
            guard report.memoryBytes < available else {
                return Finding(
                    "model \(name)", .broken,
                    "needs \(Figures.bytes(report.memoryBytes)), \(Figures.bytes(available)) are available",
                    remedy: "use a smaller model or a larger machine")
            }
            return Finding("model \(name)", report.summary)
        } catch {
            return Finding(
                "model \(name)", .broken, Ending(of: error).sentence,
                remedy: "fetch the model again, or mend its path in the pool file")
        }
    }
}
