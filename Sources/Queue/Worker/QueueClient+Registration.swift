internal import Migrations
internal import Postgres

extension QueueClient {
    /// Makes a worker known, under a new id.
    ///
    /// - Parameter attempts: How often to try while the database cannot be reached; `nil` for as long as it takes.
    /// - Throws: ``QueueError/schemaTooOld(found:needed:)``, ``QueueError/schemaMissing``,
    ///   ``QueueError/workerTooOld(protocol:needed:)``, `PostgresError`.
    public func register(
        _ registration: WorkerRegistration, attempts: Int? = nil
    ) async throws -> RegisteredWorker {
        try await pulse.run("register", attempts: attempts) { connection in
            try await Self.requireSchema(connection)
            let sentAt = ContinuousClock.now
            let row = try await connection.query(
                "SELECT * FROM glimpq.register_v2($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                [
                    registration.host, registration.processID, registration.version,
                    WorkerRegistration.protocolVersion, Int32(registration.capacity), registration.queues,
                    registration.pairs, registration.defaultPair, registration.models.map(JSONText.init),
                    registration.previous,
                ]
            ).one()
            guard let id: Int64 = try row.get("worker_id") else {
                throw QueueError.workerTooOld(
                    protocol: Int(WorkerRegistration.protocolVersion), needed: try row.get("min_protocol"))
            }
            return RegisteredWorker(
                id: id, timeToLive: .seconds(try row.get("lease_seconds", as: Int.self)), registeredAt: sentAt,
                databaseID: try row.get("database_id"))
        }
    }

    private static func requireSchema(_ connection: Connection) async throws {
        let found: Int
        do {
            found = try await connection.query("SELECT coalesce(max(version), 0) FROM glimpq.schema_migration").one()
                .get(0)
        } catch let error as PostgresError where ["3F000", "42P01"].contains(error.sqlState ?? "") {
            throw QueueError.schemaMissing
        }
        guard found >= Migrations.latestVersion else {
            throw QueueError.schemaTooOld(found: found, needed: Migrations.latestVersion)
        }
    }

    /// Takes back jobs that this process held under its former number (``WorkerRegistration/previous``), each under a
    /// new epoch, unless somebody has claimed them since. May be repeated.
    ///
    /// - Returns: Those that are this worker's again.
    /// - Throws: ``QueueError/workerLost(worker:)`` if the new lease is gone as well; `PostgresError` after five tries.
    public func adopt(_ jobs: [JobLease], worker: Int64) async throws -> [Adoption] {
        guard !jobs.isEmpty else { return [] }
        do {
            return try await pulse.run("adopt", attempts: 5) { connection in
                try await connection.query(
                    "SELECT * FROM glimpq.adopt_v1($1, $2, $3)", [worker, jobs.map(\.job), jobs.map(\.epoch)],
                    within: .seconds(30)
                ).map { row in
                    let job: Int64 = try row.get("job_id")
                    return Adoption(
                        from: JobLease(job: job, epoch: try row.get("old_epoch")),
                        to: JobLease(job: job, epoch: try row.get("epoch")), nextStep: try row.get("next_step"))
                }
            }
        } catch let error as PostgresError where error.sqlState == "GQ001" {
            throw QueueError.workerLost(worker: worker)
        }
    }
}

/// A job that a worker has taken back.
public struct Adoption: Sendable, Hashable {
    /// The lease that was lost.
    public var from: JobLease
    /// The lease from now on.
    public var to: JobLease
    /// The first step of the trace that is to be written under the new lease; those before it are stored.
    public var nextStep: Int

    /// Creates an entry.
    public init(from: JobLease, to: JobLease, nextStep: Int) {
        self.from = from
        self.to = to
        self.nextStep = nextStep
    }
}
