import Foundation
import Generation
import Testing

@testable import Routing

@Suite struct SpecificationTests {
    @Test func defaults() throws {
        let job = try JobSpecification(prompt: "hello", strategy: "glimprouter")
        #expect(job.conversation == .prompt("hello"))
        #expect(job.settings == ReasoningSettings())
        #expect(job.seed == 0)
        let first = try #require(job.strategy.policy as? FirstStepsPolicy)
        let policy = try #require(first.rest as? EntropyPolicy)
        #expect(policy.threshold == .fixed(1))
        #expect(policy.comparison == .above)
        #expect(policy.topEntropySupport == nil)
    }

    @Test func everyParameter() throws {
        let job = try JobSpecification(
            prompt: "hello", strategy: "glimprouter",
            parameters: """
                {"tau": 0, "comparison": "ge", "entropy_support": 20, "first_llm_steps": 2, "temperature": 0,
                 "top_p": 1, "top_k": 40, "min_p": 0.05, "answer_temperature": 0.3, "max_thinking_tokens": 100,
                 "max_step_tokens": 10, "max_steps": 9, "max_answer_tokens": 20, "finalizer": "owner",
                 "grader": "boxed", "seed": -3, "template": "raw"}
                """)
        let first = try #require(job.strategy.policy as? FirstStepsPolicy)
        let policy = try #require(first.rest as? EntropyPolicy)
        #expect(policy.threshold == .fixed(0))
        #expect(policy.comparison == .atLeast)
        #expect(policy.topEntropySupport == 20)
        #expect(first.count == 2)
        #expect(job.settings.thinkingSampling == SamplingParameters(temperature: 0, topP: 1, topK: 40, minP: 0.05))
        #expect(job.settings.answerSampling == SamplingParameters(temperature: 0.3, topP: 1, topK: 40, minP: 0.05))
        #expect(job.settings.maximumThinkingTokens == 100)
        #expect(job.settings.maximumStepTokens == 10)
        #expect(job.settings.maximumSteps == 9)
        #expect(job.settings.maximumAnswerTokens == 20)
        #expect(job.settings.finalizer == .owner)
        #expect(job.settings.grader == .boxed)
        #expect(job.seed == UInt64(bitPattern: -3))
        #expect(job.conversation == .raw("hello"))
    }

    @Test func smallModelAloneAnswersItself() throws {
        #expect(try JobSpecification(prompt: "p", strategy: "slm").settings.finalizer == .slm)
        let parameters = #"{"finalizer": "llm"}"#
        #expect(try JobSpecification(prompt: "p", strategy: "slm", parameters: parameters).settings.finalizer == .llm)
        #expect(try JobSpecification(prompt: "p", strategy: "llm").settings.finalizer == .llm)
    }

