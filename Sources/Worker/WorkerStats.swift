import Engine
import Foundation
import Queue

/// What a worker's models are doing, as it stands in `glimpq.worker.stats`.
struct WorkerStats: Encodable {
    /// One model.
    struct Model: Encodable {
        /// Tokens computed so far.
        var rows: Int
        /// Tokens generated so far.
        var generatedTokens: Int
        /// Tokens per forward pass.
        var rowsPerPass: Double
        /// Share of first contexts that other sequences had computed.
        var prefixHitRate: Double
        /// Share of the KV cache in use.
        var cacheInUse: Double
        /// Sequences waiting for room in it.
        var waitingForRoom: Int
        /// Sequences that lost their blocks to others so far.
        var preemptions: Int
    }

    /// Results by the database's answer.
    struct Finishes: Encodable { var accepted, duplicate, stale: Int }
    /// Jobs by how they ended here.
    struct Jobs: Encodable {
        var done, failed, cancelled, handedBack, lost, unconfirmed, adopted, deadlines: Int
    }
    /// Results on this machine's disk.
    struct Spool: Encodable { var waiting, written, delivered, torn: Int }
    /// Rows of traces.
    struct Traces: Encodable { var backlog, written, dropped: Int }
    /// Claims; `limit` is the most that one asks for now.
    struct Claims: Encodable { var asked, received, timeouts, limit: Int }
    /// Trouble with connections.
    struct Database: Encodable { var reconnects, repeats: Int }

    var models: [String: Model]
    var finishes: Finishes
    var jobs: Jobs
    var spool: Spool
    var traces: Traces
    var claims: Claims
    var database: Database
    /// What the methods of jobs did.
    var methods: MethodActivity.Counts
    var leasesLost: Int
    var listener: String
    var wakeups: Int
    var `protocol` = WorkerRegistration.protocolVersion

    init(
        _ metrics: [String: ModelMetrics], summary: WorkerSummary, methods: MethodActivity.Counts,
        traces: TraceWriter.Counts, spool: ResultSpool.Counts, counters: DatabaseCounters, listener: WakeListener?,
        claimLimit: Int
    ) {
        func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
        models = metrics.mapValues {
            Model(
                rows: $0.rows, generatedTokens: $0.generatedTokens, rowsPerPass: rounded($0.rowsPerPass),
                prefixHitRate: rounded($0.prefixHitRate),
                cacheInUse: rounded(Double($0.blocksInUse) / Double(max($0.blocks, 1))),
                waitingForRoom: $0.waitingForRoom, preemptions: $0.preemptions)
        }
        finishes = Finishes(accepted: summary.accepted, duplicate: summary.duplicate, stale: summary.stale)
        jobs = Jobs(
            done: summary.done, failed: summary.failed, cancelled: summary.cancelled, handedBack: summary.handedBack,
            lost: summary.lost, unconfirmed: summary.unconfirmed, adopted: summary.adopted, deadlines: summary.overdue)
        self.spool = Spool(
            waiting: spool.waiting, written: spool.written, delivered: spool.delivered, torn: spool.torn)
        self.traces = Traces(backlog: traces.backlog, written: traces.written, dropped: traces.dropped)
        claims = Claims(
            asked: summary.claims, received: summary.claimed, timeouts: summary.claimTimeouts, limit: claimLimit)
        database = Database(reconnects: counters.reconnects, repeats: counters.repeats)
        self.methods = methods
        leasesLost = summary.leasesLost
        self.listener = listener?.state.rawValue ?? "off"
        wakeups = listener?.wakeUps ?? 0
    }

    /// The object; empty if it cannot be written.
    var json: String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = .sortedKeys
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}
