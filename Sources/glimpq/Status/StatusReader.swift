import Foundation
import Postgres
import Queue

/// Reads the state again and again without burdening the database: what takes long is read the less often.
struct StatusReader {
    private let reader: QueueReader
    private let newest: Int
    private let batch: String?
    private var batches = Paced<[BatchOverview]>()
    private var faults = Paced<[RecentErrors]>()
    private var work = Paced<[RecentWork]>()
    /// The time that recent work is looked at, in seconds: less where much is done.
    private var window = 300
    private var lastInserted: (count: Int, at: ContinuousClock.Instant)?
    private var lastTokens: [Int64: (count: Int, at: ContinuousClock.Instant)] = [:]

    /// - Parameters:
    ///   - reader: The database.
    ///   - newest: How many batches to show.
    ///   - batch: The only batch to show.
    init(_ reader: QueueReader, newest: Int, batch: String? = nil) {
        self.reader = reader
        self.newest = newest
        self.batch = batch
    }

    /// A value that is read anew at most so often that reading it takes a twentieth of the time.
    private struct Paced<Value: Sendable> {
        private var value: Value?
        private var next = ContinuousClock.now

        mutating func read(_ body: () async throws -> Value) async throws -> Value {
            if let value, ContinuousClock.now < next { return value }
            let start = ContinuousClock.now
            let new = try await body()
            next = .now + (.now - start) * 20
            value = new
            return new
        }
    }

    /// Reads the state.
    ///
    /// - Throws: `PostgresError`, ``QueueError/unknownBatch(_:)``.
    mutating func read() async throws -> StatusReport {
        let reader = self.reader
        let (newest, batch, window) = (self.newest, self.batch, self.window)
        let queues = try await reader.queueOverviews()
        let overviews = try await batches.read {
            if let batch { return [try await reader.overview(batch: batch)] }
            return try await reader.overviews(newest: newest).reversed()
        }
        let recent = try await work.read { try await reader.recentWork(seconds: window) }
        let errors = try await faults.read { try await reader.recentErrors(seconds: 300) }
        let workers = try await reader.workers()
        let unserved = try await reader.unservedNames()
        let stuck = try await reader.stuck()
        let holders = try await reader.longTransactions(over: 60)
        adapt(to: recent)

        let now = try await reader.serverTime().seconds
        return StatusReport(
            queues: queues.filter { $0.isPaused || $0.ready + $0.delayed + $0.held + $0.running > 0 }
                .map { StatusReport.Queue($0, recent) },
            batches: overviews.map { StatusReport.Batch($0, recent, errors) },
            workers: workers.filter { $0.state != "gone" }.map {
                StatusReport.Worker($0, now: now, tokensPerSecond: tokenRate($0))
            },
            warnings: Self.warnings(unserved: unserved, stuck: stuck, holders: holders, workers: workers, now: now),
            work: StatusReport.Work(recent, window: window), faults: StatusReport.faults(errors),
            insertedPerSecond: insertionRate(try await reader.insertedJobs()),
            draftAcceptance: Self.draftAcceptance(workers.filter { $0.state != "gone" }.map(\.stats)))
    }

    private mutating func adapt(to recent: [RecentWork]) {
        let done = recent.reduce(0) { $0 + $1.done }
        if done > 20_000 && window > 15 { window = max(15, window / 4) }
        if done < 2_000 && window < 300 { window = min(300, window * 4) }
    }

    private mutating func insertionRate(_ count: Int) -> Double? {
        let now = ContinuousClock.now
        defer { lastInserted = (count, now) }
        guard let last = lastInserted, count >= last.count else { return nil }
        let seconds = (now - last.at) / .seconds(1)
        return seconds > 0 ? Double(count - last.count) / seconds : nil
    }

    /// Tokens per second since the look before; a worker says what it has done every few seconds only.
    private mutating func tokenRate(_ worker: WorkerStatus) -> Double? {
        guard let count = Self.generatedTokens(worker.stats) else { return nil }
        let now = ContinuousClock.now
        guard let last = lastTokens[worker.id], count >= last.count else {
            lastTokens[worker.id] = (count, now)
            return nil
        }
        let seconds = (now - last.at) / .seconds(1)
        if seconds > 12 { lastTokens[worker.id] = (count, now) }
        return seconds >= 5 ? Double(count - last.count) / seconds : nil
    }

    /// What the models of a worker have generated since its start.
    static func generatedTokens(_ stats: String) -> Int? {
        guard let node = try? JSONReader.parse(Array(stats.utf8)), case .object(let models)? = node["models"]?.value
        else { return nil }
        return models.reduce(0) { sum, model in
            guard case .number(let digits)? = model.node["generated_tokens"]?.value else { return sum }
            return sum + (Int(digits) ?? 0)
        }
    }

    /// Of the tokens that small models have drafted since the start of their workers, the share that was kept; `nil`
    /// without any.
    static func draftAcceptance(_ stats: [String]) -> Double? {
        func number(_ node: JSONNode?) -> Double {
            guard case .number(let digits)? = node?.value else { return 0 }
            return Double(digits) ?? 0
        }
        let methods = stats.compactMap { try? JSONReader.parse(Array($0.utf8))["methods"] }
        let drafted = methods.reduce(0) { $0 + number($1["drafted_tokens"]) }
        let accepted = methods.reduce(0) { $0 + number($1["accepted_tokens"]) }
        return drafted > 0 ? accepted / drafted : nil
    }

    private static func warnings(
        unserved: [UnservedName], stuck: [StuckJob], holders: [LongTransaction], workers: [WorkerStatus], now: Double
    ) -> [String] {
        var warnings = unserved.map { name in
            let place = name.queue.map { "queue \($0)" } ?? "pair \(name.pair ?? "")"
            return "ready jobs of \(place): \(name.reason)"
        }
        for (reason, jobs) in Dictionary(grouping: stuck, by: \.reason).sorted(by: { $0.key < $1.key }) {
            let numbers = jobs.prefix(3).map { "\($0.job)" }.joined(separator: ", ")
            warnings.append("\(Figures.grouped(jobs.count)) jobs: \(reason) (\(numbers)\(jobs.count > 3 ? ", …" : ""))")
        }
        let lost = workers.filter { $0.state == "expired" || $0.state == "lost" && now - $0.beatAt.seconds < 600 }
        if !lost.isEmpty { warnings.append("\(lost.count) workers have lost their lease within ten minutes") }
        for holder in holders {
            warnings.append(
                "process \(holder.process) (\(holder.user ?? "another user")) has held a snapshot for "
                    + "\(Figures.duration(holder.seconds)): dead rows cannot be removed, claims get slower")
        }
        return warnings.map(\.printable)
    }
}
