import Foundation
import Postgres
import TestSupport
import Testing

@testable import Queue

/// Every version of the server's function that stores results does the same, for workers of different age share a
/// database.
@Suite struct FinishVersionsTests {
    /// What the versions before the fourth take.
    private static func json(_ jobs: [FinishedJob]) throws -> String {
        String(decoding: try JSONEncoder().encode(jobs), as: UTF8.self)
    }

    /// One batch with every verdict in it, and the traces of it in the tables.
    private static func outcome(of function: String) async throws -> [String] {
        var seen: [String] = []
        try await QueueFixture.run { queue in
            try await queue.enqueue(7)
            let worker = try await queue.register()
            let jobs = try await queue.claim(worker, 7)
            func finish(_ results: [FinishedJob]) async throws {
                let isByColumn = function == "finish_v4"
                let rows = try await queue.sql.query(
                    """
                    SELECT job_id, epoch, verdict FROM glimpq.\(function)(\(isByColumn ? FinishedJob.placeholders : "$1"))
                    ORDER BY job_id, epoch
                    """, isByColumn ? FinishedJob.columns(results) : [try Self.json(results)])
                seen += try rows.map {
                    "\(try $0.get(0, as: Int64.self)):\(try $0.get(1, as: Int64.self)) \(try $0.get(2, as: String.self))"
                }
                seen.append("")
            }
            func result(_ index: Int) -> FinishedJob { queue.result(jobs[index].lease, output: "output \(index)") }
            // Job 0 finishes at once; 1 is lost and claimed again; 2 is lost and late; 3 is cancelled; 4 was given back.
            try await finish([result(0)])
            try await queue.sql.query(
                "UPDATE glimpq.job SET worker_id = 0 WHERE id = ANY ($1)", [[jobs[1].lease.job, jobs[2].lease.job]])
            _ = try await queue.client.sweep()
            try await queue.sql.query("SELECT glimpq.hold(ARRAY[$1])", [jobs[2].lease.job])
            let again = try await queue.claim(worker, 1)
            #expect(again.map(\.lease) == [JobLease(job: jobs[1].lease.job, epoch: 2)])
            try await queue.sql.query("SELECT glimpq.unhold(ARRAY[$1])", [jobs[2].lease.job])
            try await queue.sql.query("SELECT glimpq.cancel($1)", [jobs[3].lease.job])
            _ = try await queue.client.fail([.cancelled(jobs[3].lease)])
            try await queue.client.release([ReleasedJob(jobs[4].lease)], worker: worker)
            let stray = queue.result(JobLease(job: 999_999, epoch: 1))
            try await finish(jobs.indices.dropLast().map(result) + [stray, result(6)])
            try await finish([queue.result(again[0].lease, output: "second attempt"), result(0), result(4)])
            for row in try await queue.sql.query(
                """
                SELECT concat_ws(' ', j.id, j.state, j.epoch, j.worker_id, j.claimed_at, j.deadline_at, j.attempt,
                    a.epoch, a.outcome, a.error_class, a.steps_written, a.tokens, r.epoch, r.output,
                    r.first_claimed_at = f.started_at, r.queue_wait_ms >= 0)
                FROM glimpq.job j JOIN glimpq.attempt a ON a.job_id = j.id
                LEFT JOIN glimpq.result r ON r.job_id = j.id
                CROSS JOIN LATERAL (SELECT min(b.started_at) AS started_at FROM glimpq.attempt b WHERE b.job_id = j.id) f
                ORDER BY j.id, a.epoch
                """)
            {
                seen.append(try row.get(0))
            }
        }
        return seen
    }

