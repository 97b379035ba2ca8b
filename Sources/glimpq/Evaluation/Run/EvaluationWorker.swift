import Foundation

/// The worker process of an evaluation: this program, claiming from one of its queues until that is empty.
final class EvaluationWorker {
    /// What all workers of the evaluation have in common.
    struct Settings {
        /// The model pool file.
        var models: String
        /// The database, as the worker's environment has it.
        var database: String?
        /// Behind which kind of pooler.
        var pooler: String?
        /// Compute threads; `nil` takes the worker's default.
        var threads: Int?
        /// Folder for logs and summaries.
        var folder: URL
    }

    private let process = Process()
    private let log: URL

    /// Starts a worker.
    ///
    /// - Parameters:
    ///   - queue: Where it claims from.
    ///   - inFlight: How many jobs at once.
    /// - Throws: ``CommandFailure`` if it does not start.
    init(_ settings: Settings, queue: String, inFlight: Int) throws {
        log = settings.folder.appendingPathComponent("worker-\(inFlight).log")
        do {
            try FileManager.default.createDirectory(at: settings.folder, withIntermediateDirectories: true)
            if !FileManager.default.fileExists(atPath: log.path) { try Data().write(to: log) }
            let output = try FileHandle(forWritingTo: log)
            try output.seekToEnd()
            process.executableURL = Self.program
            process.arguments =
                [
                    "worker", "--models", settings.models, "--queue", queue, "--in-flight", "\(inFlight)",
                    "--exit-when-idle",
                ] + (settings.threads.map { ["--threads", "\($0)"] } ?? [])
            // Not on the command line, where others could read the password.
            process.environment = ProcessInfo.processInfo.environment
                .merging(
                    ["GLIMPQ_DATABASE_URL": settings.database, "GLIMPQ_POOLER": settings.pooler].compactMapValues(
                        \.self)
                ) { $1 }
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = output
            process.standardError = output
            try process.run()
        } catch {
            throw CommandFailure(.environment, "the worker process does not start: \(error.localizedDescription)")
        }
    }

    deinit { if process.isRunning { process.interrupt() } }

    /// The program that runs now.
    private static var program: URL {
        URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    }

    /// The process.
    var id: Int32 { process.processIdentifier }

    /// The exit code; `nil` while it runs.
    var status: Int32? { process.isRunning ? nil : process.terminationStatus }

    /// Asks it to hand its jobs back, and waits until it has.
    func stop() async {
        if process.isRunning { process.interrupt() }
        while process.isRunning { try? await Task.sleep(for: .milliseconds(20)) }
    }

    /// Why it ended with a code that it should not have, with the end of its log.
    func failure(_ status: Int32) -> CommandFailure {
        let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
        let end = text.split(separator: "\n").suffix(3).joined(separator: " | ")
        return CommandFailure(.environment, "the worker ended with status \(status); \(log.path) ends: \(end)")
    }
}
