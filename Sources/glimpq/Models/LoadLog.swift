import Engine
import Generation
import Logging

/// Logs how a worker's pool is loaded: how the memory is divided, then how far it is, then what was loaded.
struct LoadLog: Sendable {
    private let logger: Logger
    private let progress: LoadProgress

    init(_ logger: Logger) {
        self.logger = logger
        progress = LoadProgress { line in
            let details = Dictionary(line.details.map { ($0.name, "\($0.value)") }, uniquingKeysWith: { $1 })
            logger.log(
                level: line.isWarning ? .warning : .info, "\(line.message)",
                metadata: details.mapValues { .string($0) })
        }
    }

    /// Logs an event.
    func note(_ event: PoolLoadEvent) {
        switch event {
        case .planned(let plan): note(plan)
        case .weights(let model, let event): progress.report(model: model, event)
        case .loaded(let model): note(model)
        }
    }

    private func note(_ plan: PoolPlan) {
        logger.info(
            "memory plan",
            metadata: [
                "with_full_caches": "\(Figures.bytes(plan.bytes))", "budget": "\(Figures.bytes(plan.budget.bytes))",
                "origin": "\(plan.budget.origin)", "threads": "\(plan.threads)",
            ])
        for model in plan.models where model.holdsLessThanOneContext {
            logger.warning("\(model.shortage)", metadata: ["remedy": "\(ModelPlan.remedyForShortage)"])
        }
    }

    private func note(_ model: ModelPlan) {
        logger.info(
            "model loaded",
            metadata: [
                "name": "\(model.identity.name)", "parameters": "\(model.identity.parameterCount)",
                "precision": "\(model.precision)", "weights": "\(Figures.bytes(model.weightBytes))",
                "shared_weights": "\(model.weightFile ?? "none")",
                "kv_cache": "\(Figures.bytes(model.cacheBytes)) for \(model.cacheTokens) tokens",
                "kv_cache_type": "\(model.cacheFormat)",
                "full_sessions": "\(model.cacheTokens / max(model.identity.contextLength, 1))",
                "sessions_of_2000_tokens": "\(model.cacheTokens / 2000)",
                "context": "\(model.identity.contextLength)", "path": "\(model.path)",
            ])
    }
}
