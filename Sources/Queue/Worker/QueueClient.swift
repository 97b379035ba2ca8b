public import Logging
public import Postgres
import Synchronization

/// A worker's side of the queue: claim, beat, finish, fail, release, resume, sweep.
///
/// Two connections, each with a thread of its own: renewals of the lease never wait behind claims and results. Both
/// come back by themselves after an outage; every call repeats until it is answered or its task is cancelled, and
/// every call may be repeated: a finish that was stored already is recognised, a claim whose reply was lost is found
/// by ``Reconciler``.
public final class QueueClient: Sendable {
    /// How long a claim may take. One that is slower asks for too much, or somebody holds what it needs.
    private static let claimLimit = Duration.seconds(5)

    let work: ReconnectingConnection
    let pulse: ReconnectingConnection
    /// Where the walk along each queue begins.
    private let start = Mutex(ClaimStart())

    /// Creates a client; connections open with their first use.
    public init(_ options: ConnectionOptions, counters: DatabaseCounters = DatabaseCounters(), logger: Logger) {
        var work = options
        work.statementTimeout = options.statementTimeout ?? .seconds(30)
        var pulse = options
        pulse.statementTimeout = .seconds(5)
        self.work = ReconnectingConnection(work, counters: counters, logger: logger)
        // A renewal that waits long between attempts would cost the lease.
        self.pulse = ReconnectingConnection(
            pulse, backoff: Backoff(initial: .milliseconds(100), ceiling: .seconds(1)), counters: counters,
            logger: logger)
    }

    /// Claims jobs: at most `limit`, from the queues in the order given, of pairs that the worker serves or without a
    /// pair. Empty if there is nothing to do, the queues are paused, or an isolated job must run alone.
    ///
    /// - Throws: ``QueueError/workerLost(worker:)`` if the worker's lease has run out or it is draining;
    ///   ``QueueError/claimTimedOut`` after five seconds, or one second of waiting for a lock.
    public func claim(worker: Int64, limit: Int, queues: [String], pairs: [String]) async throws -> [ClaimedJob] {
        precondition(limit > 0, "a claim of \(limit) jobs")
        do {
            let first = try await ask(worker: worker, limit: limit, queues: queues, pairs: pairs)
            var jobs = first.jobs
            if jobs.count < limit && !first.isWhole {
                // Jobs before the remembered start need not wait. What was claimed already waits for no repetition.
                let rest = try? await ask(
                    worker: worker, limit: limit - jobs.count, queues: queues, pairs: pairs, attempts: 1)
                jobs += rest?.jobs ?? []
            }
            precondition(jobs.count <= limit, "claimed \(jobs.count) jobs instead of at most \(limit)")
            return jobs.sorted { (-$0.priority, $0.lease.job) < (-$1.priority, $1.lease.job) }
        } catch let error as PostgresError where error.sqlState == "GQ001" {
            throw QueueError.workerLost(worker: worker)
        }
    }

    /// One claim, and whether it looked at all jobs or began at a remembered start; a short answer forgets that start.
    private func ask(
        worker: Int64, limit: Int, queues: [String], pairs: [String], attempts: Int? = nil
    ) async throws -> (jobs: [ClaimedJob], isWhole: Bool) {
        try await work.run("claim", attempts: attempts) { connection in
            // A repetition after an outage asks what is still true then.
            let asked = ContinuousClock.now
            let bounds = start.withLock { $0.bounds(at: asked) }
            do {
                let jobs = try await connection.query(
                    prepared: "SELECT * FROM glimpq.claim_v2($1, $2, $3, $4, $5, $6, $7)",
                    [
                        worker, Int32(limit), queues, pairs, bounds.map(\.queue), bounds.map { Int32($0.priority) },
                        bounds.map(\.firstID),
                    ], within: Self.claimLimit
                ).map(ClaimedJob.init)
                let claimed = jobs.map {
                    ClaimStart.Bound(queue: $0.queue, priority: $0.priority, firstID: $0.lease.job)
                }
                start.withLock { $0.answered(claimed, of: limit, bounds: bounds, at: asked) }
                return (jobs, bounds.isEmpty)
            } catch let error as PostgresError where error.isTimeLimit {
                throw QueueError.claimTimedOut
            }
        }
    }

