import Decoder
import Engine
import FoundationEssentials

/// Checks of the models that a worker would load.
struct PoolChecks {
    /// Where packed weights are kept.
    let caches: WeightCacheFolder

    /// Opens every model of a pool file.
    ///
    /// - Parameter path: The file; `nil` if none is set.
    func run(_ path: String?) -> [Finding] {
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
            let folder = file.deletingLastPathComponent()
            let cache = caches.cache(for: description, relativeTo: folder)
            return [Finding("models", "\(path): pairs \(pairs), default \(description.defaultPair)")]
                + description.models.sorted { $0.key < $1.key }.map { name, model in
                    self.model(name, model, URL(fileURLWithPath: model.path ?? "", relativeTo: folder), cache)
                } + [memory(description, folder), weights(cache)]
        } catch {
            return [
                Finding(
                    "models", .broken, Ending(of: error).sentence,
                    remedy: "mend the file, or name another with --models")
            ]
        }
    }

    private func model(
        _ name: String, _ model: ModelPoolDescription.Model, _ folder: URL, _ cache: WeightCache?
    ) -> Finding {
        if let simulated = model.simulated {
            return Finding("model \(name)", SimulatedModelReport(simulated).summary)
        }
        do {
            let report = try ModelReport(path: folder.standardizedFileURL.path, entry: model, cache: cache)
            return Finding("model \(name)", report.summary)
        } catch {
            return Finding(
                "model \(name)", .broken, Ending(of: error).sentence,
                remedy: "fetch the model again, or mend its path in the pool file")
        }
    }

    /// Whether the models fit the budget, and the budget what is free now.
    /// Whether workers on this machine share their weights.
    private func weights(_ cache: WeightCache?) -> Finding {
        guard let cache else {
            return Finding("weight cache", "none: every worker packs its weights into memory of its own")
        }
        let files = cache.files, faults = files.filter { $0.fault != nil }
        let found =
            "\(cache.folder): \(files.count) file\(files.count == 1 ? "" : "s"), "
            + Figures.bytes(files.reduce(0) { $0 + $1.byteCount })
        guard let first = faults.first, let fault = first.fault else { return Finding("weight cache", found) }
        return Finding(
            "weight cache", .warning, "\(found); \(faults.count) of no use, the first \(first.path): \(fault)",
            remedy: "glimpq models cache clear removes all files; workers make those they need")
    }

    private func memory(_ description: ModelPoolDescription, _ folder: URL) -> Finding {
        do {
            let plan = try ModelPool.plan(of: description, relativeTo: folder)
            let available = MachineChecks.memoryFields["MemAvailable"] ?? .max
            let weights = plan.models.reduce(0) { $0 + $1.weightBytes }
            let found =
                "\(Figures.bytes(plan.bytes)) with full caches, \(Figures.bytes(weights)) of it weights; "
                + "\(Figures.bytes(plan.budget.bytes)) allowed, \(plan.budget.origin)"
            guard plan.bytes > available else {
                guard let model = plan.models.first(where: \.holdsLessThanOneContext) else {
                    return Finding("memory plan", found)
                }
                return Finding(
                    "memory plan", .warning, "\(found); \(model.shortage)", remedy: ModelPlan.remedyForShortage)
            }
            return Finding(
                "memory plan", weights > available ? .broken : .warning,
                "\(found); only \(Figures.bytes(available)) are available now",
                remedy: "set a smaller memory_mib in the pool file, or free some memory")
        } catch let error as ModelPoolError where error.code == "bad_model" {
            return Finding(
                "memory plan", .warning, "unknown while a model cannot be opened", remedy: "mend the model first")
        } catch {
            return Finding("memory plan", .broken, "\(error)", remedy: "see the pool file")
        }
    }
}
