import Foundation
import Testing

@testable import glimpq

@Suite struct ReportTests {
    static let status = StatusReport(
        queues: [
            .init(
                name: "default", isPaused: true, ready: 120_000, isAbout: true, delayed: 0, held: 0, running: 3,
                oldestSeconds: 75)
        ],
        batches: [
            .init(
                name: "b", total: 10, done: 4, failed: 1, cancelled: 0, running: 3, perMinute: 12, secondsToGo: 25,
                accuracy: 0.75)
        ],
        workers: [
            .init(
                id: 7, state: "live", place: "h:1", version: "0", protocol: 2, inFlight: 3, capacity: 64,
                beatSeconds: 1.2, tokensPerSecond: 1234.5)
        ], warnings: ["2 ready jobs wait"],
        work: .init(seconds: 60, done: 12, tokens: 6000, llmTokenShare: 0.25, llmStepShare: 0.3),
        faults: [.init(errorClass: "deadline", state: "delayed", jobs: 2)], insertedPerSecond: 250,
        draftAcceptance: 0.805)

    @Test func statusForPeople() {
        #expect(
            Self.status.text(Palette(isOn: false)) == """
                queue            ready  delayed  held  running      oldest  per min  to go
                default  about 120,000        0     0        3  1 min 15 s        0      –  paused

                batch  done  of                failed  running  per min  to go  correct
                b         4  10  ██████░░░░░░       1        3       12   25 s   75.0 %

                worker  state  in flight  tokens/s  last beat  where  version
                     7  live        3/64     1,235      1.2 s  h:1    0 (protocol 2)

                in 250 per s   out 0.2 per s   100 tokens per s   large model: 25.0 % of tokens   30.0 % of steps   over 1 min 0 s   drafts: 80.5 % of tokens kept

                errors of late  jobs
                deadline           2  will be tried again

                warning: 2 ready jobs wait

                """)
    }

    @Test func aStatusFitsTheTerminal() {
        let many = StatusReport.Section(
            head: ["\u{1B}[2mname\u{1B}[0m"], rows: (0..<50).map { "row \($0)" }, noun: "rows")
        let few = StatusReport.Section(head: ["head"], rows: ["one", "two"], noun: "things")
        let lines = StatusScreen.lines([many, few], note: "note", columns: 5, rows: 12)
        #expect(
            lines == [
                "note", "", "\u{1B}[2mname\u{1B}[0m", "row 0", "row 1", "row 2", "… and", "", "head", "one", "two",
            ] || lines.count == 12)
        #expect(lines.count <= 12)
        #expect(lines.contains("head") && lines.contains("two"))
        let wide = StatusScreen.lines([many, few], note: "note", columns: 80, rows: 12)
        #expect(wide.contains { $0.hasPrefix("… and ") && $0.hasSuffix(" more rows") })
        #expect(StatusScreen.lines([many], note: "n", columns: 80, rows: 100).count == 53)
        #expect(StatusScreen.lines([many, few], note: "n", columns: 80, rows: 3).count == 3)
        #expect(StatusScreen.cut("\u{1B}[31mabcdef\u{1B}[0m", to: 3) == "\u{1B}[31mabc\u{1B}[0m\u{1B}[0m")
        #expect(StatusScreen.cut("abcdef", to: 6) == "abcdef")
    }

    @Test func tokensOfAWorker() {
        #expect(
            StatusReader.generatedTokens(#"{"models":{"a":{"generated_tokens":5},"b":{"generated_tokens":7}}}"#) == 12)
        #expect(StatusReader.generatedTokens("{}") == nil)
        #expect(StatusReader.generatedTokens("") == nil)
    }

    @Test func statusForPrograms() throws {
        let object = try JSONSerialization.jsonObject(with: Data(Self.status.json.utf8)) as? [String: Any]
        #expect((object?["batches"] as? [[String: Any]])?.first?["open"] as? Int == 5)
        #expect((object?["queues"] as? [[String: Any]])?.first?["paused"] as? Bool == true)
    }

    @Test func emptyStatus() {
        let text = StatusReport(queues: [], batches: [], workers: [], warnings: []).text(Palette(isOn: false))
        #expect(text == "no jobs are waiting or running\n\nno workers\n")
    }

    @Test func csvFieldsAreQuotedWhereNeeded() {
        #expect(CSVText.row(["a", "b,c", "d\"e", "f\ng", ""]) == "a,\"b,c\",\"d\"\"e\",\"f\ng\",\n")
    }

    @Test func thinkingIsPartedFromTheAnswer() {
        let text = ThinkingText("a\n\n</think>\n\n 3 r 1 \n")
        #expect(text.thinking == "a\n\n")
        #expect(text.answer == "3 r 1")
        #expect(ThinkingText("plain").answer == nil)
    }

    @Test func notesWhatIsNotInTheOutput() {
        #expect(Results.note((open: 0, ended: 0), hasErrorFile: false) == nil)
        #expect(Results.note((open: 0, ended: 2), hasErrorFile: true) == nil)
        #expect(
            Results.note((open: 1500, ended: 2), hasErrorFile: false)
                == "note: 1,500 jobs are not finished yet; 2 jobs ended without a result; --errors FILE writes them"
        )
    }

    @Test func summaryOfAFile() throws {
        let summary = EnqueueSummary(
            source: "b.jsonl", batch: "b", batchID: 3, inserted: 1500, duplicates: 500, refused: 1, seconds: 2)
        #expect(summary.sentence == "batch b: 1,500 enqueued, 500 already there, 1 refused (2.0 s, 1,000 per s)")
        #expect(
            summary.json
                == #"{"source": "b.jsonl", "batch": "b", "batch_id": 3, "inserted": 1500, "duplicates": 500, "#
                + #""refused": 1, "seconds": 2.0}"#)
    }
}
