import Foundation
import Routing

/// What distinguishes one variant of a strategy from another, for grouping results: its own parameters, without
/// budgets and sampling.
enum StrategyVariant {
    private static let keys = [
        "tau", "target_intervention_rate", "comparison", "entropy_support", "llm_share", "first_llm_steps", "finalizer",
    ]

    /// A JSON object with the strategy's own parameters out of a job's parameters.
    ///
    /// - Parameters:
    ///   - strategy: Name of the strategy.
    ///   - parameters: The job's parameters, a JSON object that has been validated.
    static func json(strategy: String, parameters: String) throws -> String {
        let object = try JSONSerialization.jsonObject(with: Data(parameters.utf8)) as? [String: Any] ?? [:]
        var variant = object.filter { keys.contains($0.key) }
        if strategy == "glimprouter", variant["tau"] == nil, variant["target_intervention_rate"] == nil {
            variant["tau"] = Strategy.defaultTau
        }
        let data = try JSONSerialization.data(withJSONObject: variant, options: [.sortedKeys])
        return String(decoding: data, as: UTF8.self)
    }
}
