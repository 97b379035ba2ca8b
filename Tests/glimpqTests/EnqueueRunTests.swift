import Foundation
import Postgres
import Queue
import TestSupport
import Testing

@testable import glimpq

@Suite struct EnqueueRunTests {
    /// A folder for one test.
    private struct Folder: ~Copyable {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("glimpq-\(UUID().uuidString)")

        init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(at: url) }

        func write(_ text: String, as name: String = "jobs.jsonl") throws -> String {
            let file = url.appendingPathComponent(name)
            try Data(text.utf8).write(to: file)
            return file.path
        }
    }

    private func enqueue(
        _ path: String, _ database: TestDatabase, batch: String = "b", remembers: Bool = true, reject: String? = nil,
        defaults: JobDefaults = JobDefaults(), options: ConnectionOptions? = nil
    ) async throws -> EnqueueSummary {
        var run = EnqueueRun(
            path: path, format: InputFormat(path: path), batch: batch, parser: JobParser(defaults: defaults),
            remembers: remembers, reporter: EnqueueReporter(rejects: try reject.map { try RejectFile(path: $0) }))
        try await run.insert(options ?? database.options, tenant: defaults.tenant, logger: SharedOptions.quietLogger)
        return run.summary
    }

    private func counts(_ summary: EnqueueSummary) -> [Int] { [summary.inserted, summary.duplicates, summary.refused] }

    @Test func aSecondRunAddsNothingAlsoWithoutKeys() async throws {
        try await TestDatabase.run { database in
            let folder = try Folder()
            let producer = try await database.options(memberOf: "glimpq_producer")
            let same = #"{"prompt":"the same"}"#
            let path = try folder.write([same, #"{"prompt":"other"}"#, "bad", same].joined(separator: "\n"))
            #expect(counts(try await enqueue(path, database, options: producer)) == [3, 0, 1])
            #expect(counts(try await enqueue(path, database, options: producer)) == [0, 3, 1])
            // Another batch has its own.
            #expect(counts(try await enqueue(path, database, batch: "c")) == [3, 0, 1])
            // So has another file, and one that nobody remembers.
            let copy = try folder.write(same, as: "copy.jsonl")
            #expect(counts(try await enqueue(copy, database)) == [1, 0, 0])
            #expect(counts(try await enqueue(path, database, remembers: false)) == [3, 0, 1])
            // The same as CSV, with line ends of another kind.
            let table = try folder.write("prompt\r\nx\r\n\"y\nz\"\r\nx\r\n", as: "t.csv")
            #expect(counts(try await enqueue(table, database)) == [3, 0, 0])
            #expect(counts(try await enqueue(table, database)) == [0, 3, 0])
        }
    }

    @Test func ofAnEditedFileTheNewLinesGoIn() async throws {
        try await TestDatabase.run { database in
            let folder = try Folder()
            var lines =
                (0..<100).map { #"{"prompt":"p\#($0)"}"# } + [#"{"prompt":"p7"}"#, #"{"prompt":"x","seed":"y"}"#]
            _ = try await enqueue(try folder.write(lines.joined(separator: "\n")), database)
            lines[101] = #"{"prompt":"x","seed":1}"#  // mended
            lines[50] = #"{"prompt":"changed"}"#
            lines.insert(#"{"prompt":"p7"}"#, at: 0)  // for the third time
            lines.remove(at: 20)
            let path = try folder.write(lines.joined(separator: "\n"))
            #expect(counts(try await enqueue(path, database)) == [3, 99, 0])
            #expect(counts(try await enqueue(path, database)) == [0, 102, 0])
            let connection = try await database.connect()
            let prompts: [String] = try await connection.query("SELECT prompt FROM glimpq.job ORDER BY id DESC LIMIT 3")
                .map { try $0.get(0) }
            #expect(Set(prompts) == ["p7", "changed", "x"])
            await connection.close()
        }
    }

    @Test func anEmptyInputMakesNoBatch() async throws {
        try await TestDatabase.run { database in
            let folder = try Folder()
            for text in ["", "\n \n", "nonsense\n"] {
                let summary = try await enqueue(try folder.write(text), database)
                #expect(summary.inserted == 0)
            }
            let connection = try await database.connect()
            #expect(try await connection.query("SELECT FROM glimpq.batch").isEmpty)
            await connection.close()
            #expect(EnqueueSummary(source: "f", batch: "f").sentence == "f: no jobs in it; nothing was enqueued")
        }
    }

    @Test func aMendedRejectFileCanBeEnqueued() async throws {
        try await TestDatabase.run { database in
            let folder = try Folder()
            let lines = [
                #"{"prompt":"x","params":{"tau":"a"}}"#, #"{"prompt":"y"}"#, "torn \u{1}",
                #"{"custom_id":"c","promt":"z"}"#,
            ]
            let reject = folder.url.appendingPathComponent("rejects.jsonl").path
            let path = try folder.write(lines.joined(separator: "\n"))
            #expect(counts(try await enqueue(path, database, reject: reject)) == [1, 0, 3])
            let refused = try String(contentsOfFile: reject, encoding: .utf8)
            let records = try refused.split(separator: "\n").map {
                try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
            }
            #expect(records.map { $0["line"] as? Int } == [1, 3, 4])
            #expect(records[0]["path"] as? String == "params.tau")
            #expect(records[1]["input"] as? String == "torn \u{1}")
            // Unmended it is refused for the same reasons, and written down as it was.
            let again = folder.url.appendingPathComponent("again.jsonl").path
            #expect(counts(try await enqueue(reject, database, reject: again)) == [0, 0, 3])
            #expect(
                try String(contentsOfFile: again, encoding: .utf8).split(separator: "\n").map {
                    $0.split(separator: "input")[1]
                }
                    == refused.split(separator: "\n").map { $0.split(separator: "input")[1] })
            let mended = refused.replacing("\"a\"", with: "0.5").replacing("promt", with: "prompt")
            #expect(counts(try await enqueue(try folder.write(mended, as: "rejects.jsonl"), database)) == [2, 0, 1])
        }
    }

    @Test func hostileLinesAreRefusedOneByOne() async throws {
        try await TestDatabase.run { database in
            let folder = try Folder()
            var bytes = Data()
            func add(_ line: some Sequence<UInt8>) { bytes += Array(line) + [0x0A] }
            add(#"{"prompt":"first"}"#.utf8)
            add([0x7B, 0xFF, 0xFE])
            add(#"{"prompt":"a\u0000b"}"#.utf8)
            add(Array("{\"prompt\":\"".utf8) + [0] + Array("\"}".utf8))
            add(String(repeating: "[", count: 100_000).utf8)
            add(Array(#"{"prompt":""#.utf8) + Array(repeating: UInt8(ascii: "x"), count: 17 << 20) + Array("\"}".utf8))
            add(Array(#"{"prompt":""#.utf8) + Array(repeating: UInt8(ascii: "x"), count: 70 << 20) + Array("\"}".utf8))
            add(Array(#"{"prompt":""#.utf8) + Array(repeating: UInt8(ascii: "x"), count: 16 << 20) + Array("\"}".utf8))
            add(#"{"prompt":"last"}"#.utf8)
            let file = folder.url.appendingPathComponent("hostile.jsonl")
            try bytes.write(to: file)
            #expect(counts(try await enqueue(file.path, database)) == [3, 0, 6])
        }
    }

    @Test func defaultsOfTheCommandLineArrive() async throws {
        try await TestDatabase.run { database in
            let folder = try Folder()
            var defaults = JobDefaults()
            (defaults.tenant, defaults.strategy) = ("acme", "llm")
            let path = try folder.write(#"{"prompt":"x"}"# + "\n" + #"{"prompt":"x","tenant":"other"}"#)
            _ = try await enqueue(path, database, defaults: defaults)
            let connection = try await database.connect()
            let rows = try await connection.query(
                "SELECT j.tenant, j.strategy, b.tenant AS payer FROM glimpq.job j JOIN glimpq.batch b ON b.id = j.batch_id ORDER BY j.id"
            )
            #expect(try rows.map { try $0.get("tenant", as: String.self) } == ["acme", "other"])
            #expect(try rows[0].get("strategy", as: String.self) == "llm")
            #expect(try rows[0].get("payer", as: String.self) == "acme")
            await connection.close()
            defaults.strategy = "slm"
            #expect(try await enqueue(path, database, defaults: defaults).note?.contains("other settings") == true)
        }
    }

    @Test func aRejectFileThatIsAnInputByWhateverNameIsRefused() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("same-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
        for name in ["jobs", "others"] { try Data("{}".utf8).write(to: URL(fileURLWithPath: path(name))) }
        try FileManager.default.linkItem(atPath: path("jobs"), toPath: path("hard"))
        try FileManager.default.createSymbolicLink(atPath: path("soft"), withDestinationPath: path("jobs"))
        for name in ["jobs", "hard", "soft"] { #expect(Enqueue.isSame(path("jobs"), path(name))) }
        for name in ["others", "missing"] { #expect(!Enqueue.isSame(path("jobs"), path(name))) }
        #expect(!Enqueue.isSame("-", path("jobs")))
    }
}
