import Foundation
import Testing

@testable import glimpq

@Suite struct ReportTests {
    static let status = StatusReport(
        queues: [
            .init(name: "default", isPaused: true, ready: 1200, delayed: 0, held: 0, running: 3, oldestSeconds: 75)
        ],
        batches: [
            .init(
                name: "b", total: 10, done: 4, failed: 1, cancelled: 0, running: 3, perMinute: 12, secondsToGo: 25,
                accuracy: 0.75)
        ],
        workers: [
            .init(id: 7, state: "live", place: "h:1", version: "0", inFlight: 3, capacity: 64, beatSeconds: 1.2)
        ], warnings: ["2 ready jobs wait"])

    @Test func statusForPeople() {
        #expect(
            Self.status.text(Palette(isOn: false)) == """
                queue    ready  delayed  held  running      oldest
                default  1,200        0     0        3  1 min 15 s  paused

                batch  done  of                failed  running  per min  to go  correct
                b         4  10  ██████░░░░░░       1        3       12   25 s   75.0 %

                worker  state  in flight  last beat  where  version
                     7  live        3/64      1.2 s  h:1    0

                warning: 2 ready jobs wait

                """)
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
                == "note: 1,500 jobs are not finished yet; 2 jobs ended without a result; --error-file FILE writes them"
        )
    }

    @Test func summaryOfAFile() throws {
        let summary = EnqueueSummary(batch: "b", batchID: 3, inserted: 1500, duplicates: 500, refused: 1, seconds: 2)
        #expect(summary.sentence == "batch b: 1,500 enqueued, 500 duplicates skipped, 1 refused (2.0 s, 1,000 per s)")
        #expect(
            summary.json
                == #"{"batch": "b", "batch_id": 3, "inserted": 1500, "duplicates": 500, "refused": 1, "seconds": 2.0}"#)
    }
}
