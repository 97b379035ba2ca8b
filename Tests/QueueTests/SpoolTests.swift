import Foundation
import Postgres
import Queue
import Testing

@Suite struct SpoolTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("spool-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path)
    }

    private func result(_ job: Int64, database: String = "7/1") -> SpooledResult {
        let lease = JobLease(job: job, epoch: 3)
        var result = FinishedJob(
            lease, output: "a \u{0} 🙂\n", finishReason: "end_of_text", pair: "p", engineVersion: "t")
        result.correct = true
        result.activeNanoseconds = .max
        var row = TraceRow(
            lease, sequence: 0, day: Day(days: 20_000), kind: .thinking, owner: .llm, model: "m", text: "so\n\n",
            tokenIDs: [1, -2])
        row.initialEntropy = 0.1 + 0.2
        row.threshold = .nan
        row.cost.llmNanoseconds = 5
        return SpooledResult(database: database, result: result, rows: [row])
    }

    private func contents(_ folder: SpoolFolder) throws -> [SpooledResult] {
        try folder.entries().map { try $0.content.get() }
    }

    @Test func whatIsKeptComesBackExactly() throws {
        try withFolder { path in
            let first = try SpoolFolder.open(path)
            for job in 1...3 { try first.keep(result(Int64(job))) }
            try first.keep(result(3))
            try first.keep(result(1, database: "7/2"))
            first.remove(result(2))
            let kept = try contents(first)
            #expect(kept.count == 3)
            let one = try #require(kept.first { $0.database == "7/1" && $0.result.job == 1 })
            #expect(one.result == result(1).result)
            #expect(one.rows[0].threshold?.isNaN == true)
            #expect(one.rows[0].initialEntropy == 0.1 + 0.2)
        }
    }

    @Test func twoProcessesNeverShareASlot() throws {
        try withFolder { path in
            let first = try SpoolFolder.open(path)
            try first.keep(result(1))
            do {
                let second = try SpoolFolder.open(path)
                #expect(second.path != first.path)
                try second.keep(result(2))
                #expect(second.abandoned().isEmpty)
                #expect(try contents(second).map(\.result.job) == [2])
            }
            // The second has gone; the first finds what it left, and nobody else may take it meanwhile.
            let left = first.abandoned()
            #expect(try left.flatMap(contents).map(\.result.job) == [2])
            let third = try SpoolFolder.open(path)
            #expect(third.path.hasSuffix("slot-3"))
            withExtendedLifetime(left) {}
        }
    }

    @Test(arguments: [0, 10, 40, 200, -1])
    func aDamagedFileIsFoundAndSetAside(cut: Int) throws {
        try withFolder { path in
            let folder = try SpoolFolder.open(path)
            try folder.keep(result(1))
            try folder.keep(result(2))
            let file = try #require(folder.entries().first?.path)
            var bytes = try #require(FileManager.default.contents(atPath: file))
            if cut < 0 { bytes[bytes.count - 20] ^= 1 } else { bytes = bytes.prefix(cut) }
            try bytes.write(to: URL(fileURLWithPath: file))
            let entries = folder.entries()
            #expect(entries.count == 2)
            let damaged = entries.filter { (try? $0.content.get()) == nil }
            #expect(damaged.map(\.path) == [file])
            folder.setAside(damaged[0])
            #expect(try contents(folder).map(\.result.job) == [2])
            #expect(FileManager.default.fileExists(atPath: file + ".torn"))
        }
    }

    @Test func aFolderThatCannotBeMadeIsRefused() throws {
        #expect(throws: SpoolFault.self) { try SpoolFolder.open("/proc/nowhere") }
    }
}