    /// Renews the lease.
    ///
    /// - Parameters:
    ///   - worker: The worker.
    ///   - inFlight: How many jobs it works on, for people to see.
    ///   - draining: Whether it has stopped claiming.
    ///   - stats: A JSON object for people to see.
    /// - Returns: What the worker holds, or `nil` if it was declared lost: register again, and hold on to results
    ///   that are complete, for ``finish(_:)`` may still accept them.
    public func beat(worker: Int64, inFlight: Int, draining: Bool = false, stats: String = "{}") async throws -> Beat? {
        try await pulse.run("beat") { connection in
            let sentAt = ContinuousClock.now
            let rows = try await connection.query(
                prepared: "SELECT * FROM glimpq.beat_v1($1, $2, $3, $4)",
                [worker, draining, Int32(inFlight), JSONText(stats)])
            if rows.isEmpty { return nil }
            var jobs: [Beat.Job] = []
            for row in rows {
                guard let job: Int64 = try row.get("job_id") else { continue }
                jobs.append(
                    Beat.Job(
                        lease: JobLease(job: job, epoch: try row.get("epoch")),
                        cancelRequested: try row.get("cancel_requested"),
                        remaining: try row.get("seconds_left", as: Double?.self).map { .seconds($0) }))
            }
            return Beat(sentAt: sentAt, jobs: jobs)
        }
    }

    /// Ends a worker in order, after it has finished or released everything.
    public func leave(worker: Int64) async throws {
        _ = try await pulse.run("leave", attempts: 3) { connection in
            try await connection.query("SELECT glimpq.leave_v1($1)", [worker])
        }
    }

    /// Gives jobs back unfinished, their attempts refunded.
    ///
    /// - Returns: The jobs that were still this worker's.
    @discardableResult
    public func release(_ jobs: [ReleasedJob], worker: Int64) async throws -> [Int64] {
        guard !jobs.isEmpty else { return [] }
        return try await work.run("release") { connection in
            try await connection.query(
                "SELECT glimpq.release_v1($1, $2, $3, $4)",
                [worker, jobs.map(\.lease.job), jobs.map(\.lease.epoch), jobs.map { Int32($0.stepsWritten) }]
            ).map { try $0.get(0) }
        }
    }

    /// The finished steps that claimed jobs can go on from, in order and without gaps, and a note in the attempts that
    /// they do. Jobs that start from nothing are left out; so are those whose steps other models wrote.
    public func loadResume(_ jobs: [JobLease], worker: Int64) async throws -> [JobLease: [TraceRow]] {
        guard !jobs.isEmpty else { return [:] }
        let leases = Dictionary(uniqueKeysWithValues: jobs.map { ($0.job, $0) })
        return try await work.run("resume") { connection in
            var steps: [JobLease: [TraceRow]] = [:]
            let rows = try await connection.query(
                "SELECT * FROM glimpq.load_resume_v2($1, $2, $3)", [worker, jobs.map(\.job), jobs.map(\.epoch)])
            for row in rows {
                let step = try TraceRow(row)
                guard let lease = leases[step.job] else { continue }
                steps[lease, default: []].append(step)
            }
            return steps
        }
    }

    /// Takes jobs away from lost workers, makes delayed jobs ready, raises jobs that wait for long, creates partitions ahead. Every worker calls it
    /// every few seconds; it is safe in all of them at once.
    public func sweep() async throws -> SweepReport {
        try await work.run("sweep", attempts: 1) { connection in
            try SweepReport(try await connection.query(prepared: "SELECT * FROM glimpq.sweep_v3()").one())
        }
    }

    /// Runs an operation on the connection of claims and results.
    func repeatedly<Result: Sendable>(
        _ what: String, _ operation: @Sendable (Connection) async throws -> Result
    ) async throws -> Result {
        try await work.run(what, operation)
    }

    /// Closes both connections.
    public func close() async {
        await work.close()
        await pulse.close()
    }
}
