import Foundation
import Postgres
import TestSupport
import Testing

/// The program is killed while it works; what comes out is what comes out of a calm run.
@Suite struct CrashTests {
    private static let jobs = 60

    private struct Setup {
        let database: TestDatabase
        let sql: Connection
        var url: String { database.options.string }

        func enqueue() async throws {
            let arguments = [
                "enqueue", "-", "--batch", "crash", "--strategy", "glimprouter", "--param", "temperature=0.7",
                "--param",
                "tau=0.1",
            ]
            let ending = try await Program.run(arguments, database: url, input: try Program.problems(jobs))
            #expect(ending.code == 0, "\(ending.errors)")
        }

        func worker(_ more: [String] = ["--exit-when-idle"]) throws -> Program.Run {
            try Program.Run(["worker", "--in-flight", "16", "--threads", "1"] + more, database: url)
        }

        func number(_ query: String) async throws -> Int {
            Int(try await sql.query("SELECT (\(query))::bigint").one().get(0, as: Int64.self))
        }

        func waitForSteps(_ count: Int) async throws {
            while try await number("SELECT count(*) FROM glimpq.step") < count {
                try await Task.sleep(for: .milliseconds(5))
            }
        }

        /// Results and winning traces, without what a crash may change: epochs, times, costs.
        func content() async throws -> [String] {
            try await sql.query(
                """
                SELECT concat_ws('|', job_id, answer, output, correct, thinking_stop, finish_reason, steps, llm_steps,
                    slm_tokens, llm_tokens, probe_tokens)
                FROM glimpq.result
                UNION ALL
                SELECT concat_ws('|', job_id, seq, kind, owner, model, rule, signal_name, signal_value, threshold,
                    h_init, h_norm, h_top, probed_token, text, token_ids, finish_reason, mean_logprob, mean_entropy)
                FROM glimpq.v_trace
                ORDER BY 1
                """
            ).map { try $0.get(0) }
        }
    }

    private func run(_ body: (Setup) async throws -> Void) async throws {
        try await TestDatabase.run { database in
            let setup = Setup(database: database, sql: try await database.connect())
            // A short lease, so that the rescue comes soon.
            try await setup.sql.query("UPDATE glimpq.setting SET value = 2 WHERE name = 'lease_seconds'")
            try await setup.enqueue()
            try await body(setup)
            await setup.sql.close()
        }
    }

    @Test func killedWorkersLoseNothingAndChangeNothing() async throws {
        var calm: [String] = []
        try await run { setup in
            let ending = try await setup.worker().ending()
            #expect(ending.code == 0, "\(ending.errors)")
            calm = try await setup.content()
        }
        try await run { setup in
            for steps in [60, 180] {
                let victim = try setup.worker([])
                try await setup.waitForSteps(steps)
                victim.kill()
                _ = try await victim.ending()
            }
            let ending = try await setup.worker().ending()
            #expect(ending.code == 0, "\(ending.errors)")
            #expect(try await setup.number("SELECT count(*) FROM glimpq.job WHERE state = 'done'") == Self.jobs)
            #expect(try await setup.number("SELECT count(*) FROM glimpq.result") == Self.jobs)
            #expect(try await setup.content() == calm)
            // Stored steps are taken over, not computed again.
            #expect(
                try await setup.number("SELECT count(*) FROM glimpq.attempt WHERE resumed_at_step > 0") > 0)
            #expect(
                try await setup.number(
                    """
                    SELECT count(*) FROM glimpq.step s JOIN glimpq.attempt a USING (job_id, epoch)
                    WHERE s.seq < a.resumed_at_step
                    """) == 0)
        }
    }

    @Test func aTerminatedWorkerDrainsAndAnotherGoesOn() async throws {
        try await run { setup in
            let first = try setup.worker(["--drain-seconds", "0"])
            try await setup.waitForSteps(60)
            first.terminate()
            #expect(try await first.ending().code == 0)
            #expect(try await setup.number("SELECT count(*) FROM glimpq.job WHERE state = 'running'") == 0)
            #expect(try await setup.worker().ending().code == 0)
            #expect(try await setup.number("SELECT count(*) FROM glimpq.result") == Self.jobs)
        }
    }

    @Test func twoProcessesShareTheLoad() async throws {
        try await run { setup in
            let (a, b) = (try setup.worker(), try setup.worker())
            #expect(try await a.ending().code == 0)
            #expect(try await b.ending().code == 0)
            #expect(try await setup.number("SELECT count(*) FROM glimpq.attempt") == Self.jobs)
            #expect(try await setup.number("SELECT count(*) FROM glimpq.result") == Self.jobs)
        }
    }

    @Test func resultsOfAKilledWorkerAreDeliveredByTheNextOne() async throws {
        let spool = FileManager.default.temporaryDirectory.appendingPathComponent("spool-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: spool) }
        try await run { setup in
            let blocker = try await setup.database.connect()
            try await blocker.run(script: "BEGIN; LOCK TABLE glimpq.result IN ACCESS EXCLUSIVE MODE")
            let victim = try setup.worker(["--spool", spool])
            func kept() -> Int {
                let files = try? FileManager.default.contentsOfDirectory(atPath: spool + "/slot-1")
                return files?.filter { $0.hasSuffix(".result") }.count ?? 0
            }
            while kept() < 16 { try await Task.sleep(for: .milliseconds(20)) }
            victim.kill()
            _ = try await victim.ending()
            try await blocker.run(script: "COMMIT")
            await blocker.close()
            let ending = try await setup.worker(["--exit-when-idle", "--spool", spool]).ending()
            #expect(ending.code == 0, "\(ending.errors)")
            #expect(kept() == 0)
            #expect(try await setup.number("SELECT count(*) FROM glimpq.result") == Self.jobs)
            #expect(try await setup.number("SELECT count(*) FROM glimpq.attempt") == Self.jobs, "no job ran twice")
        }
    }
}
