import Metrics
import Postgres
import Testing

@testable import Worker

@Suite struct WorkerMetricsTests {
    @Test func whatAWorkerDidIsInItsMetrics() async throws {
        try await WorkerFixture.run { fixture in
            try await fixture.enqueue(10)
            try await fixture.sql.query(
                #"INSERT INTO glimpq.job (prompt, params) VALUES ('x', '{"no_such_parameter": 1}')"#)
            let worker = try fixture.worker(slots: 4)
            #expect(worker.readiness == .starting)
            _ = try await worker.run()
            let lines = Set(PrometheusText.text(await worker.metrics).split(separator: "\n"))
            for line in [
                "glimpq_worker_jobs_ended_total{outcome=\"done\"} 10",
                "glimpq_worker_jobs_ended_total{outcome=\"failed\"} 1",
                "glimpq_worker_attempts_failed_total{class=\"bad_input\"} 1",
                "glimpq_worker_results_total{verdict=\"accepted\"} 10", "glimpq_worker_jobs_claimed_total 11",
                "glimpq_worker_job_duration_seconds_count 11", "glimpq_worker_jobs_in_flight 0",
                "glimpq_worker_slots 4", "glimpq_worker_trace_rows_waiting 0", "glimpq_worker_ready 1",
            ] {
                #expect(lines.contains(Substring(line)), "\(line)")
            }
            // One probe for each thinking step that was routed.
            let probes = try await fixture.count("SELECT FROM glimpq.step WHERE probe_tokens > 0")
            #expect(lines.contains { $0.contains("kind=\"probe\"") && $0.hasSuffix(" \(probes)") })
            await worker.drain()
            #expect(worker.readiness == .draining)
        }
    }
}
