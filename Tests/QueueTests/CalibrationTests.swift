import Foundation
import Postgres
import Queue
import TestSupport
import Testing

/// Thresholds for target rates, learnt across jobs.
@Suite struct CalibrationTests {
    private static let request = ThresholdRequest(
        pair: "demo", slmFingerprint: "f", template: "model", task: "t", rate: 0.25)

    /// Finished jobs whose steps measured these entropies; the hours before now in which they finished.
    private func finish(
        _ fixture: QueueFixture, _ jobs: [[Double]], task: String = "t", hoursAgo: Int = 0, fingerprint: String = "f"
    ) async throws {
        let ids: [Int64] = try await fixture.sql.query(
            """
            INSERT INTO glimpq.job (prompt, state, epoch, finished_at, params)
            SELECT 'p', 'done', 1, now(), jsonb_build_object('task', $2::text) FROM generate_series(1, $1) RETURNING id
            """, [Int32(jobs.count), task]
        ).map { try $0.get(0) }
        for (id, entropies) in zip(ids, jobs) {
            try await fixture.sql.query(
                """
                INSERT INTO glimpq.step (job_id, epoch, seq, day, kind, owner, model, rule, h_init, text, token_ids)
                SELECT $1, 1, n - 1, (now() AT TIME ZONE 'UTC')::date, 'thinking', 'slm', 'm', 'entropy<=tau', h, '', '{}'
                FROM unnest($2::float8[]) WITH ORDINALITY AS e(h, n)
                """, [id, entropies])
        }
        try await fixture.sql.query(
            """
            WITH attempts AS (
                INSERT INTO glimpq.attempt (job_id, epoch, worker_id, ended_at, outcome, chain_epochs, chain_starts)
                SELECT id, 1, 1, now(), 'done', '{1}', '{0}' FROM unnest($1::bigint[]) AS n(id))
            INSERT INTO glimpq.result (job_id, epoch, finished_at, first_claimed_at, queue_wait_ms, active_ns,
                prompt_tokens, steps, llm_steps, slm_tokens, llm_tokens, slm_discarded_tokens, llm_discarded_tokens,
                probe_tokens, slm_prefill_tokens, llm_prefill_tokens, finish_reason, strategy, pair, slm_fingerprint,
                engine_version, output)
            SELECT id, 1, now() - interval '1 minute' - $2 * interval '1 hour', now(), 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0,
                'stop', 'glimprouter', 'demo', $3, 'x', '' FROM unnest($1::bigint[]) AS n(id)
            """, [ids, Int32(hoursAgo), fingerprint])
    }

    private func gather(_ fixture: QueueFixture) async throws -> Int {
        // Also of the past, which a cursor that moves with the clock would not see.
        try await fixture.sql.query("UPDATE glimpq.calibration_cursor SET finished_at = '-infinity' WHERE job_id = 0")
        let upkeep = QueueUpkeep(fixture.database.options, logger: QueueFixture.logger)
        while try await upkeep.gatherEntropies() {}
        await upkeep.close()
        return try await fixture.sql.query("SELECT coalesce(sum(steps), 0)::bigint FROM glimpq.calibration_bin").one()
            .get(0)
    }

