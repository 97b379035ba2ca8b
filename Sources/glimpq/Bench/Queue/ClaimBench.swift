import Queue

/// Claims and finishes jobs in batches as fast as it goes, on several connections at once.
struct ClaimBench {
    /// What one stretch of time brought.
    struct Tally: Sendable {
        /// Jobs that were finished.
        var jobs = 0
        /// How long claims took, the client's part included.
        var claims = LatencySamples()
        /// How long finishes took.
        var finishes = LatencySamples()
    }

    /// Collects what the connections do.
    private actor Collector {
        private var tally = Tally()

        func add(jobs: Int, claim: Duration, finish: Duration) {
            tally.jobs += jobs
            tally.claims.append(claim)
            tally.finishes.append(finish)
        }

        /// What came together since the last call.
        func take() -> Tally {
            defer { tally = Tally() }
            return tally
        }
    }

    let worker: BenchWorker
    /// Jobs of one claim, and of one finish.
    let batch: Int
    /// How long to go on; each connection claims at least once.
    let duration: Duration
    /// How often to report; `nil` once, at the end.
    let interval: Duration?
    /// Jobs per second over all connections; `nil` for as many as go.
    let pace: Int?
    /// Claims of each connection before the measurement, which load catalogues and plans.
    let warmUp: Int

    /// Runs.
    ///
    /// - Parameter report: Called with what was done since the last call, and the seconds that it took.
    func run(_ report: @escaping @Sendable (Tally, Double) throws -> Void) async throws {
        let collector = Collector()
        let clock = ContinuousClock()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for client in worker.clients.indices {
                group.addTask {
                    for _ in 0..<warmUp { try await worker.finish(try await claim(on: client), on: client) }
                }
            }
            try await group.waitForAll()
        }
        let start = clock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for client in worker.clients.indices {
                group.addTask { try await work(on: client, from: start, into: collector) }
            }
            if let interval {
                var due = start + interval
                while due < start + duration {
                    try await clock.sleep(until: due)
                    try report(await collector.take(), interval / .seconds(1))
                    due += interval
                }
                try await group.waitForAll()
            } else {
                try await group.waitForAll()
                try report(await collector.take(), (clock.now - start) / .seconds(1))
            }
        }
    }

    private func work(
        on client: Int, from start: ContinuousClock.Instant, into collector: Collector
    ) async throws {
        let clock = ContinuousClock()
        var done = 0
        repeat {
            let asked = clock.now
            let jobs = try await claim(on: client)
            let claimed = clock.now
            try await worker.finish(jobs, on: client)
            await collector.add(jobs: jobs.count, claim: claimed - asked, finish: clock.now - claimed)
            done += jobs.count
            if let pace {
                let share = Double(pace) / Double(worker.clients.count)
                try await clock.sleep(until: start + .seconds(1) * (Double(done) / share))
            }
        } while clock.now < start + duration
    }

    private func claim(on client: Int) async throws -> [ClaimedJob] {
        let jobs = try await worker.claim(batch, on: client)
        guard !jobs.isEmpty else {
            throw CommandFailure(.usage, "the bench ran out of ready jobs; give it more with --jobs")
        }
        return jobs
    }
}
