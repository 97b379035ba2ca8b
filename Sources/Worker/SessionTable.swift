import Queue

/// The jobs that a worker has in flight.
actor SessionTable {
    private struct Entry {
        let job: HeldJob
        var task: Task<JobEnd, Never>?
        var cause: StopCause?
        /// Its session has ended; its end is on the way to the database.
        var isSettling = false
    }

    private var entries: [JobLease: Entry] = [:]
    private var isAdopting = false
    private var waiters: [CheckedContinuation<Void, Never>] = []
    /// Rises with every change, so that one that comes between a look and a wait is not missed.
    private(set) var version: UInt64 = 0

    /// Number of jobs in flight.
    var count: Int { entries.count }

    /// What is held.
    var leases: Set<JobLease> { Set(entries.keys) }

    /// Notes a job as held, before its session starts.
    func hold(_ job: HeldJob) { entries[job.lease] = Entry(job: job) }

    /// Notes the session of a held job; stops it at once if that was asked for meanwhile.
    func start(_ job: HeldJob, _ task: Task<JobEnd, Never>) {
        guard entries[job.lease] != nil else { return task.cancel() }
        entries[job.lease]?.task = task
        if entries[job.lease]?.cause != nil { task.cancel() }
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
    func cause(of job: HeldJob) -> StopCause? { entries[job.lease]?.cause }

    /// Fixes the lease of a job whose session has ended: its end is told under this one. Waits for an adoption that is
    /// under way, as nobody knows yet which lease counts.
    func settle(_ job: HeldJob) async {
        while isAdopting { await change(since: version) }
        entries[job.lease]?.isSettling = true
    }

    /// Forgets a job, after the database knows how it ended.
    func end(_ job: HeldJob) {
        entries[job.lease] = nil
        wake()
    }

    // MARK: Adoption

    /// After the lease was lost: the jobs whose sessions are at work and may go on under a new lease. Those that have
    /// not started are given up; those that have ended are left to the rule for late results.
    func beginAdoption() -> [JobLease] {
        isAdopting = true
        for (lease, entry) in entries where entry.task == nil { stop(lease, .lost) }
        return entries.filter { $0.value.cause == nil && !$0.value.isSettling }.map(\.key).sorted()
    }

    /// Gives the jobs that were adopted their new leases and stops the others that ``beginAdoption()`` named.
    func endAdoption(of asked: [JobLease], adopted: [Adoption]) {
        var left = Set(asked)
        for adoption in adopted {
            guard let entry = entries.removeValue(forKey: adoption.from) else { continue }
            entry.job.adopt(adoption)
            entries[adoption.to] = entry
            left.remove(adoption.from)
        }
        for lease in left { stop(lease, .lost) }
        isAdopting = false
        wake()
    }

    // MARK: Changes

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
