import Routing
import Testing

@testable import Worker

/// What a worker adds to a job's parameters must not make them refused.
@Suite struct EffectiveParametersTests {
    @Test(arguments: [
        ("glimprouter", "{}", "0.2"), ("glimprouter", #"{"tau": 0.5}"#, "0.5"),
        ("glimprouter", #"{"posterior": 0.5}"#, "0.5"), ("glimprouter", #"{"target_intervention_rate": 0.25}"#, "0.25"),
        ("llm", "{}", "{}"), ("llm-judge", #"{"theta": 6}"#, "6"), ("r2r", #"{"router": "entropy"}"#, "entropy"),
    ])
    func thePairsThresholdGoesOnlyWhereNoneIsSaid(strategy: String, given: String, kept: String) throws {
        let parameters = try EffectiveParameters(given, strategy: strategy, pairTau: 0.2)
        #expect(parameters.variant.contains(kept), "\(parameters.variant)")
        _ = try JobSpecification(prompt: "Q", strategy: strategy, parameters: parameters.json)
    }
}
