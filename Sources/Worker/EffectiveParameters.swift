import Foundation
import Routing

/// A job's parameters with what its model pair adds: the threshold, which is a matter of the small model and does not
/// carry over from one to the next.
struct EffectiveParameters {
    /// The keys that make one variant of a strategy different from another; budgets and sampling do not.
    private static let variantKeys = [
        "acceptance", "choice", "comparison", "delta", "direction_steps", "draft_tokens", "drafts", "drift",
        "entropy_support", "exit_confidence", "exit_inducer", "exit_policy", "exit_trial_tokens", "exit_trials",
        "exit_words", "finalizer", "first_llm_steps", "floor", "hysteresis", "llm_share", "logprob_floor",
        "max_llm_share", "max_rollbacks", "native", "owner", "posterior", "router", "score", "scorer", "switch_at",
        "target_intervention_rate", "tau", "theta", "threshold", "weight",
    ]

    /// The parameters in force, a JSON object.
    let json: String
    /// The part that belongs to the strategy, a JSON object by which results are grouped.
    let variant: String

    /// Completes the parameters of a job.
    ///
    /// - Parameters:
    ///   - parameters: The job's own, a JSON object. Anything else is passed on as it is, for validation to refuse.
    ///   - strategy: Name of the job's strategy.
    ///   - pairTau: The pair's threshold for `glimprouter`, in nats; `nil` takes the general default.
    init(_ parameters: String, strategy: String, pairTau: Double?) throws {
        guard var object = try? JSONSerialization.jsonObject(with: Data(parameters.utf8)) as? [String: Any] else {
            json = parameters
            variant = "{}"
            return
        }
        if strategy == "glimprouter", object["tau"] == nil, object["target_intervention_rate"] == nil {
            object["tau"] = pairTau ?? Strategy.defaultTau
        }
        json = try Self.text(object)
        variant = try Self.text(object.filter { Self.variantKeys.contains($0.key) })
    }

    private static func text(_ object: [String: Any]) throws -> String {
        String(decoding: try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys]), as: UTF8.self)
    }
}
