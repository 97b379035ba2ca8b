import Engine
public import Metrics
import Queue
import Synchronization

extension Worker {
    /// Whether the worker can take work now.
    public var readiness: WorkerReadiness {
        if isStopping { return .draining }
        guard let lease else { return .starting }
        return lease.left > 0 ? .ready : .noLease(secondsSinceBeat: lease.age)
    }

    private var lease: (age: Double, left: Double)? { running.withLock { $0?.identity.lease(at: .now) } }

    /// What the worker does, for monitoring.
    public var metrics: [MetricFamily] {
        get async {
            await jobFamilies() + claimFamilies() + resultFamilies() + databaseFamilies() + leaseFamilies()
                + methodFamilies() + modelFamilies()
        }
    }

    private func jobFamilies() async -> [MetricFamily] {
        let summary = self.summary
        let counts = tally.activity.current
        var ended = MetricFamily(
            .counter, "glimpq_worker_jobs_ended_total",
            "Jobs that left this worker: done, failed (an attempt), cancelled, handed_back (drain), lost (taken over), "
                + "unconfirmed (the database did not hear of it), spooled (left on disk).")
        for (outcome, count) in [
            ("done", summary.done), ("failed", summary.failed), ("cancelled", summary.cancelled),
            ("handed_back", summary.handedBack), ("lost", summary.lost), ("unconfirmed", summary.unconfirmed),
            ("spooled", summary.spooled),
        ] {
            ended.add(Double(count), .init("outcome", outcome))
        }
        var failures = MetricFamily(
            .counter, "glimpq_worker_attempts_failed_total", "Failed attempts by class of failure.")
        for error in FailureClass.allCases where error != .cancelled {
            failures.add(Double(counts.failures[error] ?? 0), .init("class", error.rawValue))
        }
        return [
            ended, failures,
            Self.histogram(
                "glimpq_worker_job_duration_seconds", "Time from claim to end of a job, however it ended.",
                counts.jobDuration),
            MetricFamily(
                .gauge, "glimpq_worker_jobs_in_flight", "Jobs that this worker holds.", Double(await inFlight)),
            MetricFamily(
                .gauge, "glimpq_worker_slots", "Most jobs that this worker holds at once.", Double(configuration.slots)),
            MetricFamily(
                .counter, "glimpq_worker_jobs_adopted_total",
                "Jobs that went on under a new lease after the old one was lost.", Double(summary.adopted)),
        ]
    }

    private func claimFamilies() -> [MetricFamily] {
        let counts = tally.activity.current
        let summary = self.summary
        return [
            Self.histogram(
                "glimpq_worker_claim_duration_seconds", "Round trips that asked for jobs, repeats included.",
                counts.claimDuration),
            Self.histogram("glimpq_worker_claim_jobs", "Jobs that one claim brought.", counts.claimSize),
            MetricFamily(
                .counter, "glimpq_worker_jobs_claimed_total", "Jobs claimed by this worker.", Double(summary.claimed)),
            MetricFamily(
                .counter, "glimpq_worker_claim_errors_total", "Claims that failed.", Double(counts.claimErrors)),
            MetricFamily(
                .counter, "glimpq_worker_claim_timeouts_total", "Claims that took longer than they may.",
                Double(summary.claimTimeouts)),
            MetricFamily(
                .gauge, "glimpq_worker_claim_limit", "Most jobs that one claim asks for now; halved after time-outs.",
                Double(pacing.withLock { $0.most })),
        ]
    }

    private func resultFamilies() async -> [MetricFamily] {
        let counts = tally.activity.current
        let summary = self.summary
        var verdicts = MetricFamily(
            .counter, "glimpq_worker_results_total",
            "Results by verdict of the database: accepted, duplicate (stored before), stale (job taken over).")
        verdicts.add(Double(summary.accepted), .init("verdict", "accepted"))
        verdicts.add(Double(summary.duplicate), .init("verdict", "duplicate"))
        verdicts.add(Double(summary.stale), .init("verdict", "stale"))
        let spool = await running.withLock { $0?.spool }?.counts ?? ResultSpool.Counts()
        return [
            Self.histogram(
                "glimpq_worker_finish_duration_seconds", "Round trips that stored results, repeats included.",
                counts.finishDuration),
            Self.histogram("glimpq_worker_finish_jobs", "Results that one round trip stored.", counts.finishSize),
            verdicts,
            MetricFamily(
                .gauge, "glimpq_worker_spool_results", "Results on disk that the database has not answered to.",
                Double(spool.waiting)),
            MetricFamily(
                .counter, "glimpq_worker_spool_written_total", "Results written to disk.", Double(spool.written)),
            MetricFamily(
                .counter, "glimpq_worker_spool_torn_total", "Damaged files found in the spool.", Double(spool.torn)),
        ]
    }

