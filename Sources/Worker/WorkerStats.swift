import Engine
import Foundation

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

    var models: [String: Model]

    init(_ metrics: [String: ModelMetrics]) {
        func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
        models = metrics.mapValues {
            Model(
                rows: $0.rows, generatedTokens: $0.generatedTokens, rowsPerPass: rounded($0.rowsPerPass),
                prefixHitRate: rounded($0.prefixHitRate),
                cacheInUse: rounded(Double($0.blocksInUse) / Double(max($0.blocks, 1))),
                waitingForRoom: $0.waitingForRoom, preemptions: $0.preemptions)
        }
    }

    /// The object; empty if it cannot be written.
    var json: String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = .sortedKeys
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}
