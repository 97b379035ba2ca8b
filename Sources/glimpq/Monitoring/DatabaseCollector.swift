import Metrics
import Postgres
import Queue

/// Gathers what the database says about queues, batches, workers and tables. Parts that fail are left out and said to be.
actor DatabaseCollector {
    private typealias Part = (name: String, gather: @Sendable (QueueReader) async throws -> [MetricFamily])

    private let reader: QueueReader
    private let lifetime: Duration
    private var latest: (families: [MetricFamily], at: ContinuousClock.Instant)?
    private var gathering: Task<[MetricFamily], Never>?

    /// Creates a collector; it connects with the first use.
    ///
    /// - Parameter lifetime: How long an answer serves whoever asks next, so that several scrapers cost no more than one.
    init(_ options: ConnectionOptions, lifetime: Duration = .seconds(5)) {
        var options = options
        options.statementTimeout = .seconds(10)
        options.applicationName = "glimpq exporter"
        reader = QueueReader(options, logger: SharedOptions.quietLogger)
        self.lifetime = lifetime
    }

    /// The metrics, at most as old as an answer lives.
    var families: [MetricFamily] {
        get async {
            if let latest, ContinuousClock.now - latest.at < lifetime { return latest.families }
            if let gathering { return await gathering.value }
            let task = Task { [reader] in await Self.gather(reader) }
            gathering = task
            let families = await task.value
            latest = (families, .now)
            gathering = nil
            return families
        }
    }

    /// Why the database cannot be asked; `nil` if it can.
    var unreadiness: String? {
        get async {
            do {
                _ = try await reader.serverMetric()
                return nil
            } catch {
                return "the database does not answer: \(Ending(of: error).sentence)"
            }
        }
    }

    /// Closes the connection.
    func close() async { await reader.close() }

    private static let parts: [Part] = [
        ("queues", { DatabaseCollector.queues(try await $0.queueMetrics()) }),
        ("workers", { DatabaseCollector.workers(try await $0.fleetMetrics()) }),
        ("batches", { DatabaseCollector.batches(try await $0.batchMetrics()) }),
        ("tables", { DatabaseCollector.tables(try await $0.storageMetrics()) }),
        ("traces", { DatabaseCollector.traces(try await $0.traceHealth()) }),
        ("server", { DatabaseCollector.server(try await $0.serverMetric()) }),
    ]

    private static func gather(_ reader: QueueReader) async -> [MetricFamily] {
        var success = MetricFamily(.gauge, "glimpq_exporter_success", "1 if this part could be gathered.")
        var duration = MetricFamily(
            .gauge, "glimpq_exporter_duration_seconds", "How long the latest gathering of this part took.")
        var families: [MetricFamily] = []
        for part in parts {
            let label = MetricFamily.Label("part", part.name)
            let start = ContinuousClock.now
            do {
                families += try await part.gather(reader)
                success.add(1, label)
            } catch {
                success.add(0, label)
            }
            duration.add((ContinuousClock.now - start) / .seconds(1), label)
        }
        return families + [success, duration, WorkerMonitor.build] + ProcessFigures.families
    }
}