    private func databaseFamilies() async -> [MetricFamily] {
        let traces = await self.traces.counts
        return [
            MetricFamily(
                .counter, "glimpq_worker_trace_rows_total", "Rows of traces that the database took.",
                Double(traces.written)),
            MetricFamily(
                .counter, "glimpq_worker_trace_rows_dropped_total",
                "Rows of traces that the database refused, or that were never written.", Double(traces.dropped)),
            MetricFamily(
                .gauge, "glimpq_worker_trace_rows_waiting", "Rows of traces that wait to be written.",
                Double(traces.backlog)),
            MetricFamily(
                .counter, "glimpq_worker_database_reconnects_total", "Connections made again after they had broken.",
                Double(counters.reconnects)),
            MetricFamily(
                .counter, "glimpq_worker_database_repeats_total",
                "Statements repeated after a deadlock, a serialization failure, or a lock or time limit.",
                Double(counters.repeats)),
            MetricFamily(
                .counter, "glimpq_worker_wakeups_total", "Notifications that there is work.",
                Double(listener?.wakeUps ?? 0)),
        ]
    }

    private func leaseFamilies() -> [MetricFamily] {
        let families = [
            MetricFamily(
                .gauge, "glimpq_worker_ready", "1 while the worker holds a lease and claims jobs.",
                readiness == .ready ? 1 : 0),
            MetricFamily(
                .gauge, "glimpq_worker_draining", "1 after the worker was told to stop.", isStopping ? 1 : 0),
            MetricFamily(
                .counter, "glimpq_worker_leases_lost_total",
                "How often the worker was declared lost and registered again.", Double(summary.leasesLost)),
        ]
        guard let lease else { return families }
        return families + [
            MetricFamily(
                .gauge, "glimpq_worker_beat_age_seconds", "Time since the latest renewal that succeeded was sent.",
                lease.age),
            MetricFamily(
                .gauge, "glimpq_worker_lease_left_seconds",
                "Time that the lease surely holds; negative once it has run out.", lease.left),
        ]
    }

    private static func histogram(_ name: String, _ help: String, _ value: Histogram) -> MetricFamily {
        var family = MetricFamily(.histogram, name, help)
        family.add(value)
        return family
    }

    private func modelFamilies() -> [MetricFamily] {
        var tokens = MetricFamily(
            .counter, "glimpq_model_tokens_total",
            "Tokens by model: generated, prefill (context computed), cached (context found in the cache), probe.")
        var passes = MetricFamily(.counter, "glimpq_model_passes_total", "Forward passes.")
        var rows = MetricFamily(.counter, "glimpq_model_rows_total", "Tokens computed; per pass: the batch size.")
        var forward = MetricFamily(
            .counter, "glimpq_model_forward_seconds_total", "Time inside forward passes.")
        var step = MetricFamily(
            .counter, "glimpq_model_step_seconds_total", "Time of passes with planning, sampling and answering.")
        var blocks = MetricFamily(.gauge, "glimpq_model_cache_blocks", "Blocks of the KV cache.")
        var used = MetricFamily(
            .gauge, "glimpq_model_cache_blocks_in_use", "Blocks of the KV cache that sequences use.")
        var waiting = MetricFamily(
            .gauge, "glimpq_model_sequences_waiting", "Sequences that wait for room in the KV cache.")
        var preemptions = MetricFamily(
            .counter, "glimpq_model_preemptions_total", "Sequences that lost their blocks to others.")
        var lookups = MetricFamily(
            .counter, "glimpq_model_prefix_lookup_tokens_total",
            "Context tokens that a shared prefix could have spared.")
        var hits = MetricFamily(
            .counter, "glimpq_model_prefix_hit_tokens_total", "Of these, tokens that one did spare.")
        for (name, model) in pool.metrics.sorted(by: { $0.key < $1.key }) {
            let label = MetricFamily.Label("model", name)
            tokens.add(Double(model.generatedTokens), label, .init("kind", "generated"))
            tokens.add(Double(model.prefillTokens), label, .init("kind", "prefill"))
            tokens.add(Double(model.cachedTokens), label, .init("kind", "cached"))
            tokens.add(Double(model.probes), label, .init("kind", "probe"))
            passes.add(Double(model.forwardPasses), label)
            rows.add(Double(model.rows), label)
            forward.add(Double(model.forwardNanoseconds) / 1e9, label)
            step.add(Double(model.stepNanoseconds) / 1e9, label)
            blocks.add(Double(model.blocks), label)
            used.add(Double(model.blocksInUse), label)
            waiting.add(Double(model.waitingForRoom), label)
            preemptions.add(Double(model.preemptions), label)
            lookups.add(Double(model.prefixLookups), label)
            hits.add(Double(model.prefixHits), label)
        }
        return [
            tokens, passes, rows, forward, step, blocks, used, waiting, preemptions, lookups, hits,
        ]
    }
}
