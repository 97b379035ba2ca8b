import Foundation
import Postgres
import TestSupport
import Testing

/// `enqueue` and `results` are killed while they work; the same command goes on, and nothing is there twice.
@Suite struct EnqueueCrashTests {
    private static let jobs = 60_000

    /// A file of lines without keys, many of them equal.
    private func problems(_ name: String) throws -> URL {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(name)-\(UUID().uuidString).jsonl")
        let lines = (0..<Self.jobs).map { #"{"prompt":"What is \#($0 % 1000) / 7 ?","reference_answer":"?"}"# }
        try Data(lines.joined(separator: "\n").utf8).write(to: file)
        return file
    }

    @Test func aKilledRunIsContinuedByTheSameCommand() async throws {
        try await TestDatabase.run { database in
            let file = try problems("kill")
            defer { try? FileManager.default.removeItem(at: file) }
            let sql = try await database.connect()
            func count() async throws -> Int { try await sql.query("SELECT count(*) FROM glimpq.job").one().get(0) }
            let arguments = ["enqueue", file.path, "--batch", "b", "--json"]
            var seen: [Int] = []
            for threshold in [1, 25_000] {
                let run = try Program.Run(arguments, database: database.options.string)
                while try await count() < threshold, run.process.isRunning {
                    try await Task.sleep(for: .milliseconds(2))
                }
                run.kill()
                _ = try await run.ending()
                seen.append(try await count())
            }
            let ending = try await Program.run(arguments, database: database.options.string)
            #expect(ending.code == 0, "\(ending.errors)")
            #expect(try await count() == Self.jobs, "after kills at \(seen)")
            let distinct: [Int] = try await sql.query(
                "SELECT count(*) FROM glimpq.job GROUP BY prompt ORDER BY 1"
            ).map { try $0.get(0) }
            #expect(Set(distinct) == [Self.jobs / 1000])
            let again = try await Program.run(arguments, database: database.options.string)
            #expect(again.output.contains(#""inserted": 0, "duplicates": \#(Self.jobs)"#), "\(again.output)")
            await sql.close()
        }
    }

    @Test func anInterruptedRunSaysWhatIsIn() async throws {
        try await TestDatabase.run { database in
            let file = try problems("interrupt")
            defer { try? FileManager.default.removeItem(at: file) }
            let sql = try await database.connect()
            let arguments = ["enqueue", file.path, "--batch", "b"]
            let run = try Program.Run(arguments, database: database.options.string)
            while try await sql.query("SELECT count(*) FROM glimpq.job").one().get(0, as: Int.self) == 0 {
                try await Task.sleep(for: .milliseconds(2))
            }
            run.process.interrupt()
            let ending = try await run.ending()
            if ending.code != 0 {  // else it was done before it could be interrupted
                #expect(ending.code == 1)
                #expect(ending.errors.contains("the same command goes on from there"), "\(ending.errors)")
                #expect(ending.errors.contains("glimpq: interrupted"))
            }
            #expect(try await Program.run(arguments, database: database.options.string).code == 0)
            #expect(
                try await sql.query("SELECT count(*) FROM glimpq.job").one().get(0, as: Int.self) == Self.jobs)
            await sql.close()
        }
    }

    @Test func resultsGoOnInTheirFileAfterAKill() async throws {
        try await TestDatabase.run { database in
            let file = FileManager.default.temporaryDirectory.appendingPathComponent("results-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: file) }
            let url = database.options.string
            let sql = try await database.connect()
            try await sql.query("SELECT glimpq.ensure_batch('b')")
            let jobs = 3000
            try await sql.query(
                "INSERT INTO glimpq.job (batch_id, prompt) SELECT 1, 'p' || n FROM generate_series(1, $1) n",
                [Int32(jobs)])
            try await sql.query("SELECT glimpq.cancel_batch('b', 1000)")
            let arguments = [
                "results", "--batch", "b", "--follow", "--state", "cancelled", "--format", "csv", "--output", file.path,
            ]
            let first = try Program.Run(arguments, database: url)
            func lines() throws -> [Substring] {
                guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [] }
                return text.split(separator: "\n")
            }
            while try lines().count < 1001 { try await Task.sleep(for: .milliseconds(5)) }
            first.kill()
            _ = try await first.ending()
            // What a kill in the middle of a write leaves.
            let torn = try String(contentsOf: file, encoding: .utf8).dropLast(30)
            try Data(torn.utf8).write(to: file)
            let second = try Program.Run(arguments, database: url)
            for _ in 0..<3 { try await sql.query("SELECT glimpq.cancel_batch('b', 1000)") }
            let ending = try await second.ending()
            #expect(ending.code == 0, "\(ending.errors)")
            let rows = try lines()
            #expect(rows.count == jobs + 1)
            #expect(Set(rows.dropFirst().map { $0.prefix { $0 != "," } }).count == jobs)
            #expect(rows.first?.hasPrefix("job_id,batch,") == true)
            await sql.close()
        }
    }
}
