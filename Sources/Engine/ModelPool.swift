import Checkpoints
import Decoder
public import Foundation
public import Generation
import Kernels
import Tokenization

/// The models of a process, loaded once and shared by all sessions, and the pairs that jobs can name.
public struct ModelPool: Sendable {
    /// The engine that runs the models.
    public let engine: InferenceEngine
    /// The pair of jobs that name none.
    public let defaultPair: String
    /// What was loaded and how much memory it takes, in the order of names.
    public let plan: [ModelPlan]
    private let pairs: [String: ModelPoolDescription.Pair]

    /// The pairs that can be served, in alphabetical order.
    public var pairNames: [String] { pairs.keys.sorted() }

    /// Loads all models of a description and starts the engine.
    ///
    /// - Parameters:
    ///   - description: What to load.
    ///   - folder: What relative paths are relative to.
    ///   - threads: Compute threads; overrides the description's.
    /// - Throws: ``ModelPoolError/badModel(name:path:reason:)``, and a `KernelError` if the system refuses threads or the
    ///   address space of a KV cache.
    public init(_ description: ModelPoolDescription, relativeTo folder: URL, threads: Int? = nil) throws {
        let compute = try ComputeThreads(count: threads ?? description.threads ?? availableProcessors())
        var loaded: [LoadedModel] = []
        var plan: [ModelPlan] = []
        let budget = KeyValueBudget(modelCount: description.models.count)
        for (name, entry) in description.models.sorted(by: { $0.key < $1.key }) {
            let path = URL(fileURLWithPath: entry.path, relativeTo: folder).standardizedFileURL.path
            do {
                let model = try LoadedModel(name: name, path: path, entry: entry, threads: compute, budget: budget)
                plan.append(ModelPlan(model, path: path))
                loaded.append(model)
            } catch {
                throw ModelPoolError.badModel(name: name, path: path, reason: "\(error)")
            }
        }
        self.plan = plan
        defaultPair = description.defaultPair
        pairs = description.pairs
        engine = try InferenceEngine(loaded)
    }

    /// The models of a pair and what is known about their working together.
    ///
    /// - Parameter name: The pair; `nil` for the default.
    /// - Returns: `nil` if the pool has no such pair.
    public func pair(
        named name: String?
    ) -> ServedPair? {
        let name = name ?? defaultPair
        guard let pair = pairs[name], let slm = engine.model(named: pair.slm),
            let llm = engine.model(named: pair.llm)
        else { return nil }
        return ServedPair(
            name: name, slm: slm, llm: llm, entropySample: pair.entropySample, defaultTau: pair.defaultTau)
    }
}

/// A pair of a pool, ready to work.
public struct ServedPair: Sendable {
    /// The name that jobs ask for.
    public let name: String
    /// The small model.
    public let slm: any LanguageModel
    /// The large model.
    public let llm: any LanguageModel
    /// First-token entropies seen on earlier jobs, in nats.
    public let entropySample: [Double]
    /// Threshold in nats for jobs that give none.
    public let defaultTau: Double?
}

/// What one model of a pool is and the memory it takes.
public struct ModelPlan: Sendable, Hashable, Codable {
    /// Name, size and weights.
    public var identity: ModelIdentity
    /// Where it was loaded from.
    public var path: String
    /// Bytes of weights in memory.
    public var weightBytes: Int
    /// Bytes of the KV cache when full.
    public var cacheBytes: Int
    /// Tokens that the KV cache holds.
    public var cacheTokens: Int

    init(_ model: LoadedModel, path: String) {
        identity = model.identity
        self.path = path
        weightBytes = model.decoder.weightByteCount
        cacheBytes = model.blockCount * KeyValueCache.bytesPerBlock(model.decoder.shape, format: model.cacheFormat)
        cacheTokens = model.blockCount * KeyValueCache.blockTokens
    }
}

/// How much memory KV caches may take where the pool file does not say.
struct KeyValueBudget {
    let bytesPerModel: Int

    init(modelCount: Int) {
        let machine = Int(clamping: ProcessInfo.processInfo.physicalMemory)
        bytesPerModel = min(machine, controlGroupMemory() ?? machine) / 4 / max(modelCount, 1)
    }
}
