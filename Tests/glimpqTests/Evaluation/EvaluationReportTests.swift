import Foundation
import Queue
import Testing

@testable import glimpq

@Suite struct EvaluationReportTests {
    private func dataset(_ steps: [[String]]) throws -> EvaluationDataset {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("labels-\(UUID().uuidString).jsonl")
        defer { try? FileManager.default.removeItem(at: file) }
        let lines = steps.enumerated().map { index, steps in
            JSONText.object([
                ("custom_id", "\"\(index)\""), ("prompt", #""p""#), ("reference_answer", #""r""#),
                ("reference_steps", JSONText.array(steps.map(JSONText.string))),
            ])
        }
        try Data(lines.joined(separator: "\n").utf8).write(to: file)
        return try EvaluationDataset(
            EvaluationPlan.DatasetSource(name: "d", path: file.path, limit: nil, params: []))
    }

    private func step(_ text: String, problem: Int = 0, seed: Int64 = 1, isLarge: Bool = false) -> EvaluationStep {
        EvaluationStep(
            problem: problem, seed: seed, isLarge: isLarge, isThinking: true, rule: nil, initialEntropy: 0.5,
            meanEntropy: nil, meanLogProbability: nil, text: text)
    }

    @Test func stepsAreLabelledUpToTheFirstWrongOne() throws {
        let set = try dataset([["a", "b", "c"], ["x"]])
        let labels = StepLabels.label(
            [
                step("a\n\n"), step("B\n\n"), step("c\n\n"),  // wrong, so that nothing counts behind it
                step("a", seed: 2), step("b\n\n", seed: 2, isLarge: true), step("c\n</think>", seed: 2),
                step("\n</think>", seed: 2),
                step("x\n\n", problem: 1), step("y", problem: 1), step("z", problem: 1),
            ], set)
        #expect(labels.map(\.isWrong) == [false, true, false, false, false, true])
        #expect(labels.map(\.step.text) == ["a\n\n", "B\n\n", "a", "c\n</think>", "x\n\n", "y"])
    }

    @Test func binsHoldEqualNumbersAndKeepTiesTogether() {
        let bins = SignalReport.bins((0..<100).map { (Double($0), $0 >= 90) })
        #expect(bins.count == 10 && bins.allSatisfy { $0.steps == 10 })
        #expect(bins.map(\.wrong) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 10])
        let tied = SignalReport.bins((0..<100).map { (Double($0 / 50), false) })
        #expect(tied.map(\.steps) == [50, 50])
        #expect(SignalReport.bins([]) == [])
    }

    @Test func aTableSaysTheSameInBothForms() {
        var table = ReportTable(caption: "A < B", columns: ["name", "number"])
        table.rows = [["x|y", "1"], ["<b>", "2"]]
        #expect(table.markdown.contains(#"| x\|y | 1 |"#) && table.markdown.contains("| --- | ---: |"))
        #expect(table.html.contains("<caption>A &lt; B</caption>") && table.html.contains("&lt;b&gt;"))
        #expect(
            table.html.contains(#"<th scope="row">x|y</th>"#)
                && table.html.contains(#"<th scope="col" class="number">number</th>"#))
        #expect(ReportTable(caption: "", columns: ["a"]).html == "")
    }

    @Test func axesEndAtRoundNumbers() {
        let axis = ChartFrame.Axis("", around: [0.13, 0.97], startsAtZero: true)
        #expect(axis.range == 0...1 && axis.decimals == 1)
        let percent = ChartFrame.Axis("", around: [43.1, 95.0])
        #expect(percent.range.lowerBound == 40 && percent.range.upperBound >= 95)
        let flat = ChartFrame.Axis("", around: [5, 5])
        #expect(flat.range.contains(5) && flat.range.lowerBound < flat.range.upperBound)
    }

    @Test func aChartShowsEachPointAndItsFront() {
        let points = [(1.0, 0.5), (2.0, 0.9), (3.0, 0.7), (Double.nan, 1.0)].enumerated().map { index, one in
            ParetoChart.Point(
                number: index + 1, label: "v<\(index)>", group: "g", cost: one.0,
                accuracy: WilsonInterval(hits: one.1 * 100, trials: 100))
        }
        let html = ParetoChart(title: "t", costLabel: "c", points: points).html
        #expect(html.components(separatedBy: "<circle").count == 4)  // what has no cost is left out
        #expect(html.contains("v&lt;1&gt;") && !html.contains("nan"))
        let front = html.components(separatedBy: #"<polyline class="front" points=""#)[1].prefix { $0 != "\"" }
        #expect(front.split(separator: " ").count == 2)
    }
}
