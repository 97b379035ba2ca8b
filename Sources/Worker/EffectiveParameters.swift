import Foundation
import Routing

/// A job's parameters with what its model pair adds: the threshold, which is a matter of the small model and does not
/// carry over from one to the next.
struct EffectiveParameters {
    /// Any of these says where the threshold of `glimprouter` comes from.
    private static let thresholdKeys = ["tau", "target_intervention_rate", "posterior"]
    /// The keys that make one variant of a strategy different from another; budgets and sampling do not.
    private static let variantKeys = [
        "acceptance", "choice", "comparison", "delta", "direction_steps", "draft_tokens", "drafts", "drift",
        "entropy_support", "exit_confidence", "exit_inducer", "exit_must_end", "exit_policy", "exit_skip_first",
        "exit_trial_tokens", "exit_trials",
        "exit_words", "finalizer", "first_llm_steps", "floor", "hysteresis", "llm_share", "logprob_floor",
        "max_llm_share", "max_rollbacks", "native", "owner", "posterior", "router", "score", "scorer", "switch_at",
        "target_intervention_rate", "tau", "theta", "threshold", "weight",
    ]

    /// What a job that names a target intervention rate, and no threshold, is calibrated by.
    struct Target: Equatable {
        var rate: Double
        var template: String
        var task: String
    }

    /// The parameters in force, a JSON object.
    private(set) var json: String
    /// The part that belongs to the strategy, a JSON object by which results are grouped.
    let variant: String
    /// What the job is to be calibrated by; `nil` if it names a threshold, or measures another entropy than the one that
    /// is gathered.
    let target: Target?
    private var object: [String: Any] = [:]

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
            target = nil
            return
        }
        if strategy == "glimprouter", Self.thresholdKeys.allSatisfy({ object[$0] == nil }) {
            object["tau"] = pairTau ?? Strategy.defaultTau
        }
        json = try Self.text(object)
        variant = try Self.text(object.filter { Self.variantKeys.contains($0.key) })
        target = Self.target(object, strategy: strategy)
        self.object = object
    }

    /// Adds a parameter that the worker found out.
    mutating func add(_ name: String, _ value: some Encodable) throws {
        object[name] = value
        json = try Self.text(object)
    }

    private static func target(_ object: [String: Any], strategy: String) -> Target? {
        guard strategy == "glimprouter", let rate = object["target_intervention_rate"] as? Double, rate > 0, rate < 1,
            object["calibrated_tau"] == nil, object["entropy_support"].map({ $0 as? String == "full" }) ?? true
        else { return nil }
        return Target(
            rate: rate, template: object["template"] as? String ?? "model", task: object["task"] as? String ?? "")
    }

    private static func text(_ object: [String: Any]) throws -> String {
        String(decoding: try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys]), as: UTF8.self)
    }
}
