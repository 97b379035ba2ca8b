import Foundation
import Postgres
import Testing

@testable import Worker

/// Jobs that ask for a share of steps instead of a threshold.
@Suite struct TargetRateTests {
    private static let params = #"{"temperature": 0, "target_intervention_rate": 0.3, "task": "division"}"#

    private func gather(_ fixture: WorkerFixture) async throws {
        try await fixture.sql.query(
            """
            UPDATE glimpq.setting SET value = CASE name WHEN 'calibration_lag_seconds' THEN 0 ELSE 5 END
            WHERE name IN ('calibration_lag_seconds', 'calibration_fewest_jobs', 'calibration_fewest_steps')
            """)
        try await fixture.sql.query("SELECT glimpq.gather_entropies_v1()")
    }

    @Test func theThresholdComesFromEarlierJobsAndStandsInTrace() async throws {
        try await WorkerFixture.run { fixture in
            try await fixture.enqueue(30, params: #"{"temperature": 0, "tau": 0.1, "task": "division"}"#)
            _ = try await fixture.worker().run()
            try await gather(fixture)
            let row = try await fixture.sql.query(
                "SELECT tau, jobs FROM glimpq.v_calibration WHERE target_rate = 0.3 AND task = 'division'"
            ).one()
            let (tau, jobs): (Double, Int) = (try row.get(0), try row.get(1))
            #expect(jobs == 30)

            try await fixture.sql.query("UPDATE glimpq.job SET custom_id = NULL")
            try await fixture.enqueue(10, params: Self.params)
            _ = try await fixture.worker().run()
            #expect(try await fixture.count("SELECT FROM glimpq.v_job_threshold WHERE tau = \(tau)") == 10)
            #expect(
                try await fixture.count(
                    """
                    SELECT FROM glimpq.v_trace t JOIN glimpq.v_job_threshold p USING (job_id)
                    WHERE t.rule LIKE 'entropy%' AND t.threshold IS DISTINCT FROM p.tau
                    """) == 0)
            #expect(
                try await fixture.count(
                    """
                    SELECT FROM glimpq.result WHERE (params ->> 'calibrated_tau')::float8 = \(tau)
                        AND strategy_params ? 'target_intervention_rate' AND NOT strategy_params ? 'calibrated_tau'
                    """) == 10)
        }
    }

    /// Nobody but the workers gathers, and none of them stays for long.
    @Test func workersThatStayForAMomentGatherWhatOthersLeft() async throws {
        try await WorkerFixture.run { fixture in
            try await fixture.enqueue(10, params: #"{"temperature": 0, "tau": 0.1, "task": "division"}"#)
            _ = try await fixture.worker().run()
            try await fixture.sql.query("UPDATE glimpq.setting SET value = 0 WHERE name = 'calibration_lag_seconds'")
            let worker = try fixture.worker { $0.stopsWhenIdle = false }
            async let summary = worker.run()
            var rounds = 0
            while try await fixture.count("SELECT FROM glimpq.calibration_period WHERE jobs = 10") == 0, rounds < 1500 {
                rounds += 1
                try await Task.sleep(for: .milliseconds(20))
            }
            await worker.handBack()
            _ = try await summary
            // The next regular time is at least this far away: 30 seconds.
            #expect(rounds < 1500)
        }
    }

    /// A worker that stops in the middle, and what is known changes before the next one goes on.
    @Test func aResumedJobKeepsItsThreshold() async throws {
        var calm: [String] = []
        try await WorkerFixture.run { fixture in
            try await seeded(fixture)
            _ = try await fixture.worker().run()
            calm = try await content(fixture)
        }
        try await WorkerFixture.run { fixture in
            try await seeded(fixture)
            var handedBack = 0
            for steps in [3, 12, 40] {
                let worker = try fixture.worker(slots: 8) { $0.stopsWhenIdle = false }
                async let summary = worker.run()
                while try await fixture.count("SELECT FROM glimpq.step") < steps,
                    try await fixture.count("SELECT FROM glimpq.job WHERE state <> 'done'") > 0
                {
                    try await Task.sleep(for: .milliseconds(2))
                }
                await worker.handBack()
                handedBack += try await summary.handedBack
            }
            #expect(handedBack > 0)
            // All jobs have started or start now with the same knowledge; those that have must not see this.
            try await fixture.sql.query(
                """
                WITH started AS (SELECT DISTINCT job_id FROM glimpq.attempt WHERE calibration IS NOT NULL)
                UPDATE glimpq.job SET state = 'cancelled', finished_at = now()
                WHERE state = 'ready' AND id NOT IN (SELECT job_id FROM started)
                """)
            try await fixture.sql.query("UPDATE glimpq.calibration_bin SET bin = bin + 1000")
            _ = try await fixture.worker().run()
            let content = try await content(fixture)
            #expect(!content.isEmpty && Set(content).isSubset(of: calm))
            #expect(try await fixture.count("SELECT FROM glimpq.attempt WHERE resumed_at_step > 0") > 0)
        }
    }

    private func seeded(_ fixture: WorkerFixture) async throws {
        try await gather(fixture)
        // What finishes meanwhile is not to change what is known.
        try await fixture.sql.query(
            "UPDATE glimpq.setting SET value = 3600 WHERE name = 'calibration_lag_seconds'")
        // A sketch as of 40 jobs, so that the first start finds one; the fingerprint is the demo pair's.
        let worker = try fixture.worker()
        let models = worker.runner.models
        try await fixture.sql.query(
            """
            WITH key AS (
                INSERT INTO glimpq.calibration_key (pair, slm_fingerprint, template, task)
                SELECT p.key, p.value -> 'slm' ->> 'fingerprint', 'model', 'division' FROM jsonb_each($1::text::jsonb) p
                RETURNING id),
            hours AS (
                INSERT INTO glimpq.calibration_period (key_id, hour, jobs, steps, squares)
                SELECT id, date_trunc('hour', now(), 'UTC'), 40, 400, 4000 FROM key)
            INSERT INTO glimpq.calibration_bin (key_id, hour, bin, steps, squares, products)
            SELECT id, date_trunc('hour', now(), 'UTC'), b, 100, 1000, 1000 FROM key, unnest('{-700,-400,-230,-100}'::int[]) b
            """, [models])
        try await fixture.enqueue(24, params: Self.params)
    }

    private func content(_ fixture: WorkerFixture) async throws -> [String] {
        try await fixture.content().filter { !$0.isEmpty }
    }
}