    static let refused: [(strategy: String, parameters: String, key: String)] = [
        ("glimprooter", "", "strategy"),
        ("glimprouter", "[1]", "parameters"),
        ("glimprouter", "{", "parameters"),
        ("glimprouter", "null", "parameters"),
        ("glimprouter", #"{"tua": 1}"#, "parameters.tua"),
        ("glimprouter", #"{"tau": "1"}"#, "parameters.tau"),
        ("glimprouter", #"{"tau": -0.1}"#, "parameters.tau"),
        ("glimprouter", #"{"tau": null}"#, "parameters.tau"),
        ("glimprouter", #"{"tau": true}"#, "parameters.tau"),
        ("glimprouter", #"{"tau": 1, "target_intervention_rate": 0.2}"#, "parameters.tau"),
        ("glimprouter", #"{"target_intervention_rate": 0}"#, "parameters.target_intervention_rate"),
        ("glimprouter", #"{"target_intervention_rate": 1}"#, "parameters.target_intervention_rate"),
        ("glimprouter", #"{"comparison": ">"}"#, "parameters.comparison"),
        ("glimprouter", #"{"entropy_support": "some"}"#, "parameters.entropy_support"),
        ("glimprouter", #"{"entropy_support": 1}"#, "parameters.entropy_support"),
        ("glimprouter", #"{"max_steps": 0}"#, "parameters.max_steps"),
        ("glimprouter", #"{"max_steps": 1.5}"#, "parameters.max_steps"),
        ("glimprouter", #"{"max_answer_tokens": 99999999999999999999}"#, "parameters.max_answer_tokens"),
        ("glimprouter", #"{"temperature": -1}"#, "parameters.temperature"),
        ("glimprouter", #"{"top_p": 0}"#, "parameters.top_p"),
        ("glimprouter", #"{"finalizer": "nobody"}"#, "parameters.finalizer"),
        ("glimprouter", #"{"template": "chatml"}"#, "parameters.template"),
        ("glimprouter", #"{"seed": "x"}"#, "parameters.seed"),
        ("llm", #"{"tau": 1}"#, "parameters.tau"),
        ("slm", #"{"llm_share": 1}"#, "parameters.llm_share"),
        ("random", "", "parameters.llm_share"),
        ("random", #"{"llm_share": 1.01}"#, "parameters.llm_share"),
        ("step-entropy", "", "parameters.tau"),
        ("glimprouter", #"{"hysteresis": -1}"#, "parameters.hysteresis"),
        ("glimprouter", #"{"posterior": 1.5}"#, "parameters.posterior"),
        ("glimprouter", #"{"posterior": 0.5, "tau": 1}"#, "parameters.tau"),
        ("glimprouter", #"{"posterior": 0.5, "hysteresis": 0.1}"#, "parameters.hysteresis"),
        ("glimprouter", #"{"first_llm_steps": -1}"#, "parameters.first_llm_steps"),
        ("glimprouter", #"{"max_llm_share": 1.5}"#, "parameters.max_llm_share"),
        ("glimprouter", #"{"drift": "back"}"#, "parameters.drift"),
        ("glimprouter", #"{"max_rollbacks": 1}"#, "parameters.max_rollbacks"),
        ("glimprouter", #"{"drift": "rollback", "max_rollbacks": -1}"#, "parameters.max_rollbacks"),
        ("specreason", #"{"theta": 9.5}"#, "parameters.theta"),
        ("specreason", #"{"score": "best"}"#, "parameters.score"),
        ("specreason", #"{"native": "yes"}"#, "parameters.native"),
        ("llm-judge", #"{"native": true}"#, "parameters.native"),
        ("rsd", #"{"delta": 2}"#, "parameters.delta"),
        ("rsd", #"{"scorer": "prm"}"#, "parameters.scorer"),
        ("rsd", #"{"weight": "step"}"#, "parameters.weight"),
        ("rsd", #"{"logprob_floor": 1}"#, "parameters.logprob_floor"),
        ("rsd", #"{"logprob_floor": -1, "scorer": "head"}"#, "parameters.logprob_floor"),
        ("rsd", #"{"logprob_floor": -1, "weight": "sigmoid"}"#, "parameters.logprob_floor"),
        ("speccot", #"{"drafts": 0}"#, "parameters.drafts"),
        ("speccot", #"{"drafts": 13}"#, "parameters.drafts"),
        ("speccot", #"{"choice": "vote"}"#, "parameters.choice"),
        ("speccot", #"{"floor": -1}"#, "parameters.floor"),
        ("speccot", #"{"choice": "likelihood", "floor": 0.5}"#, "parameters.floor"),
        ("speccot", #"{"first_llm_steps": 1}"#, "parameters.first_llm_steps"),
    ]

    @Test(arguments: refused)
    func refusesNamingTheKey(strategy: String, parameters: String, key: String) {
        let error = #expect(throws: SpecificationError.self) {
            try JobSpecification(prompt: "p", strategy: strategy, parameters: parameters)
        }
        #expect(error?.key == key)
        #expect(error?.description.isEmpty == false)
    }

    static let conversations: [(prompt: String?, messages: String?, key: String)] = [
        (nil, nil, "prompt"), ("p", "[]", "prompt"), ("", nil, "prompt"), (nil, "[]", "messages"),
        (nil, "{}", "messages"), (nil, "[", "messages"), (nil, "[1]", "messages[0]"),
        (nil, #"[{"role": "user"}]"#, "messages[0].content"),
        (nil, #"[{"role": "user", "content": 1}]"#, "messages[0].content"),
        (nil, #"[{"role": "user", "content": "a"}, {"role": "tool", "content": "b"}]"#, "messages[1].role"),
        (nil, #"[{"role": "user", "content": "a", "name": "b"}]"#, "messages[0].name"),
    ]

    @Test(arguments: conversations)
    func refusesConversations(prompt: String?, messages: String?, key: String) {
        let error = #expect(throws: SpecificationError.self) {
            try JobSpecification(prompt: prompt, messages: messages, strategy: "llm")
        }
        #expect(error?.key == key)
    }

    /// Decoding takes time with the square of the depth; brackets inside of strings are no nesting.
    @Test func boundsNesting() throws {
        let deep = String(repeating: "[", count: 150_000) + String(repeating: "]", count: 150_000)
        let error = #expect(throws: SpecificationError.self) {
            try JobSpecification(prompt: nil, messages: deep, strategy: "llm")
        }
        #expect(error?.key == "messages")
        #expect(error?.expected.contains("nesting") == true)
        let brackets = String(repeating: #"[{\""#, count: 100)
        let messages = #"[{"role": "user", "content": "\#(brackets)"}]"#
        _ = try JobSpecification(prompt: nil, messages: messages, strategy: "llm")
    }

    @Test func messages() throws {
        let job = try JobSpecification(
            prompt: nil,
            messages: #"[{"role": "system", "content": "be brief"}, {"content": "2+2?", "role": "user"}]"#,
            strategy: "llm")
        #expect(
            job.conversation
                == .messages([.init(role: .system, content: "be brief"), .init(role: .user, content: "2+2?")]))
    }

    @Test func seedOfTheRowAndOfTheParametersMustAgree() throws {
        let parameters = #"{"seed": 5}"#
        #expect(try JobSpecification(prompt: "p", strategy: "llm", parameters: parameters, seed: 5).seed == 5)
        #expect(throws: SpecificationError.self) {
            try JobSpecification(prompt: "p", strategy: "llm", parameters: parameters, seed: 6)
        }
    }

    @Test func errorsSayWhatIsKnown() {
        let error = #expect(throws: SpecificationError.self) {
            try JobSpecification(prompt: "p", strategy: "best")
        }
        #expect(
            error?.description.hasPrefix(#"strategy: expected one of "slm", "llm", "glimprouter", "random", "#) == true)
        for name in Strategy.names { #expect(error?.expected.contains("\"\(name)\"") == true) }
        #expect(error?.description.hasSuffix(#", got "best""#) == true)
    }

    /// The reference for users leaves out only what workers add.
    @Test(arguments: Strategy.names)
    func theReferenceNamesEveryParameter(strategy: String) throws {
        let root = (0..<3).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        let text = try String(contentsOf: root.appendingPathComponent("Config/PARAMETERS.md"), encoding: .utf8)
        let needed = ["random": #""llm_share": 0.5,"#, "step-entropy": #""tau": 1,"#, "step-perplexity": #""tau": 2,"#]
        let error = try #require(throws: SpecificationError.self) {
            _ = try JobSpecification(
                prompt: "p", strategy: strategy,
                parameters: #"{\#(needed[strategy] ?? "") "drift": "rollback", "unknown": 1}"#)
        }
        let names = try #require(error.expected.split(separator: ": ").last).split(separator: ", ").map(String.init)
        #expect(names.count > 25 && Set(names).subtracting(["calibrated_tau"]).allSatisfy { text.contains("`\($0)`") })
    }
}
