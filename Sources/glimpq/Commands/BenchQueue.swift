import ArgumentParser
import Postgres

/// Measures the queue on a scratch database.
struct BenchQueue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue",
        abstract: "Measure claims and results, or traces, on a scratch database.",
        discussion: """
            Claims jobs of its own and finishes them with empty results, through the client that workers use; says how \
            many went through and how long claims took. The database must be named here (neither GLIMPQ_DATABASE_URL nor \
            the configuration file count), be migrated, and hold no other jobs: what is found is used up.
            """)

    /// What to measure.
    enum Subject: String, CaseIterable, ExpressibleByArgument {
        case claims, traces
    }

    @Option(help: ArgumentHelp("The scratch database: postgres://… or host=… dbname=….", valueName: "url"))
    var database: String

    @Option(
        help: """
            claims: claim and finish as fast as it goes. traces: write steps, and see what that does to claims beside it.
            """)
    var measure = Subject.claims

    @Option(help: ArgumentHelp("How long to measure.", valueName: "s"))
    var seconds = 5.0

    @Option(help: ArgumentHelp("Jobs of one claim and of one finish.", valueName: "n"))
    var batch = 100

    @Option(help: ArgumentHelp("Connections that claim.", valueName: "n"))
    var connections = 2

    @Option(help: ArgumentHelp("Ready jobs to begin with; those that are missing are added.", valueName: "n"))
    var jobs = 200_000

    @Option(
        help: ArgumentHelp(
            "Jobs, or rows of traces, per second; 0 for as many as go. Default: 0 for claims, 20000 for traces.",
            valueName: "n"))
    var pace: Int?

    @Option(help: ArgumentHelp("Claims of each connection that go before and do not count.", valueName: "n"))
    var warmUp = 10

    @Option(help: ArgumentHelp("Report claims every so many seconds. Default: once, at the end.", valueName: "s"))
    var every: Double?

    @Flag(help: "Print JSON lines.")
    var json = false

    func validate() throws {
        guard seconds > 0, (every ?? 1) > 0, (1...1000).contains(batch), (1...64).contains(connections), jobs >= 0,
            (pace ?? 0) >= 0, warmUp >= 0
        else {
            throw ValidationError(
                "--seconds and --every are above 0, --batch is 1 to 1000, --connections 1 to 64; --jobs, --pace and "
                    + "--warm-up start at 0.")
        }
    }

    func run() async throws {
        let options = ConnectionOptions(database)
        let scratch = try await ScratchDatabase(options)
        var meter = ProgressMeter(noun: "jobs added", isInteractive: Terminal.error.isInteractive)
        let start = ContinuousClock.now
        try await scratch.fill(to: jobs) { added, missing in
            let fraction = Double(added) / Double(missing)
            if let text = meter.report(count: added, fraction: fraction, elapsed: ContinuousClock.now - start) {
                try ByteSink.standardError.write(text)
            }
        }
        try ByteSink.standardError.write(meter.cleared)
        await scratch.close()

        let worker = try await BenchWorker(options, connections: connections, capacity: batch * connections)
        let duration = Duration.seconds(seconds)
        let isJSON = json
        switch measure {
        case .claims:
            let bench = ClaimBench(
                worker: worker, batch: batch, duration: duration, interval: every.map { .seconds($0) },
                pace: pace == 0 ? nil : pace, warmUp: warmUp)
            try await worker.whileAlive {
                try await bench.run { tally, seconds in
                    let figures = QueueFigures(tally, seconds: seconds)
                    try ByteSink.standardOutput.write(line: isJSON ? figures.json : figures.text)
                }
            }
        case .traces:
            let bench = TraceBench(
                worker: worker, options: options, duration: duration, pace: pace == 0 ? nil : pace ?? 20_000)
            let figures = QueueFigures(try await worker.whileAlive { try await bench.run() })
            try ByteSink.standardOutput.write(line: isJSON ? figures.json : figures.text)
        }
    }
}
