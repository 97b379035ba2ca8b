import Logging
import Queue

/// Writes finished results to the worker's spool folder while the database does not acknowledge them, so that they
/// survive this process.
actor ResultSpool {
    /// How long a result may wait in memory alone.
    static let patience = Duration.milliseconds(1500)

    /// What has happened since the start.
    struct Counts: Sendable, Hashable {
        /// Results that lie in the folder now.
        var waiting = 0
        /// Results written.
        var written = 0
        /// Results of earlier runs that the database has answered for.
        var delivered = 0
        /// Damaged files found.
        var torn = 0
    }

    private(set) var counts = Counts()
    private let folder: SpoolFolder
    private let logger: Logger
    private var kept: Set<JobLease> = []

    init(_ folder: SpoolFolder, logger: Logger) {
        self.folder = folder
        self.logger = logger
    }

    /// Writes a result down unless it is there already.
    ///
    /// - Returns: Whether it is on the disk.
    @discardableResult
    func keep(_ result: SpooledResult) -> Bool {
        guard !kept.contains(result.result.lease) else { return true }
        do {
            try folder.keep(result)
        } catch {
            logger.error(
                "a result cannot be written to the spool; it is in memory only", metadata: ["error": "\(error)"])
            return false
        }
        kept.insert(result.result.lease)
        counts.written += 1
        counts.waiting += 1
        logger.notice(
            "the database does not answer; a result waits in the spool",
            metadata: ["job": "\(result.result.job)", "epoch": "\(result.result.epoch)", "folder": "\(folder.path)"])
        return true
    }

    /// Leaves the folder, and what lies in it, to the next worker.
    func close() { folder.release() }

    /// Forgets a result that the database has answered for.
    func forget(_ result: SpooledResult) {
        guard kept.remove(result.result.lease) != nil else { return }
        folder.remove(result)
        counts.waiting -= 1
    }

    /// Delivers what earlier runs have left in this slot and in those that nobody uses, and forgets what the database
    /// has answered for: an answer of any kind is the last word about a result.
    ///
    /// - Parameters:
    ///   - database: Which results to take; those of other databases stay.
    ///   - deliver: Stores traces and result.
    /// - Throws: What `deliver` throws; what was not delivered stays.
    func deliverLeftovers(
        of database: String, _ deliver: (SpooledResult) async throws -> QueueClient.Verdict
    ) async throws {
        for slot in [folder] + folder.abandoned() {
            var foreign = 0
            for entry in slot.entries() {
                switch entry.content {
                case .failure(let fault):
                    counts.torn += 1
                    slot.setAside(entry)
                    logger.error(
                        "a damaged file in the spool was set aside; its job runs again",
                        metadata: ["file": "\(entry.path)", "reason": "\(fault)"])
                case .success(let result) where result.database != database: foreign += 1
                case .success(let result):
                    let verdict = try await deliver(result)
                    slot.remove(result)
                    counts.delivered += 1
                    logger.notice(
                        "a result of an earlier run was delivered",
                        metadata: [
                            "job": "\(result.result.job)", "epoch": "\(result.result.epoch)", "verdict": "\(verdict)",
                        ])
                }
            }
            if foreign > 0 {
                logger.warning(
                    "the spool holds results of another database; they stay (delete them if it is gone for good)",
                    metadata: ["results": "\(foreign)", "folder": "\(slot.path)"])
            }
        }
    }
}
