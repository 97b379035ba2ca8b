import Logging
import Queue

/// Renews the lease, and does what the database's answer asks for: cancellations, deadlines, jobs that are not this
/// worker's any more, claims whose reply was lost.
struct Heartbeat: Sendable {
    let queue: QueueClient
    let identity: WorkerIdentity
    let registration: WorkerRegistration
    let table: SessionTable
    let interval: Duration
    let isDraining: @Sendable () -> Bool
    /// A JSON object about the worker, for people.
    let stats: @Sendable () -> String
    let logger: Logger

    /// Beats until the task is cancelled.
    func run() async throws {
        var reconciler = Reconciler()
        while true {
            do {
                try await beat(&reconciler)
            } catch let error where !(error is CancellationError) {
                // The lease runs on; the next beat may get through.
                logger.error("heartbeat failed", metadata: ["error": "\(error)"])
            }
            try await Task.sleep(for: interval)
        }
    }

    private func beat(_ reconciler: inout Reconciler) async throws {
        let worker = identity.id
        let claimsEnded = identity.claimsEnded  // before what is held is looked at
        let held = await table.leases
        let answer = try await queue.beat(worker: worker, inFlight: held.count, draining: isDraining(), stats: stats())
        let claimsBegun = identity.claimsBegun
        guard let answer else {
            logger.warning(
                "lease lost; registering again, jobs in flight go to others",
                metadata: ["worker": "\(worker)", "in_flight": "\(held.count)"])
            await table.stopAll(.lost)
            identity.become(try await queue.register(registration))
            reconciler = Reconciler()
            return
        }
        identity.renewed(sentAt: answer.sentAt)
        let verdict = reconciler.reconcile(
            answer, held: held, claimsEnded: claimsEnded, claimsBegun: claimsBegun)
        for lease in verdict.lost { await table.stop(lease, .lost) }
        for lease in verdict.cancelled { await table.stop(lease, .cancelRequested) }
        for lease in verdict.overdue { await table.stop(lease, .overdue) }
        if !verdict.orphaned.isEmpty {
            logger.warning("giving back jobs whose claim was not heard", metadata: ["jobs": "\(verdict.orphaned)"])
            try await queue.release(verdict.orphaned.map { ReleasedJob($0) }, worker: worker)
        }
    }
}
