import Checkpoints
public import Decoder
public import Foundation
public import Generation
import Kernels
import Tokenization

/// The models of a process, loaded once and shared by all sessions, and the pairs that jobs can name.
public struct ModelPool: Sendable {
    /// The engine that runs the models that have weights.
    public let engine: InferenceEngine
    private let simulated: [String: SimulatedModel]
    /// The pair of jobs that name none.
    public let defaultPair: String
    /// What was loaded and how much memory it takes.
    public let plan: PoolPlan
    let pairs: [String: ModelPoolDescription.Pair]

    /// The pairs that can be served, in alphabetical order.
    public var pairNames: [String] { pairs.keys.sorted() }

    /// Loads all models of a description and starts the engine.
    ///
    /// - Parameters:
    ///   - description: What to load.
    ///   - folder: What relative paths are relative to.
    ///   - threads: Compute threads; overrides the description's.
    ///   - weightCache: Where packed weights are kept; `nil`: nowhere.
    ///   - report: Told how far it is, by any thread.
    /// - Throws: ``ModelPoolError/badModel(name:path:reason:)``,
    ///   ``ModelPoolError/notEnoughMemory(needed:available:reason:)`` before anything is loaded, and a `KernelError` if the system refuses threads or the
    ///   address space of a KV cache.
    public init(
        _ description: ModelPoolDescription, relativeTo folder: URL, threads: Int? = nil,
        weightCache: WeightCache? = nil, report: @escaping @Sendable (PoolLoadEvent) -> Void = { _ in }
    ) throws {
        let opened = try OpenedModel.all(of: description, relativeTo: folder)
        var (plan, blocks) = try Self.plan(opened, description, threads: threads, weightCache: weightCache)
        report(.planned(plan))
        // Without weights there is nothing to compute.
        let compute = try ComputeThreads(count: opened.isEmpty ? 1 : plan.threads)
        var loaded: [LoadedModel] = []
        for (model, blocks) in zip(opened, blocks) {
            do {
                let name = model.name
                let loading = WeightLoading(cache: weightCache) { report(.weights(model: name, $0)) }
                loaded.append(try LoadedModel(model, blocks: blocks, threads: compute, loading: loading))
            } catch {
                throw ModelPoolError.badModel(name: model.name, path: model.path, reason: "\(error)")
            }
        }
        for index in plan.models.indices {
            let name = plan.models[index].identity.name
            plan.models[index].weightFile = loaded.first { $0.identity.name == name }?.decoder.weightFile
            report(.loaded(plan.models[index]))
        }
        self.plan = plan
        defaultPair = description.defaultPair
        pairs = description.pairs
        engine = try InferenceEngine(loaded)
        simulated = Dictionary(
            uniqueKeysWithValues: SimulatedModel.all(of: description).map { ($0.identity.name, $0) })
        try checkVocabularies()
    }

    /// What each model has done so far, by name.
    public var metrics: [String: ModelMetrics] {
        engine.metrics.merging(simulated.mapValues(\.metrics)) { real, _ in real }
    }

    /// The model of a name, or `nil`.
    public func model(named name: String) -> (any LanguageModel)? {
        engine.model(named: name) ?? simulated[name]
    }

    /// What a pool would take, without loading it.
    ///
    /// - Throws: As the initialiser.
    public static func plan(
        of description: ModelPoolDescription, relativeTo folder: URL, threads: Int? = nil,
        weightCache: WeightCache? = nil
    ) throws -> PoolPlan {
        let opened = try OpenedModel.all(of: description, relativeTo: folder)
        return try plan(opened, description, threads: threads, weightCache: weightCache).plan
    }

    private static func plan(
        _ opened: [OpenedModel], _ description: ModelPoolDescription, threads: Int?, weightCache: WeightCache?
    ) throws -> (plan: PoolPlan, blocks: [Int]) {
        let threads = threads ?? description.threads ?? availableProcessors()
        let budget = MemoryBudget(description)
        let memory = try MemoryPlan(opened.map { $0.demand(threads: threads) }, budget: budget)
        var models = zip(opened, memory.blocks).map { ModelPlan($0, blocks: $1, threads: threads, cache: weightCache) }
        models += SimulatedModel.all(of: description).map { ModelPlan(simulated: $0.identity) }
        models.sort { $0.identity.name < $1.identity.name }
        return (PoolPlan(budget: budget, bytes: memory.bytes, models: models, threads: threads), memory.blocks)
    }
}
