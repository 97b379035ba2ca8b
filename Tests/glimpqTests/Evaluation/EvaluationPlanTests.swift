import Foundation
import Testing

@testable import glimpq

@Suite struct EvaluationPlanTests {
    private func plan(_ text: String) throws -> EvaluationPlan {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("plan-\(UUID().uuidString).json")
        try Data(text.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try EvaluationPlan(path: file.path)
    }

    private func refusal(_ text: String) -> String {
        do {
            _ = try plan(text)
            return "nothing was refused"
        } catch {
            return "\(error)"
        }
    }

    @Test func sweepsAndTargetsStandForSeveralVariants() throws {
        let plan = try plan(
            """
            {"name": "t", "models": "pool.json", "seeds": [1, 2], "params": {"temperature": 0.60},
             "datasets": {"easy": "e.jsonl", "hard": {"path": "h.jsonl", "limit": 5, "calibration": "d", "params": {"grader": "boxed"}},
               "c": "c.jsonl", "d": "d.jsonl"},
             "calibration": {"dataset": "c"}, "timing": [{"in_flight": 1, "problems": 3}],
             "variants": [{"strategy": "llm"}, {"strategy": "glimprouter", "sweep": {"tau": [0.1, 0.20]}},
                {"strategy": "step-entropy", "target_llm_share": [0.28, 0.305]},
                {"name": "best", "strategy": "glimprouter", "params": {"tau": 1, "temperature": 1}}],
             "comparisons": [["best", "llm"]], "signals": ["best"]}
            """)
        #expect(
            plan.variants.map(\.name) == [
                "llm", "glimprouter tau=0.1", "glimprouter tau=0.2", "step-entropy at 28 %", "step-entropy at 30.5 %",
                "best",
            ])
        #expect(plan.datasets.map(\.name) == ["easy", "hard"])
        #expect(plan.calibration?.sources.map(\.name) == ["c", "d"] && plan.calibration?.seeds == [1])
        #expect(plan.datasets.map { plan.calibrationSource(of: $0)?.name } == ["c", "d"])
        #expect(
            plan.variants[2].params(plan, plan.datasets[1]) == #"{"grader": "boxed", "tau": 0.2, "temperature": 0.6}"#)
        #expect(plan.variants[5].params(plan, plan.datasets[0]) == #"{"tau": 1, "temperature": 1}"#)
        #expect(plan.variants[3].target?.range.parameter == "tau")
        #expect(plan.timing.map(\.seeds) == [[1]])
    }

    @Test func faultsNameTheirPlace() {
        #expect(refusal("{\n \"name\": 1x}").contains(":2:"))
        let sets = #""datasets": {"a": "a.jsonl"}"#
        #expect(refusal(#"{"datasets": {}, "variants": []}"#).contains("datasets: expected at least one"))
        #expect(refusal("{\(sets)}").contains("variants: expected"))
        #expect(
            refusal(#"{\#(sets), "variants": [{"strategy": "llm", "tau": 1}]}"#).contains(
                "variants[0].tau: unknown key"))
        #expect(
            refusal(#"{\#(sets), "variants": [{"strategy": "llm"}, {"strategy": "llm"}]}"#).contains(
                "variants[1]: another"))
        #expect(
            refusal(#"{\#(sets), "variants": [{"strategy": "random", "target_llm_share": 0.2}]}"#)
                .contains("variants[0].target_llm_share: needs calibration.dataset"))
        let strange = #""datasets": {"a": {"path": "a.jsonl", "calibration": "x"}, "c": "c.jsonl"}"#
        #expect(
            refusal(#"{\#(strange), "variants": [{"strategy": "llm"}]}"#)
                .contains("datasets.a.calibration: needs calibration.dataset"))
        #expect(
            refusal(#"{\#(strange), "calibration": {"dataset": "c"}, "variants": [{"strategy": "llm"}]}"#)
                .contains("datasets.a.calibration: expected one of a, c, got \"x\""))
        #expect(
            refusal(#"{\#(sets), "baseline": "slm", "variants": [{"strategy": "llm"}]}"#)
                .contains("baseline: expected the name of a variant"))
        #expect(
            refusal(#"{\#(sets), "seeds": [1, 1], "variants": [{"strategy": "llm"}]}"#).contains(
                "seeds: a seed is there twice"))
    }

    @Test func problemsNameTheirLine() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("set-\(UUID().uuidString).jsonl")
        defer { try? FileManager.default.removeItem(at: file) }
        func read(_ text: String) throws -> EvaluationDataset {
            try Data(text.utf8).write(to: file)
            return try EvaluationDataset(
                EvaluationPlan.DatasetSource(name: "s", path: file.path, limit: nil, params: []))
        }
        let good = #"{"custom_id": "1", "prompt": "p", "reference_answer": "r", "reference_steps": ["a", "b"]}"#
        let other = #"{"custom_id": "2", "prompt": "p", "reference_answer": "r", "reference_steps": ["a", "b"]}"#
        #expect(try read(good + "\n\n" + other).problems.map(\.referenceSteps) == [["a", "b"], ["a", "b"]])
        #expect { try read(good + "\n{\"prompt\": \"p\"}") } throws: { "\($0)".contains(".jsonl:2: reference_answer") }
        #expect {
            try read(good + "\n" + #"{"prompt": "p", "reference_answer": "r", "reference_steps": [1]}"#)
        } throws: {
            "\($0)".contains(".jsonl:2: reference_steps: expected an array of texts")
        }
        #expect { try read("") } throws: { "\($0)".contains("an empty file") }
    }
}
