import Foundation
import Generation
import Routing
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
                glimprouter {"tau": 0.2}, pair p, 2 steps, 1 by the large model (50 % of the tokens)
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
        steps[3].details.rollback = 1
        document.steps = TraceDocument.marked(steps)
        #expect(document.steps.map(\.isTakenBack) == [false, true, true, false, false])
        #expect(document.subtitle.hasSuffix("3 steps, 2 by the large model (67 % of the tokens), 2 taken back (×)"))
        let terminal = document.terminal(Palette(isOn: false))
        #expect(terminal.contains("\n  1×  slm") && terminal.contains("\n   3  llm"))
        #expect(document.html.components(separatedBy: #" back"><small>"#).count == 3)
        #expect(document.json.contains(#""rollback": 1"#) || document.json.contains(#""rollback":1"#))
        // Going back twice, further the second time.
        steps[4].details.rollback = 1
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

    /// A step of both models, in pieces of a cut character, with all that methods can tell.
    static let told: TraceDocument.Step = {
        var step = Self.step(3, "slm", nil, "3 r 1 <é\n\nso\n\n")
        step.tokensKept = 12
        step.signalName = "judge_score"
        (step.signalValue, step.threshold, step.rule) = (5, 7, "score<theta")
        step.details.segments = [
            .init(owner: .slm, tokens: 4, signal: 0.0214, characters: 4),
            .init(owner: .llm, tokens: 3, signal: 0.5, characters: 3),
            .init(owner: .slm, tokens: 5, characters: 7),
        ]
        var drafting = StepDetails.Drafting()
        (drafting.rounds, drafting.drafted, drafting.accepted) = (3, 8, 6)
        step.details.drafting = drafting
        step.details.review = .init(model: identity, values: [5], kept: nil)
        step.details.rejected = [.init(owner: .slm, tokens: 2, text: "<bad>\n\nworse\n\n")]
        step.details.trial = .init(owner: .llm, answer: "3 \"r\" 1", confidence: 0.9312, threshold: 0.95, exits: false)
        step.details.rollback = 1
        return step
    }()
    private static let identity = ModelIdentity(
        name: "judge", parameterCount: 1, contextLength: 1, fingerprint: "")

    @Test func whatMethodsTellIsShown() {
        var document = Self.document
        document.steps = [Self.told]
        let terminal = document.terminal(Palette(isOn: false))
        #expect(
            terminal.contains(
                """
                drafted 8 tokens, 75 % kept, 1 step reviewed, 1 draft given up, 1 trial answer

                """))
        let lines = terminal.split(separator: "\n").map { $0.drop { $0 == " " } }
        let start = lines.firstIndex { $0.hasPrefix("3  slm") } ?? 0
        #expect(
            lines[start...] == [
                "3  slm                         3 r ⟦1 <⟧é", "so", "· takes the place of step 1 and those behind it",
                "· tokens: small 4 (0.021) → large 3 (0.5) → small 5",
                "· score of the draft by judge 5 < 7: kept",
                "· drafted 8 tokens in 3 rounds, 6 kept (75 %)",
                #"· trial answer of the large model "3 \"r\" 1", sure by 0.931 ≤ 0.95: it thinks on"#,
                "· draft of the small model, 2 tokens, given up:", "│ <bad>", "│ worse", "reference answer: 3 r 2",
            ])
        let coloured = document.terminal(Palette(isOn: true))
        #expect(coloured.contains("\u{1B}[36m3 r \u{1B}[0m\u{1B}[33m1 <\u{1B}[0m\u{1B}[36mé\u{1B}[0m\n"))
        #expect(!coloured.contains("⟦"))
        let page = document.html
        #expect(
            page.contains(
                #"<pre><span class="slm" title="small model">3 r </span><span class="llm" title="large model">1 &lt;</span>"#
            ))
        #expect(
            page.contains("<details><summary>draft of the small model, 2 tokens, given up</summary><pre>&lt;bad&gt;"))
        #expect(page.contains("<small>score of the draft by judge 5 &lt; 7: kept</small>"))
    }

    @Test func manyTurnsAreCounted() {
        var step = Self.step(0, "slm", nil, "x")
        step.tokensKept = 20
        step.details.segments = (0..<10).map { .init(owner: $0.isMultiple(of: 2) ? .slm : .llm, tokens: 2) }
        #expect(StepNotes(step).lines == ["tokens: small 10, large 10, in 10 turns"])
        // An old trace does not say where the pieces end.
        #expect(step.parts == [WrittenPart(isLarge: false, text: "x")])
    }

    @Test(
        arguments: [
            (1, "draft 2 of 4: 0.2, 0.5, 0.5, –", ["draft 1", "draft 4"]),
            (nil, "none of 4: 0.2, 0.5, 0.5, –, none 0.51", ["draft 1", "drafts 2, 3", "draft 4"]),
        ] as [(Int?, String, [String])])
    func draftsSideBySide(kept: Int?, choice: String, titles: [String]) {
        var step = Self.step(0, kept == nil ? "llm" : "slm", nil, "x")
        (step.signalName, step.signalValue, step.threshold) = ("choice", kept == nil ? 0.51 : 0.5, nil)
        step.details.review = .init(model: Self.identity, values: [0.2, 0.5, 0.5, .nan], kept: kept)
        let all = ["a", "x", "x", "c"].map { StepDetails.Rejected(owner: .slm, tokens: 1, text: $0) }
        step.details.rejected = all.enumerated().filter { $0.offset != kept }.map(\.element)
        let notes = StepNotes(step)
        #expect(notes.lines == ["judge chose \(choice)"])
        #expect(notes.drafts.map(\.title) == titles.map { "\($0) of the small model, 1 token, given up" })
    }

    @Test(arguments: [
        ("done", "its trace is not kept any more"), ("running", "no step is finished yet"),
        ("ready", "no worker has begun with it"), ("failed", "no step was finished"),
    ])
    func aTraceWithoutStepsSaysWhy(state: String, words: String) {
        var document = Self.document
        (document.state, document.steps, document.correct) = (state, [], nil)
        #expect(document.terminal(Palette(isOn: false)).contains("\n\(words)\n"))
        #expect(document.html.contains(">\(words)<"))
    }

    @Test func thousandsOfStepsStayVisible() {
        var document = Self.document
        document.steps = (0..<5000).map { Self.step($0, $0 % 3 == 0 ? "llm" : "slm", Double($0 % 7) / 7, "x\n\n") }
        let svg = EntropyChart(document).svg
        #expect(svg.contains(#"viewBox="0 0 15056.0 220.0""#) && svg.contains(#"style="width: 15056.0px""#))
        #expect(svg.components(separatedBy: "<rect ").count == 5001)
        #expect(document.terminal(Palette(isOn: false)).split(separator: "\n").count > 5000)
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
