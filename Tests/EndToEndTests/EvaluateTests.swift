import Foundation
import Postgres
import TestSupport
import Testing

/// `evaluate` with the demo pair: nothing is computed twice, whatever happens on the way.
@Suite struct EvaluateTests {
    private func plan(_ folder: URL, name: String = "t", problems: Int = 12, more: String = "") throws -> String {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let sets = Program.root.appendingPathComponent("Ops/demo-pair/problems").path
        let file = folder.appendingPathComponent("\(name).json")
        try Data(
            """
            {"name": "\(name)", "models": "\(Program.root.appendingPathComponent("Config/models.demo.json").path)",
             "datasets": {"test": {"path": "\(sets)/test-1000.jsonl", "limit": \(problems)},
               "calibration": {"path": "\(sets)/calibration-500.jsonl", "limit": 10}},
             "calibration": {"dataset": "calibration", "rounds": 3}, "seeds": [1, 2], "threads": 1,
             "timing": [{"in_flight": 1, "problems": 3}], "bootstrap": {"rounds": 100},
             "variants": [{"strategy": "slm"}, {"strategy": "llm"},
               {"strategy": "glimprouter", "target_llm_share": 0.25},
               {"name": "signals", "strategy": "glimprouter", "params": {"tau": 100}}\(more)],
             "signals": ["signals"], "comparisons": [["glimprouter at 25 %", "slm"]]}
            """.utf8
        ).write(to: file)
        return file.path
    }

    private func withFolder(_ body: (URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("evaluate-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder)
    }

    private func attempts(_ sql: Connection) async throws -> Int {
        try await sql.query("SELECT count(*) FROM glimpq.attempt WHERE outcome = 'done'").one().get(0)
    }

    @Test func aReportComesOutAndNothingIsComputedTwice() async throws {
        try await TestDatabase.run { database in
            try await withFolder { folder in
                let sql = try await database.connect()
                let url = database.options.string
                let plan = try plan(folder)
                let arguments = ["evaluate", plan, "--output", folder.path, "--revision", "abc"]
                let first = try await Program.run(arguments, database: url)
                #expect(first.code == 0, "\(first.errors)")
                let html = try String(contentsOf: folder.appendingPathComponent("report.html"), encoding: .utf8)
                let markdown = try String(contentsOf: folder.appendingPathComponent("report.md"), encoding: .utf8)
                for part in ["<svg", "Accuracy and cost on test", "Signals against errors", "abc"] {
                    #expect(html.contains(part), "no \(part)")
                }
                #expect(!html.contains("http") && !html.contains("<script"), "the page needs something else")
                #expect(markdown.contains("| 2 | llm | 24 |") && markdown.contains("Thresholds found on calibration"))
                // 12 problems × 2 seeds × 4 variants, and 3 problems under seed 1 once more, one by one.
                let tasks = try await sql.query(
                    "SELECT in_flight, count(*) AS jobs FROM glimpq.v_evaluation_job WHERE purpose <> 'calibration' "
                        + "AND state = 'done' GROUP BY 1 ORDER BY 1"
                ).map { (try $0.get(0, as: Int.self), try $0.get(1, as: Int.self)) }
                #expect(tasks.map(\.0) == [1, 64] && tasks.map(\.1) == [12, 96])
                let done = try await attempts(sql)

                let again = try await Program.run(arguments, database: url)
                #expect(again.code == 0, "\(again.errors)")
                #expect(try await attempts(sql) == done)
                // Another evaluation with other problems besides computes those alone.
                let other = try await Program.run(
                    [
                        "evaluate",
                        try self.plan(
                            folder, name: "u", problems: 12,
                            more: #", {"strategy": "random", "params": {"llm_share": 0.3}}"#),
                        "--output", folder.path,
                    ], database: url)
                #expect(other.code == 0, "\(other.errors)")
                #expect(try await attempts(sql) == done + 27)
                let list = try await Program.run(["evaluate", plan, "--list"], database: url)
                #expect(list.output.contains("108 of 108 jobs are cached"), "\(list.output)")
                let fresh = try await Program.run(arguments + ["--fresh-variant", "slm"], database: url)
                #expect(fresh.code == 0, "\(fresh.errors)")
                #expect(try await attempts(sql) == done + 54)
                await sql.close()
            }
        }
    }

    /// Killed at several places, with its worker or without it, the same command ends with the very same table.
    @Test func aKilledEvaluationGoesOn() async throws {
        try await TestDatabase.run { database in
            try await withFolder { folder in
                let sql = try await database.connect()
                let url = database.options.string
                let arguments = ["evaluate", try plan(folder, problems: 60), "--output", folder.path]
                for threshold in [1, 30, 200] {
                    let run = try Program.Run(arguments, database: url)
                    while try await attempts(sql) < threshold, run.process.isRunning {
                        try await Task.sleep(for: .milliseconds(5))
                    }
                    run.kill()
                    _ = try await run.ending()
                }
                let last = try await Program.run(arguments, database: url)
                #expect(last.code == 0, "\(last.errors)")
                let doubled: Int = try await sql.query(
                    "SELECT count(*) FROM (SELECT prompt, strategy, params, seed, queue FROM glimpq.job "
                        + "GROUP BY 1, 2, 3, 4, 5 HAVING count(*) > 1) d"
                ).one().get(0)
                #expect(doubled == 0)
                let open: Int = try await sql.query("SELECT count(*) FROM glimpq.job WHERE state <> 'done'").one().get(
                    0)
                #expect(open == 0)
                let results: Int = try await sql.query(
                    "SELECT count(*) FROM glimpq.v_evaluation_result WHERE purpose = 'measurement'"
                ).one().get(0)
                #expect(results == 60 * 2 * 4)
                await sql.close()
            }
        }
    }

    @Test func faultsOfAPlanEndWithTheCodeOfUsage() async throws {
        try await withFolder { folder in
            let plan = try plan(folder, more: #", {"name": "bad", "strategy": "random", "params": {"llm_shar": 1}}"#)
            let run = try await Program.run(["evaluate", plan, "--dry-run"], database: "host=/nowhere")
            #expect(run.code == 2 && run.errors.contains("variants[4] (bad): params.llm_shar"), "\(run.errors)")
            let skipped = try await Program.run(
                ["evaluate", plan, "--dry-run", "--skip-refused"], database: "host=/nowhere")
            #expect(skipped.code == 0 && skipped.errors.contains("left out: variants[4]"), "\(skipped.errors)")
            #expect(skipped.output.contains("4 variants"))
        }
    }
}
