import Foundation
import Testing

@testable import glimpq

@Suite struct TraceDocumentTests {
    static let document = TraceDocument(
        job: 17, batch: "demo", customID: "div-1", state: "done", strategy: "glimprouter", parameters: #"{"tau": 0.2}"#,
        pair: "p", prompt: "What is <b>7 & 2</b>?", answer: "3 r 1", referenceAnswer: "3 r 2", correct: false,
        thinkingStop: "thinking_end",
        attempts: [
            .init(
                epoch: 1, worker: 4, outcome: "lost", resumedFrom: nil, resumedAtStep: 0, stepsWritten: 1,
                errorClass: "crash_suspect", errorMessage: "worker lost"),
            .init(
                epoch: 2, worker: 5, outcome: "done", resumedFrom: 1, resumedAtStep: 1, stepsWritten: 2,
                errorClass: nil,
                errorMessage: nil),
        ],
        steps: [
            step(0, "slm", 0.05, "Start\n\n"), step(1, "llm", 0.4, "3 times <script>\u{1B}[31m\n\n"),
            step(2, "llm", nil, "3 r 1", kind: "answer"),
        ])

    private static func step(
        _ sequence: Int, _ owner: String, _ entropy: Double?, _ text: String, kind: String = "thinking"
    ) -> TraceDocument.Step {
        .init(
            sequence: sequence, kind: kind, owner: owner, model: "m-\(owner)", epoch: 2,
            rule: entropy.map { $0 > 0.2 ? "entropy>tau" : "entropy<=tau" }, signalName: "entropy",
            signalValue: entropy,
            threshold: entropy == nil ? nil : 0.2, initialEntropy: entropy, tokensKept: 4, tokensDiscarded: 0,
            milliseconds: 1.25, finishReason: "stop", text: text)
    }

    @Test func terminal() {
        #expect(
            Self.document.terminal(Palette(isOn: false)) == """
                job 17 (div-1, batch demo)  done, wrong, thinking ended: thinking_end
                glimprouter {"tau": 0.2}, pair p, 2 steps, 1 by the large model
                attempt 1: worker 4, lost, 1 steps written; crash_suspect: worker lost
                attempt 2: worker 5, done, 2 steps written, went on from attempt 1 at step 1

                What is <b>7 & 2</b>?

                step  owner  H_init (nats)
                   0  slm    0.050 ≤ ▊            Start
                   1  llm    0.400 > ██████       3 times <script>\u{FFFD}[31m
                 ans  llm                         3 r 1

                reference answer: 3 r 2

                """)
    }

    @Test func stepsTakenBackAreMarked() {
        var document = Self.document
        var steps = ["a\n\n", "b\n\n", "c\n\n", "d\n\n", "e\n\n"].enumerated().map {
            Self.step($0.offset, $0.offset > 2 ? "llm" : "slm", nil, $0.element)
        }
        steps[3].rollback = 1
        document.steps = TraceDocument.marked(steps)
        #expect(document.steps.map(\.isTakenBack) == [false, true, true, false, false])
        #expect(document.subtitle.hasSuffix("3 steps, 2 by the large model, 2 taken back (×)"))
        let terminal = document.terminal(Palette(isOn: false))
        #expect(terminal.contains("\n  1×  slm") && terminal.contains("\n   3  llm"))
        #expect(document.html.components(separatedBy: #" back"><small>"#).count == 3)
        #expect(document.json.contains(#""rollback": 1"#) || document.json.contains(#""rollback":1"#))
        // Going back twice, further the second time.
        steps[4].rollback = 1
        #expect(TraceDocument.marked(steps).map(\.isTakenBack) == [false, true, true, true, false])
    }

    @Test func ownersHaveTheirColours() {
        let text = Self.document.terminal(Palette(isOn: true))
        #expect(text.contains("\u{1B}[36mStart\u{1B}[0m"))
        #expect(text.contains("\u{1B}[33m3 r 1\u{1B}[0m"))
    }

    @Test func pageIsSelfContainedAndEscaped() {
        let page = Self.document.html
        #expect(!page.contains("<script") && !page.contains("<b>"))
        #expect(page.contains("3 times &lt;script&gt;\u{FFFD}[31m"))
        #expect(page.contains("What is &lt;b&gt;7 &amp; 2&lt;/b&gt;?"))
        #expect(!page.contains("http") && !page.contains("src=") && !page.contains("@import"))
        #expect(page.contains("prefers-color-scheme: dark"))
        #expect(page.contains(#"<line class="tau""#) && page.contains("τ = 0.2"))
        #expect(page.components(separatedBy: "<rect ").count == 3)
    }

    @Test func chartNeedsAProbe() {
        var document = Self.document
        document.steps = [Self.step(0, "llm", nil, "x")]
        #expect(EntropyChart(document).svg.isEmpty)
        #expect(document.html.contains("This strategy made no probes."))
    }

    @Test func jsonIsReadByOthers() throws {
        let object = try JSONSerialization.jsonObject(with: Data(Self.document.json.utf8)) as? [String: Any]
        let steps = try #require(object?["steps"] as? [[String: Any]])
        #expect(steps.count == 3)
        #expect(steps[1]["h_init"] as? Double == 0.4)
        #expect(steps[1]["text"] as? String == "3 times <script>\u{1B}[31m\n\n")
        #expect((object?["params"] as? [String: Any])?["tau"] as? Double == 0.2)
    }
}
