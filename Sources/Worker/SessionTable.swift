import Queue

/// The jobs that a worker has in flight.
actor SessionTable {
    private struct Entry {
        var task: Task<JobEnd, Never>?
        var cause: StopCause?
    }

    private var entries: [JobLease: Entry] = [:]
    private var waiters: [CheckedContinuation<Void, Never>] = []
    /// Rises with every change, so that one that comes between a look and a wait is not missed.
    private(set) var version: UInt64 = 0

    /// Number of jobs in flight.
    var count: Int { entries.count }

    /// What is held.
    var leases: Set<JobLease> { Set(entries.keys) }

    /// Notes a job as held, before its session starts.
    func hold(_ lease: JobLease) { entries[lease] = Entry() }

    /// Notes the session of a held job; stops it at once if that was asked for meanwhile.
    func start(_ lease: JobLease, _ task: Task<JobEnd, Never>) {
        guard entries[lease] != nil else { return task.cancel() }
        entries[lease]?.task = task
        if entries[lease]?.cause != nil { task.cancel() }
    }

    /// Stops a session; the first cause counts.
    func stop(_ lease: JobLease, _ cause: StopCause) {
        guard entries[lease] != nil, entries[lease]?.cause == nil else { return }
        entries[lease]?.cause = cause
        entries[lease]?.task?.cancel()
    }

    /// Stops all sessions.
    func stopAll(_ cause: StopCause) {
        for lease in entries.keys { stop(lease, cause) }
    }

    /// Why a session was stopped, if it was.
    func cause(_ lease: JobLease) -> StopCause? { entries[lease]?.cause }

    /// Forgets a job, after the database knows how it ended.
    func end(_ lease: JobLease) {
        entries[lease] = nil
        wake()
    }

    /// Waits until a job has ended or ``wake()`` has been called since the table had a version.
    func change(since seen: UInt64) async {
        guard version == seen else { return }
        await withCheckedContinuation { waiters.append($0) }
    }

    /// Ends all waits for a change.
    func wake() {
        version += 1
        let resumed = waiters
        waiters = []
        for waiter in resumed { waiter.resume() }
    }
}
