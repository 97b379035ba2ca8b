import Foundation
import Generation
import Testing

@testable import Routing

/// An interrupted job ends as the calm one does, wherever it was cut.
@Suite struct ResumeTests {
    static let jobs: [(strategy: String, parameters: String)] = [
        ("slm", ""), ("llm", #"{"finalizer": "owner"}"#), ("glimprouter", ""),
        ("glimprouter", #"{"tau": 0.4, "comparison": "ge", "entropy_support": 20, "first_llm_steps": 2}"#),
        ("glimprouter", #"{"target_intervention_rate": 0.3}"#), ("random", #"{"llm_share": 0.4}"#),
        ("step-entropy", #"{"tau": 1.0}"#), ("step-perplexity", #"{"tau": 1.6, "finalizer": "owner"}"#),
        ("glimprouter", #"{"max_step_tokens": 5, "max_thinking_tokens": 120}"#),
        ("random", #"{"llm_share": 0.5, "max_step_tokens": 3, "max_steps": 9}"#),
        ("glimprouter", #"{"hysteresis": 0.4, "max_llm_share": 0.7}"#),
        ("glimprouter", #"{"drift": "rollback", "tau": 1.4}"#),
        ("step-entropy", #"{"tau": 1.1, "drift": "rollback", "max_rollbacks": 5}"#),
        ("speccot", #"{"drift": "rollback", "floor": 0.4, "max_step_tokens": 9}"#),
        ("llm-judge", #"{"theta": 5, "score": "average"}"#), ("llm-judge", #"{"theta": 1, "max_llm_share": 0.3}"#),
        ("specreason", #"{"theta": 5, "score": "average", "native": true, "first_llm_steps": 1}"#),
        ("rsd", #"{"scorer": "logprob", "logprob_floor": -2.9}"#), ("rsd", #"{"delta": 0.5}"#),
        ("rsd", #"{"weight": "logistic", "delta": 0.4, "max_step_tokens": 6}"#),
        ("speccot", #"{"drafts": 3}"#), ("speccot", #"{"direction_steps": 0, "floor": 0.4, "max_step_tokens": 9}"#),
        ("speccot", #"{"drafts": 4, "choice": "likelihood", "floor": -2.85}"#),
        ("speccot", #"{"drafts": 2, "floor": 0.5, "max_llm_share": 0.4, "finalizer": "owner"}"#),
    ]

    static func models(alike: Bool) -> (slm: ScriptedModel, llm: ScriptedModel) {
        let mine = ScriptedVocabulary(["\n\n", "ab", "x\n\n"])
        let theirs = alike ? mine : ScriptedVocabulary(["ba", "1 "], shift: 5)
        return (babbler("small", vocabulary: mine), babbler("large", vocabulary: theirs, salt: 77))
    }

    @Test(arguments: jobs, [true, false])
    func everyCutPoint(job: (strategy: String, parameters: String), alike: Bool) async throws {
        var owners = Set<StepOwner>()
        var records = 0
        for seed in 0..<6 as Range<Int64> {
            func go(_ known: [StepRecord]) async throws -> (run: Run, models: (slm: ScriptedModel, llm: ScriptedModel))
            {
                let models = Self.models(alike: alike)
                let run = try await run(
                    job.strategy, job.parameters, slm: models.slm, llm: models.llm, prior: [0.1, 0.5, 1.9],
                    seed: seed, resuming: known
                ) { pair in
                    // The scorer reads the large model's ids.
                    let reader = babbler("scorer", vocabulary: models.llm.scripted, salt: 5, heads: ["prm"])
                    pair.scorer = Assistant(model: reader, head: "prm")
                }
                return (run, models)
            }
            let calm = try await go([]).run
            for cut in 0...calm.records.count {
                let known = try Self.stored(Array(calm.records[..<cut]))
                let (resumed, models) = try await go(known)
                #expect(resumed.records == calm.records, "seed \(seed), cut at \(cut)")
                #expect(resumed.outcome == calm.outcome)
                // Finished steps are not written again.
                let calls = models.slm.generations.count + models.llm.generations.count
                #expect(calls == calm.records[cut...].reduce(0) { $0 + Self.generations(of: $1) })
            }
            owners.formUnion(calm.records.map(\.owner))
            records += calm.records.count
        }
        #expect(records > 20)
        #expect(owners == (job.strategy == "slm" ? [.slm] : job.strategy == "llm" ? [.llm] : [.slm, .llm]))
    }

    /// Number of requests that a record took.
    static func generations(of record: StepRecord) -> Int {
        switch record.decision.rule {
        case .lastStep: 0
        case .draftRejected, .scoreBelow, .rewardBelow, .rewardRefused: 2
        case .chosen: record.details.review?.values.count ?? 0
        case .noneChosen: (record.details.review?.values.count ?? 0) + 1
        default: 1
        }
    }

    /// Records as they come back from where they were stored.
    static func stored(_ records: [StepRecord]) throws -> [StepRecord] {
        try JSONDecoder().decode([StepRecord].self, from: JSONEncoder().encode(records))
    }

    @Test func costIsTheOnlyPartThatMayDiffer() {
        let record = StepRecord(
            index: 0, kind: .thinking, decision: StepDecision(.fixed, owner: .slm), model: "m", text: "a", tokens: [1],
            finish: .delimiter)
        var other = record
        other.cost.slm.prefillTokens = 7
        #expect(record != other)
        #expect(record.hasSameContent(as: other))
        other.text = "b"
        #expect(!record.hasSameContent(as: other))
    }

    @Test func tracesThatDoNotFitAreRefused() async throws {
        let (slm, llm) = Self.models(alike: true)
        let pair = ModelPair(name: "pair", slm: slm, llm: llm)
        let job = try JobSpecification(prompt: "Q", strategy: "slm")
        let good = try await run("slm", slm: slm, llm: llm).records
        func refusal(_ change: (inout [StepRecord]) -> Void) -> Int? {
            var records = good
            change(&records)
            do {
                _ = try ReasoningSession(
                    specification: job, pair: pair, sequences: SessionSequences(session: 1), resuming: records)
                return nil
            } catch {
                return (error as? SessionError)?.record
            }
        }
        #expect(good.count > 2)
        #expect(refusal { _ in } == nil)
        #expect(refusal { $0.remove(at: 0) } == 0)
        #expect(refusal { $0[1].model = "another" } == 1)
        #expect(refusal { $0.append($0[0]) } == good.count - 1)
        #expect(refusal { $0[0].kind = .answer } == 0)
    }
}
