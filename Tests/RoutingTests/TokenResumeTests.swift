import Generation
import Testing

@testable import Routing

/// Methods that change models inside steps, draft or leave early: an interrupted job ends as the calm one does, wherever
/// it was cut.
@Suite struct TokenResumeTests {
    static let jobs: [(strategy: String, parameters: String)] = [
        ("speculative", #"{"max_step_tokens": 7}"#), ("speculative", #"{"acceptance": "ratio", "draft_tokens": 3}"#),
        ("glimprouter", #"{"tau": 1, "draft_tokens": 2, "max_step_tokens": 4}"#),
        ("r-stitch", #"{"tau": 0.5}"#), ("r-stitch", #"{"tau": 0.4, "native": true, "max_step_tokens": 3}"#),
        ("r-stitch", #"{"tau": 0.45, "draft_tokens": 4, "acceptance": "ratio", "max_llm_share": 0.5}"#),
        ("r-stitch-plus", #"{"tau": 0.3, "switch_at": 0.4}"#), ("r2r", ""),
        ("r2r", #"{"router": "entropy", "threshold": 1.2, "max_step_tokens": 5, "finalizer": "owner"}"#),
        ("deer", #"{"exit_words": ["a", "b"], "exit_confidence": 0.6}"#),
        ("deer", #"{"owner": "slm", "exit_words": [], "exit_policy": "arithmetic", "exit_confidence": 0.65}"#),
        ("glimprouter", #"{"tau": 1, "exit_words": [], "exit_confidence": 0.6, "exit_trials": 3, "draft_tokens": 3}"#),
        ("r-stitch", #"{"tau": 0.5, "exit_words": ["c"], "exit_confidence": 0.55}"#),
    ]

    @Test(arguments: jobs) func everyCutPoint(job: (strategy: String, parameters: String)) async throws {
        let words = ScriptedVocabulary(["\n\n"])
        func go(_ seed: Int64, _ known: [StepRecord]) async throws -> Run {
            try await run(
                job.strategy, job.parameters, slm: tableBabbler("small", words, salt: 0),
                llm: tableBabbler("large", words, salt: 77), seed: seed,
                routers: ["r2r": "router", "r-stitch-plus": "router"], resuming: known)
        }
        var records = 0, shared = 0, trials = 0, drafted = 0
        for seed in 0..<4 as Range<Int64> {
            let calm = try await go(seed, [])
            for cut in 0...calm.records.count {
                let known = try ResumeTests.stored(Array(calm.records[..<cut]))
                let resumed = try await go(seed, known)
                #expect(resumed.records == calm.records, "seed \(seed), cut at \(cut)")
                #expect(resumed.outcome == calm.outcome)
            }
            records += calm.records.count
            shared += calm.records.count { $0.details.segments.count > 1 }
            trials += calm.records.count { $0.details.trial != nil }
            drafted += calm.records.reduce(0) { $0 + ($1.details.drafting?.drafted ?? 0) }
            for record in calm.thinking {
                #expect(record.tokenCount(of: .slm) + record.tokenCount(of: .llm) == record.tokens.count)
                #expect(record.finish != .handover)
            }
        }
        #expect(records > 20)
        #expect((shared > 0) == job.strategy.hasPrefix("r"))
        #expect((trials > 0) == job.parameters.contains("exit_confidence"))
        #expect((drafted > 0) == (job.parameters.contains("draft_tokens") || job.strategy == "speculative"))
    }
}