    /// Jobs that differ from each other, as jobs do.
    private func sample(_ jobs: Int, seed: UInt64) -> [[Double]] {
        var state = seed
        func draw() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 11) / 0x1p53
        }
        return (0..<jobs).map { _ in
            let level = draw()
            return (0..<Int(5 + 20 * draw())).map { _ in level * 2 * draw() * draw() }
        }
    }

    private struct Threshold {
        var tau, share, effect, low, high: Double
        var jobs, steps: Int
    }

    private func threshold(_ fixture: QueueFixture, _ rate: Double) async throws -> Threshold {
        let row = try await fixture.sql.query(
            """
            SELECT t.* FROM glimpq.calibration_key k, glimpq.calibrated_threshold(k.id, $1) t
            WHERE k.task = 't' AND k.slm_fingerprint = 'f'
            """, [rate]
        ).one()
        return Threshold(
            tau: try row.get("tau"), share: try row.get("share"), effect: try row.get("design_effect"),
            low: try row.get("tau_low"), high: try row.get("tau_high"), jobs: try row.get("jobs"),
            steps: try row.get("steps"))
    }

    @Test(arguments: [0.05, 0.25, 0.5, 0.9])
    func theSketchGivesTheQuantileAndTheVarianceBetweenJobs(rate: Double) async throws {
        try await QueueFixture.run { fixture in
            let jobs = sample(120, seed: 7)
            try await finish(fixture, jobs)
            let all = jobs.flatMap { $0 }.sorted(by: >)
            #expect(try await gather(fixture) == all.count)
            let found = try await threshold(fixture, rate)
            let exact = all[Int(rate * Double(all.count))]  // so many values are above it
            #expect(found.tau >= exact && found.tau <= exact * 1.01 * (1 + 1e-12))
            let above = all.filter { $0 > found.tau }.count
            #expect(abs(found.share - Double(above) / Double(all.count)) < 1e-12)
            #expect(found.jobs == 120 && found.steps == all.count)
            #expect(found.low <= found.tau && found.tau <= found.high)
            // The variance of a ratio over clusters, by its definition.
            let spread = jobs.reduce(0.0) { sum, job in
                let difference = Double(job.filter { $0 > found.tau }.count) - found.share * Double(job.count)
                return sum + difference * difference
            }
            let n = Double(all.count)
            let effect = 120.0 / 119 * spread / n / (found.share * (1 - found.share))
            #expect(abs(found.effect - max(1, effect)) < 1e-9)
            #expect(found.effect > 1.5)  // these jobs do differ
        }
    }

    @Test func gatheringBitByBitIsGatheringAtOnce() async throws {
        try await QueueFixture.run { fixture in
            let jobs = sample(40, seed: 3)
            var last: Threshold?
            for part in [0..<1, 1..<17, 17..<40] {
                try await finish(fixture, Array(jobs[part]))
                _ = try await gather(fixture)
                _ = try await gather(fixture)  // nothing new
                last = try await threshold(fixture, 0.25)
            }
            try await finish(fixture, jobs, fingerprint: "g")
            _ = try await gather(fixture)
            let row = try await fixture.sql.query(
                """
                SELECT t.tau, t.design_effect FROM glimpq.calibration_key k, glimpq.calibrated_threshold(k.id, 0.25) t
                WHERE k.slm_fingerprint = 'g'
                """
            ).one()
            let (tau, effect): (Double, Double) = (try row.get(0), try row.get(1))
            #expect(tau == last?.tau && effect == last?.effect)
        }
    }

    @Test func severalWorkersAtOnceCountNothingTwice() async throws {
        try await QueueFixture.run { fixture in
            let jobs = sample(700, seed: 5)
            try await finish(fixture, jobs)
            try await fixture.sql.query("UPDATE glimpq.calibration_cursor SET finished_at = '-infinity'")
            let options = fixture.database.options
            try await withThrowingTaskGroup { group in
                for _ in 0..<4 {
                    group.addTask {
                        let upkeep = QueueUpkeep(options, logger: QueueFixture.logger)
                        for _ in 0..<4 { _ = try await upkeep.gatherEntropies() }
                        await upkeep.close()
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await gather(fixture) == jobs.reduce(0) { $0 + $1.count })
            #expect(try await threshold(fixture, 0.25).jobs == 700)
        }
    }

    @Test func anOldDistributionLeavesTheWindow() async throws {
        try await QueueFixture.run { fixture in
            try await fixture.sql.query(
                "UPDATE glimpq.setting SET value = 1000 WHERE name = 'calibration_window_steps'")
            try await finish(fixture, sample(100, seed: 1).map { $0.map { $0 + 5 } }, hoursAgo: 5)
            _ = try await gather(fixture)
            #expect(try await threshold(fixture, 0.25).tau > 5)
            try await finish(fixture, sample(100, seed: 2), hoursAgo: 1)
            _ = try await gather(fixture)
            let now = try await threshold(fixture, 0.25)
            #expect(now.tau < 2 && now.jobs == 100)
            #expect(try await fixture.count("glimpq.calibration_period") == 1)  // what nobody reads is gone
            #expect(try await fixture.count("glimpq.calibration_bin WHERE bin > 161") == 0)
        }
    }

    @Test func aThresholdIsPinnedToTheFirstStart() async throws {
        try await QueueFixture.run { fixture in
            let worker = try await fixture.register()
            try await fixture.enqueue(3)
            let jobs = try await fixture.claim(worker)
            // Too little is known: pinned as such, also when more is known later.
            #expect(try await fixture.client.pinThreshold(jobs[0].lease, Self.request, hasSteps: false) == nil)
            try await finish(fixture, sample(120, seed: 7))
            _ = try await gather(fixture)
            #expect(try await fixture.client.pinThreshold(jobs[0].lease, Self.request, hasSteps: true) == nil)
            #expect(try await fixture.client.pinThreshold(jobs[0].lease, Self.request, hasSteps: false) == nil)
            // Begun by a worker that knows nothing of it.
            #expect(try await fixture.client.pinThreshold(jobs[1].lease, Self.request, hasSteps: true) == nil)

            let tau = try await threshold(fixture, 0.25).tau
            #expect(try await fixture.client.pinThreshold(jobs[2].lease, Self.request, hasSteps: false) == tau)
            try await finish(fixture, sample(300, seed: 9).map { $0.map { $0 + 1 } })
            _ = try await gather(fixture)
            #expect(try await threshold(fixture, 0.25).tau > tau + 0.2)
            // The next attempt, after a crash.
            try await fixture.kill(worker)
            _ = try await fixture.sql.query("SELECT glimpq.sweep_v2()")
            let next = try await fixture.register()
            let again = try #require(try await fixture.claim(next).first { $0.lease.job == jobs[2].lease.job })
            #expect(again.lease.epoch == 2)
            #expect(try await fixture.client.pinThreshold(again.lease, Self.request, hasSteps: true) == tau)
            #expect(try await fixture.client.pinThreshold(again.lease, Self.request, hasSteps: false) == tau)

            let row = try await fixture.sql.query(
                "SELECT * FROM glimpq.v_job_threshold WHERE job_id = $1", [jobs[2].lease.job]
            ).one()
            #expect(try row.get("tau", as: Double.self) == tau && row.get("target_rate", as: Double.self) == 0.25)
            #expect(try row.get("tau_low", as: Double.self) < tau && row.get("tau_high", as: Double.self) > tau)
            #expect(try row.get("jobs", as: Int.self) == 120 && row.get("epoch", as: Int.self) == 1)
            #expect(try await fixture.count("glimpq.v_calibration WHERE in_force AND target_rate = 0.25") == 1)
        }
    }

    @Test func keysAreApart() async throws {
        try await QueueFixture.run { fixture in
            let worker = try await fixture.register()
            try await fixture.enqueue(4)
            let jobs = try await fixture.claim(worker)
            try await finish(fixture, sample(120, seed: 7))
            _ = try await gather(fixture)
            var other = Self.request
            other.task = "u"
            #expect(try await fixture.client.pinThreshold(jobs[0].lease, other, hasSteps: false) == nil)
            other = Self.request
            other.slmFingerprint = "g"
            #expect(try await fixture.client.pinThreshold(jobs[1].lease, other, hasSteps: false) == nil)
            other = Self.request
            other.template = "raw"
            #expect(try await fixture.client.pinThreshold(jobs[2].lease, other, hasSteps: false) == nil)
            #expect(try await fixture.client.pinThreshold(jobs[3].lease, Self.request, hasSteps: false) != nil)
        }
    }
}
