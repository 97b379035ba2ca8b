import ArgumentParser
import Engine
import Foundation
import Generation
import Logging
import Postgres
import Queue
import UnixSignals
import Worker

/// Runs a worker in this process.
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Claim jobs and solve them until told to stop.",
        discussion: """
            SIGTERM: claim nothing more, finish what fits in the grace time, hand back the rest. SIGINT or a second \
            SIGTERM: hand back at once. Finished steps are kept either way; the next worker goes on from them, and also \
            after a crash.
            """)

    @OptionGroup var shared: SharedOptions

    @Option(
        help: ArgumentHelp(
            "Model pool: the models to load and the pairs that jobs can name. Default: GLIMPQ_MODELS.",
            valueName: "file"))
    var models: String?

    @Option(
        help: ArgumentHelp(
            "Queues to claim from, the preferred one first, with commas between. Default: GLIMPQ_QUEUE, else default.",
            valueName: "names"))
    var queue: String?

    @Option(help: ArgumentHelp("Most jobs in flight at once. Default: GLIMPQ_IN_FLIGHT, else 64.", valueName: "n"))
    var inFlight: String?

    @Option(
        help: ArgumentHelp(
            "Compute threads. Default: GLIMPQ_THREADS, else the pool file, else the processors of this process.",
            valueName: "n"))
    var threads: String?

    @Option(
        help: ArgumentHelp(
            "Grace time after SIGTERM, in seconds. Default: GLIMPQ_DRAIN_SECONDS, else 30.", valueName: "seconds"))
    var drainSeconds: String?

    @Option(
        help: ArgumentHelp(
            "trace, debug, info, notice, warning, error or critical. Default: GLIMPQ_LOG_LEVEL, else info.",
            valueName: "level"))
    var logLevel: String?

    @Option(
        help: ArgumentHelp(
            "Hear wake-ups at once instead of at the next poll: on or off. Default: GLIMPQ_LISTEN, else on, off behind a pooler.",
            valueName: "on|off"))
    var listen: String?

    @Option(
        help: ArgumentHelp(
            "Folder for finished results while the database does not take them, or off.",
            discussion: "Default: GLIMPQ_SPOOL, else a folder for state of the service or the user.",
            valueName: "folder"))
    var spool: String?

    @Option(
        help: ArgumentHelp("Log lines as text or json. Default: GLIMPQ_LOG_FORMAT, else text.", valueName: "format"))
    var logFormat: String?

    @Option(
        help: ArgumentHelp(
            "Where to answer /metrics, /healthz and /readyz: HOST:PORT, or PORT for loopback. Default: GLIMPQ_HTTP, else off.",
            valueName: "address"))
    var listenHttp: String?

    @Option(
        help: ArgumentHelp(
            "Program that judges code. Without it jobs whose grader is code get no grade.",
            discussion: """
                Called with two files, the code and the reference answer; exit code 0 is right, 1 wrong. It runs what a \
                model wrote: it has limits and a process group of its own but no sandbox, so it should start one.
                """, valueName: "command"))
    var allowCodeGrader: String?

    @Option(
        help: ArgumentHelp(
            "Processor time of the grading command; it gets three times that in all.", valueName: "seconds"))
    var codeGraderSeconds = 10

    @Option(help: ArgumentHelp("Memory of each process of the grading command, in MiB.", valueName: "MiB"))
    var codeGraderMemory = 2048

    @Flag(
        help: """
            Stop when no job that this worker could do is ready, delayed or running anywhere; jobs of a paused queue count. \
            Exit code 1 if attempts failed.
            """)
    var exitWhenIdle = false

    @Option(help: ArgumentHelp("Where to write what was done, as JSON, at the end.", valueName: "file"))
    var summary: String?

    func run() async throws {
        let settings = try shared.settings([
            .models: models, .queue: queue, .inFlight: inFlight, .threads: threads, .drainSeconds: drainSeconds,
            .logLevel: logLevel, .logFormat: logFormat, .http: listenHttp, .listen: listen, .spool: spool,
        ])
        let logger = try Logger(label: "glimpq.worker", settings)
        let monitor = WorkerMonitor()
        let server = try await serve(monitor, settings, logger: logger)
        try await checkDatabase(settings, logger: logger)
        let worker = try worker(settings, logger: logger)
        monitor.watch(worker)
        let summary = try await Self.obeyingSignals(worker, logger: logger)
        await server?.stop()
        logger.info(
            "worker stopped",
            metadata: [
                "done": "\(summary.done)", "failed": "\(summary.failed)", "cancelled": "\(summary.cancelled)",
                "handed_back": "\(summary.handedBack)", "lost": "\(summary.lost)", "adopted": "\(summary.adopted)",
                "spooled": "\(summary.spooled)", "unconfirmed": "\(summary.unconfirmed)",
                "seconds": "\(Figures.fixed(summary.seconds, 1))",
                "peak_memory": "\(summary.peakBytes.map(Figures.bytes) ?? "unknown")",
            ])
        for (name, model) in summary.models.sorted(by: { $0.key < $1.key }) {
            logger.info(
                "model summary",
                metadata: [
                    "name": "\(name)", "generated_tokens": "\(model.generatedTokens)",
                    "rows_per_pass": "\(Figures.fixed(model.rowsPerPass, 1))",
                    "prefix_hit_rate": "\(Figures.fixed(model.prefixHitRate, 3))",
                    "preemptions": "\(model.preemptions)",
                ])
        }
        if let path = self.summary { try write(summary, to: path) }
        if exitWhenIdle && summary.failed > 0 { throw ExitCode(ExitStatus.failed.rawValue) }
    }

    private func codeGrader() throws -> CodeGrader? {
        guard let allowCodeGrader else { return nil }
        guard codeGraderSeconds > 0, codeGraderMemory > 0 else {
            throw CommandFailure(.usage, "--code-grader-seconds, --code-grader-memory: expected numbers above 0")
        }
        guard FileManager.default.isExecutableFile(atPath: allowCodeGrader) else {
            throw CommandFailure(
                .usage, "--allow-code-grader: \(allowCodeGrader) is no program that can be run; give its whole path")
        }
        var limits = CodeGrader.Limits()
        limits.processorSeconds = codeGraderSeconds
        limits.wallSeconds = codeGraderSeconds * 3
        limits.mebibytes = codeGraderMemory
        return CodeGrader(command: URL(fileURLWithPath: allowCodeGrader).path, limits: limits)
    }

    private func worker(_ settings: Settings, logger: Logger) throws -> Worker {
        guard let path = settings.text(.models) else {
            throw CommandFailure(
                .usage, "no models: name a model pool file with --models or GLIMPQ_MODELS, e.g. Config/models.demo.json"
            )
        }
        var configuration = WorkerConfiguration()
        configuration.codeGrader = try codeGrader()
        configuration.slots = try settings.integer(.inFlight, in: 1...100_000) ?? configuration.slots
        if let names = settings.text(.queue) {
            configuration.queues = names.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        }
        if configuration.queues.isEmpty || configuration.queues.contains("") {
            throw CommandFailure(.usage, "--queue: expected names with commas between, got an empty one")
        }
        if let seconds = try settings.integer(.drainSeconds, in: 0...1_000_000) {
            configuration.drainGrace = .seconds(seconds)
        }
        configuration.stopsWhenIdle = exitWhenIdle
        try configuration.apply(settings, environment: ProcessInfo.processInfo.environment)
        let file = URL(fileURLWithPath: path), folder = file.deletingLastPathComponent()
        let description = try ModelPoolDescription.read(file), log = LoadLog(logger)
        let pool = try ModelPool(
            description, relativeTo: folder, threads: try settings.integer(.threads, in: 1...1_024),
            weightCache: WeightCacheFolder(settings).cache(for: description, relativeTo: folder),
            report: log.note)
        return Worker(
            configuration, pool: pool, database: shared.connection(settings),
            host: ProcessInfo.processInfo.hostName, processID: ProcessInfo.processInfo.processIdentifier,
            logger: logger)
    }

    /// Says before models are loaded, which may take long, that there is no schema. A database that does not answer may be
    /// back by then.
    private func checkDatabase(_ settings: Settings, logger: Logger) async throws {
        do {
            let connection = try await Connection.connect(shared.connection(settings))
            let hasSchema: Bool = try await connection.query("SELECT to_regclass('glimpq.job') IS NOT NULL").one().get(
                0)
            await connection.close()
            if !hasSchema { throw QueueError.schemaMissing }
        } catch let error as PostgresError where error.needsReconnect {
            logger.warning("the database does not answer yet", metadata: ["error": "\(error)"])
        }
    }

    /// Answers monitoring, if it is wanted, from before the models are loaded.
    private func serve(
        _ monitor: WorkerMonitor, _ settings: Settings, logger: Logger
    ) async throws -> MonitoringServer? {
        guard let text = settings.text(.http) else { return nil }
        let server = try await MonitoringServer(
            ListenAddress(text, setting: "--listen-http"), metrics: { await monitor.metrics },
            unreadiness: { monitor.unreadiness })
        logger.info("answering /metrics, /healthz and /readyz", metadata: ["address": "\(server.address)"])
        return server
    }

    /// Runs the worker; signals stop it in order.
    private static func obeyingSignals(_ worker: Worker, logger: Logger) async throws -> WorkerSummary {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        return try await withThrowingTaskGroup(of: WorkerSummary?.self) { group in
            group.addTask { try await worker.run() }
            group.addTask {
                var isDraining = false
                for await signal in signals {
                    if signal == .sigterm && !isDraining {
                        isDraining = true
                        logger.notice("draining")
                        await worker.drain()
                    } else {
                        logger.notice("handing back")
                        await worker.handBack()
                    }
                }
                return nil
            }
            defer { group.cancelAll() }
            while let end = try await group.next() {
                if let end { return end }
            }
            throw CancellationError()
        }
    }

    private func write(_ summary: WorkerSummary, to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        do {
            try encoder.encode(summary).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw CommandFailure(.environment, "\(path): the summary cannot be written: \(error.localizedDescription)")
        }
    }
}
