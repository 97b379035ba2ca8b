import Logging
import Queue

/// Renews the lease, and does what the database's answer asks for: cancellations, deadlines, jobs that are not this
/// worker's any more, claims whose reply was lost. After a lost lease it takes back what nobody has claimed since.
struct Heartbeat: Sendable {
    /// How long a worker that the database finds too old waits before it asks again.
    static let patienceOfTheOld = Duration.seconds(30)

    let queue: QueueClient
    let identity: WorkerIdentity
    let registration: WorkerRegistration
    let table: SessionTable
    let tally: WorkerTally
    let interval: Duration
    let isDraining: @Sendable () -> Bool
    /// A JSON object about the worker, for people.
    let stats: @Sendable () async -> String
    let logger: Logger

    /// Beats until the task is cancelled.
    func run() async throws {
        var reconciler = Reconciler()
        while true {
            do {
                try await beat(&reconciler)
            } catch let error as QueueError {
                if case .workerTooOld = error {
                    await table.stopAll(.lost)
                    logger.warning(
                        "cannot register again, will ask again now and then", metadata: ["error": "\(error)"])
                    try await Task.sleep(for: Self.patienceOfTheOld)
                } else {
                    logger.error("heartbeat failed", metadata: ["error": "\(error)"])
                }
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
        let answer = try await queue.beat(
            worker: worker, inFlight: held.count, draining: isDraining(), stats: await stats())
        let claimsBegun = identity.claimsBegun
        guard let answer else {
            logger.warning("lease lost; registering again", metadata: ["in_flight": "\(held.count)"])
            try await comeBack(from: worker)
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

    /// Registers under a new number and takes back the jobs whose sessions still run.
    private func comeBack(from worker: Int64) async throws {
        tally.change { $0.leasesLost += 1 }
        let registered = try await queue.register(registration.following(worker))
        identity.become(registered)
        let asked = await table.beginAdoption()
        var adopted: [Adoption] = []
        do {
            adopted = try await queue.adopt(asked, worker: registered.id)
        } catch {
            // What was adopted all the same shows up as orphaned and is given back.
            logger.error("jobs in flight cannot be taken back", metadata: ["error": "\(error)"])
        }
        await table.endAdoption(of: asked, adopted: adopted)
        tally.change { $0.adopted += adopted.count }
        logger.notice(
            "registered again",
            metadata: [
                "worker": "\(registered.id)", "previous": "\(worker)", "adopted": "\(adopted.count)",
                "given_up": "\(asked.count - adopted.count)",
            ])
    }
}