    @Test func allVersionsGiveTheSameVerdictsAndRows() async throws {
        let first = try await Self.outcome(of: "finish_v1")
        #expect(
            first.prefix(10) == [
                "1:1 accepted", "",
                "1:1 duplicate", "2:1 stale", "3:1 accepted", "4:1 stale", "5:1 accepted", "6:1 accepted",
                "7:1 accepted", "999999:1 stale",
            ])
        #expect(try await Self.outcome(of: "finish_v2") == first)
        #expect(try await Self.outcome(of: "finish_v3") == first)
        #expect(try await Self.outcome(of: "finish_v4") == first)
    }

    @Test(arguments: ["finish_v2", "finish_v3"])
    func aResultWaitsForTheRowsOfItsTrace(_ function: String) async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(2)
            let jobs = try await queue.claim(try await queue.register())
            let json = #"""
                [{"job_id": 1, "epoch": 1, "trace_rows": 2, "active_ns": 0, "prompt_tokens": 0, "steps": 1, "llm_steps": 0,
                "slm_tokens": 4, "llm_tokens": 0, "slm_discarded_tokens": 0, "llm_discarded_tokens": 0,
                "probe_tokens": 0, "slm_prefill_tokens": 0, "llm_prefill_tokens": 0, "finish_reason": "end_of_text",
                "pair": "demo", "engine_version": "test", "output": "4"},
                {"job_id": 9, "epoch": 1, "trace_rows": 2}]
                """#
            func verdicts() async throws -> [String] {
                try await queue.sql.query(
                    "SELECT verdict FROM glimpq.\(function)($1) ORDER BY job_id", [json]
                ).map { try $0.get(0) }
            }
            try await queue.write([queue.step(jobs[0], 0)])
            #expect(try await verdicts() == ["untraced", "stale"])
            #expect(try await queue.state(1) == "running")
            try await queue.write([queue.step(jobs[0], 1)])
            #expect(try await verdicts() == ["accepted", "stale"])
            #expect(try await verdicts() == ["duplicate", "stale"])
        }
    }

    /// Every column of a result lands where it belongs: what the third version stores from named members is what the
    /// fourth stores from lists.
    @Test func theVersionByColumnStoresWhatTheOneByNameDoes() async throws {
        var full = FinishedJob(
            JobLease(job: 1, epoch: 1), output: "a\u{1}\"b\\c\n\r\t\u{7F}🙂é", finishReason: "end_of_text", pair: "demo",
            engineVersion: "1")
        full.activeNanoseconds = .max
        full.slmParameters = 1
        full.llmParameters = 2
        full.promptTokens = 3
        full.steps = 4
        full.llmSteps = 3
        full.slmTokens = 6
        full.llmTokens = 7
        full.slmDiscardedTokens = 8
        full.llmDiscardedTokens = 9
        full.probeTokens = 10
        full.slmPrefillTokens = 11
        full.llmPrefillTokens = 12
        full.traceRowsDropped = 13
        full.correct = false
        full.thinkingStop = "thinking_end"
        full.strategyParams = #"{"threshold": 1.5}"#
        full.slmModel = "s"
        full.llmModel = "l"
        full.slmFingerprint = "f"
        full.llmFingerprint = "g"
        full.params = #"{"a": ""}"#
        full.answer = ""
        full.stepsWritten = 14
        full.attemptTokens = 15
        try await QueueFixture.run { queue in
            try await queue.enqueue(4)
            let jobs = try await queue.claim(try await queue.register())
            var bare = queue.result(jobs[2].lease)
            var other = full
            (full.job, other.job) = (jobs[0].lease.job, jobs[1].lease.job)
            try await queue.sql.query("SELECT glimpq.finish_v3($1)", [try Self.json([full, bare])])
            bare.job = jobs[3].lease.job
            let verdicts = try await queue.client.finish([bare, other])
            #expect(verdicts == [bare.lease: .accepted, other.lease: .accepted])
            let stored: [String] = try await queue.sql.query(
                """
                SELECT to_jsonb(r) - ARRAY['job_id', 'finished_at', 'first_claimed_at', 'queue_wait_ms']
                    || jsonb_build_object('attempt', to_jsonb(a) - ARRAY['job_id', 'started_at', 'ended_at'])
                FROM glimpq.result r JOIN glimpq.attempt a ON a.job_id = r.job_id ORDER BY r.job_id
                """
            ).map { try $0.get(0) }
            #expect(stored.count == 4 && stored[0] != stored[2])
            #expect(stored[0] == stored[1])
            #expect(stored[2] == stored[3])
        }
    }
}
