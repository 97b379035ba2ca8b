import ArgumentParser
import Logging
import Metrics
import UnixSignals

/// Serves metrics of the database.
struct Exporter: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve the database's metrics to Prometheus: queues, batches, workers, tables.",
        discussion: """
            One exporter per database, beside the workers' own metrics. The queries do bounded work whatever the size of \
            the tables; an answer is kept for five seconds. The role glimpq_monitor is enough.
            """)

    @OptionGroup var shared: SharedOptions

    @Option(
        help: ArgumentHelp(
            "Where to answer /metrics, /healthz and /readyz: HOST:PORT, or PORT for loopback. Default: GLIMPQ_HTTP, else 127.0.0.1:9465.",
            valueName: "address"))
    var listenHttp: String?

    @Option(
        help: ArgumentHelp("Log lines as text or json. Default: GLIMPQ_LOG_FORMAT, else text.", valueName: "format"))
    var logFormat: String?

    @Flag(help: "Print the metrics once and end; exit code 3 if a part could not be gathered.")
    var once = false

    func run() async throws {
        let settings = try shared.settings([.http: listenHttp, .logFormat: logFormat])
        let collector = DatabaseCollector(shared.connection(settings))
        if once {
            let families = await collector.families
            let unreadiness = await collector.unreadiness
            await collector.close()
            try ByteSink.standardOutput.write(PrometheusText.text(families))
            let success = families.first { $0.name == "glimpq_exporter_success" }
            if let unreadiness { throw CommandFailure(.environment, unreadiness) }
            if success?.samples.contains(where: { $0.value == 0 }) ?? true {
                throw CommandFailure(
                    .environment,
                    "not everything could be gathered: see glimpq_exporter_success; is the schema there (glimpq migrate), and "
                        + "the user a member of glimpq_monitor?")
            }
            return
        }
        let logger = try Logger(label: "glimpq.exporter", settings)
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let server = try await MonitoringServer(
            ListenAddress(settings.text(.http) ?? "127.0.0.1:9465", setting: "--listen-http"),
            metrics: { await collector.families }, unreadiness: { await collector.unreadiness })
        logger.info("answering /metrics, /healthz and /readyz", metadata: ["address": "\(server.address)"])
        for await _ in signals { break }
        await server.stop()
        await collector.close()
    }
}
