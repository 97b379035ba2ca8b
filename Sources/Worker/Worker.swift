public import Engine
public import Logging
public import Postgres
import Queue
import Synchronization

/// A worker process's life: registers, claims jobs into free slots, runs them all at once on one pool of models,
/// stores traces and results, and stops in order.
public final class Worker: Sendable {
    /// How a stop was asked for.
    enum Stopping: Int, Comparable {
        case no, draining, handingBack

        static func < (a: Stopping, b: Stopping) -> Bool { a.rawValue < b.rawValue }
    }

    let configuration: WorkerConfiguration
    let pool: ModelPool
    let queue: QueueClient
    let traces: TraceWriter
    let finisher: Finisher
    let runner: JobRunner
    let table = SessionTable()
    let tally = WorkerTally()
    let stopping = Mutex(Stopping.no)
    /// Withdraws what the claim loop asks the database; a stop does not wait for the answer.
    let asking = Mutex<(@Sendable () -> Void)?>(nil)
    /// Decides how much is claimed and when.
    let pacing: Mutex<ClaimPacing>
    let listener: WakeListener?
    let counters = DatabaseCounters()
    /// What exists only while the worker runs, for monitoring.
    let running = Mutex<(identity: WorkerIdentity, spool: ResultSpool?)?>(nil)
    private let database: ConnectionOptions
    private let registration: WorkerRegistration
    private let logger: Logger

    /// Creates a worker; nothing happens before ``run()``.
    public init(
        _ configuration: WorkerConfiguration, pool: ModelPool, database: ConnectionOptions, host: String,
        processID: Int32, logger: Logger
    ) {
        precondition(configuration.slots > 0 && !configuration.queues.isEmpty)
        self.configuration = configuration
        self.pool = pool
        self.database = database
        self.logger = logger
        queue = QueueClient(database, counters: counters, logger: logger)
        // Steps are stored soon after they are done: what is not stored is computed again after a crash.
        traces = TraceWriter(
            database, limits: TraceWriter.Limits(interval: .milliseconds(100)), counters: counters, logger: logger)
        finisher = Finisher(queue, activity: tally.activity)
        runner = JobRunner(
            pool: pool, traces: traces, queue: queue, codeGrader: configuration.codeGrader, methods: tally.methods,
            logger: logger)
        pacing = Mutex(ClaimPacing(slots: configuration.slots, delay: configuration.pollDelay))
        listener =
            configuration.listens ? WakeListener(database, queues: configuration.queues, logger: logger) : nil
        registration = WorkerRegistration(
            host: host, processID: processID, version: Product.version, capacity: configuration.slots,
            queues: configuration.queues, pairs: pool.pairNames, defaultPair: pool.defaultPair, models: runner.models)
    }

    /// What the worker has done so far.
    public var summary: WorkerSummary { tally.summary }

    /// Number of jobs in flight.
    public var inFlight: Int { get async { await table.count } }

    /// Asks the worker to claim nothing more, to finish what it can within the grace time and to hand back the rest.
    public func drain() async { await stop(.draining) }

    /// Asks the worker to hand back everything now. Finished steps are kept; another worker goes on from them.
    public func handBack() async { await stop(.handingBack) }

    private func stop(_ how: Stopping) async {
        stopping.withLock { $0 = max($0, how) }
        asking.withLock { $0 }?()
        await table.wake()
    }

    var isStopping: Bool { stopping.withLock { $0 > .no } }

    /// Works until it is told to stop or, if so configured, until there is nothing left to do.
    ///
    /// - Returns: What it did.
    /// - Throws: `QueueError` and `PostgresError` if it cannot start.
    public func run() async throws -> WorkerSummary {
        let started = ContinuousClock.now
        guard let registered = try await register() else { return finalSummary(since: started) }
        let identity = WorkerIdentity(registered)
        // Several renewals fit into a lease, however short it is set.
        let sixth = registered.timeToLive / 6
        var logger = logger
        logger[metadataKey: "worker"] = "\(identity.id)"
        logger.info("worker registered", metadata: ["slots": "\(configuration.slots)", "pairs": "\(pool.pairNames)"])
        let spool = openSpool(logger)
        running.withLock { $0 = (identity, spool) }
        let heartbeat = Heartbeat(
            queue: queue, identity: identity, registration: registration, table: table, tally: tally,
            interval: min(configuration.beatInterval, sixth), isDraining: { [self] in isStopping },
            stats: { [self] in await stats(spool).json }, logger: logger)
        let sweeper = Sweeper(
            queue: queue, identity: identity, interval: min(configuration.sweepInterval, sixth), logger: logger)
        let delivery = ResultDelivery(
            traces: traces, finisher: finisher, spool: spool, database: registered.databaseID, logger: logger)

        let upkeeper = Upkeeper(database: database, identity: identity, logger: logger)
        await withTaskGroup { loops in
            loops.addTask { try? await heartbeat.run() }
            loops.addTask { try? await sweeper.run() }
            loops.addTask { try? await upkeeper.run() }
            loops.addTask { [traces] in try? await traces.run() }
            if let listener { loops.addTask { [self] in await listener.run { await lookForWork() } } }
            await work(identity, delivery, logger: logger)
            loops.cancelAll()
        }
        await farewell(identity, logger: logger)
        await traces.close()
        await spool?.close()
        await queue.close()
        return finalSummary(since: started)
    }

    private func finalSummary(since started: ContinuousClock.Instant) -> WorkerSummary {
        var summary = tally.summary
        summary.seconds = (ContinuousClock.now - started) / .seconds(1)
        summary.models = pool.metrics
        summary.plannedBytes = pool.plan.bytes
        summary.peakBytes = ResidentMemory.peak
        return summary
    }

    /// Registers; a worker that is too old for the database waits until that changes, unless it is to stop when idle.
    ///
    /// - Returns: `nil` if it was told to stop meanwhile.
    private func register() async throws -> RegisteredWorker? {
        // Somebody waits for a run that ends by itself; a service outlasts a restart of the database.
        let attempts = configuration.stopsWhenIdle ? 5 : 20
        var hasSaidSo = false
        while !isStopping && !Task.isCancelled {
            do {
                return try await queue.register(registration, attempts: attempts)
            } catch let error as QueueError {
                guard case .workerTooOld = error, !configuration.stopsWhenIdle else { throw error }
                if !hasSaidSo {
                    logger.warning("idle; will ask again now and then", metadata: ["error": "\(error)"])
                }
                hasSaidSo = true
                await pause(configuration.registrationInterval)
            }
        }
        return nil
    }

    private func openSpool(_ logger: Logger) -> ResultSpool? {
        guard let path = configuration.spool else { return nil }
        do throws(SpoolFault) {
            let folder = try SpoolFolder.open(path)
            logger.debug("results wait in the spool while the database is away", metadata: ["folder": "\(folder.path)"])
            return ResultSpool(folder, logger: logger)
        } catch {
            logger.warning(
                "no spool: results that the database does not take before the end are lost, and their jobs run again",
                metadata: ["reason": "\(error)"])
            return nil
        }
    }

    private func stats(_ spool: ResultSpool?) async -> WorkerStats {
        WorkerStats(
            pool.metrics, summary: tally.summary, methods: tally.methods.current, traces: await traces.counts,
            spool: await spool?.counts ?? ResultSpool.Counts(), counters: counters, listener: listener,
            claimLimit: pacing.withLock { $0.most })
    }
}
