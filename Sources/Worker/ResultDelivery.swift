import Logging
import Queue

/// Sees a finished result through to the database's answer: trace first, then the result, again and again; meanwhile a
/// copy goes to the spool if there is one.
struct ResultDelivery: Sendable {
    /// How the delivery ended.
    enum Ending: Sendable, Hashable {
        /// The database has answered.
        case answered(QueueClient.Verdict)
        /// The worker stopped before the database answered. The result is in the spool.
        case spooled
    }

    /// How often a trace is written anew that the database says is not complete.
    private static let mostRewrites = 3

    let traces: TraceWriter
    let finisher: Finisher
    let spool: ResultSpool?
    let database: String
    let logger: Logger

    /// Delivers a result.
    ///
    /// - Parameter rows: The rows of its trace that its own attempt has; the trace writer has been given them.
    /// - Throws: `PostgresError` if the database refuses it; `CancellationError` if the worker stopped and there is no spool.
    func deliver(_ result: FinishedJob, rows: [TraceRow]) async throws -> Ending {
        let copy = SpooledResult(database: database, result: result, rows: rows)
        let keeping = spool.map { spool in
            Task {
                try await Task.sleep(for: ResultSpool.patience)
                await spool.keep(copy)
            }
        }
        let ending: Result<QueueClient.Verdict, any Error>
        do {
            ending = .success(try await confirmed(result, rows: rows))
        } catch {
            ending = .failure(error)
        }
        keeping?.cancel()
        _ = await keeping?.result  // or it might be written after it was forgotten
        switch ending {
        case .success(let verdict):
            await spool?.forget(copy)
            return .answered(verdict)
        case .failure(let error) where Task.isCancelled || error is CancellationError:
            if let spool, await spool.keep(copy) { return .spooled }
            throw CancellationError()
        case .failure(let error):
            await spool?.forget(copy)
            throw error
        }
    }

    /// Delivers a result that an earlier process left in the spool.
    func redeliver(_ spooled: SpooledResult) async throws -> QueueClient.Verdict {
        for row in spooled.rows { try await traces.append(row) }
        return try await confirmed(spooled.result, rows: spooled.rows)
    }

    private func confirmed(_ finished: FinishedJob, rows: [TraceRow]) async throws -> QueueClient.Verdict {
        var result = finished
        var rewrites = 0
        while true {
            // Its trace is durable before a result is.
            let dropped = try await traces.flush(result.job)
            result.traceRowsDropped += dropped
            result.traceRows = max(result.traceRows - dropped, 0)
            let verdict = try await finisher.finish(result)
            guard verdict == .untraced else { return verdict }
            rewrites += 1
            logger.warning(
                "rows of a trace are missing in the database, writing them again",
                metadata: ["job": "\(result.job)", "epoch": "\(result.epoch)", "rows": "\(rows.count)"])
            if rewrites > Self.mostRewrites {
                // Rows of earlier attempts are gone for good; a result is worth more than a complete trace.
                result.traceRowsDropped += 1
                result.traceRows = 0
            }
            for row in rows { try await traces.append(row) }
        }
    }
}
