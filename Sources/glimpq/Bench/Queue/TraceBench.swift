import Logging
import Postgres
import Queue

/// Writes traces at a given pace through a worker's writer, and sees what that does to claims.
struct TraceBench {
    /// What was measured.
    struct Outcome: Sendable {
        /// Rows that are in the database.
        var rows = 0
        /// How long it took to write them.
        var seconds = 0.0
        /// Claims without traces beside them, and with.
        var idle = LatencySamples()
        var busy = LatencySamples()
    }

    /// Jobs of one claim beside the traces, and the pause after each.
    private static let batch = 10
    private static let pause = Duration.milliseconds(10)
    /// Jobs whose traces are written.
    private static let sessions = 64

    let worker: BenchWorker
    let options: ConnectionOptions
    /// How long each part takes.
    let duration: Duration
    /// Rows per second; `nil` for as many as the writer takes.
    let pace: Int?

    /// First claims alone, then claims beside traces.
    func run() async throws -> Outcome {
        let owners = try await worker.claim(Self.sessions, on: 0)
        guard owners.count == Self.sessions else {
            throw CommandFailure(.usage, "the bench ran out of ready jobs; give it more with --jobs")
        }
        var outcome = Outcome()
        let calm = ContinuousClock.now + duration
        outcome.idle = try await claims { ContinuousClock.now < calm }
        let writing = Task { try await write(of: owners) }
        let finished = FinishedFlag()
        async let busy = claims { !(await finished.isSet) }
        let written: Result<(Int, Double), any Error> = await writing.result
        await finished.set()
        outcome.busy = try await busy
        (outcome.rows, outcome.seconds) = try written.get()
        try await worker.clients[0].release(owners.map { ReleasedJob($0.lease) }, worker: worker.id)
        return outcome
    }

    private actor FinishedFlag {
        private(set) var isSet = false
        func set() { isSet = true }
    }

    /// Claims and finishes a few jobs at a time, like a worker with free slots.
    private func claims(while goesOn: () async -> Bool) async throws -> LatencySamples {
        let clock = ContinuousClock()
        var samples = LatencySamples()
        while await goesOn() {
            let asked = clock.now
            let jobs = try await worker.claim(Self.batch, on: 0)
            samples.append(clock.now - asked)
            try await worker.finish(jobs, on: 0)
            try await Task.sleep(for: Self.pause)
        }
        return samples
    }

    /// Appends rows until time is up and waits until they are written; their number and the seconds.
    private func write(of owners: [ClaimedJob]) async throws -> (Int, Double) {
        let writer = TraceWriter(options, logger: SharedOptions.quietLogger)
        let clock = ContinuousClock()
        let start = clock.now
        var rows = 0
        repeat {
            let owner = owners[rows % owners.count]
            try await writer.append(Self.row(of: owner, sequence: Int32(rows / owners.count)))
            rows += 1
            if let pace, rows.isMultiple(of: 100) {
                try await clock.sleep(until: start + .seconds(1) * (Double(rows) / Double(pace)))
            }
        } while clock.now < start + duration
        try await writer.flush()
        let seconds = (clock.now - start) / .seconds(1)
        await writer.close()
        return (rows, seconds)
    }

    /// A step as GlimpRouter writes it: about 150 bytes of text, 40 tokens, all signals; some 600 bytes in the table.
    private static func row(of job: ClaimedJob, sequence: Int32) -> TraceRow {
        var row = TraceRow(
            job.lease, sequence: sequence, day: job.day, kind: .thinking, owner: sequence % 4 == 0 ? .llm : .slm,
            model: "bench-slm", text: text, tokenIDs: tokens)
        row.rule = "below_threshold"
        row.signalName = "entropy"
        row.signalValue = 0.8125
        row.threshold = 1.5
        row.initialEntropy = 0.8125
        row.normalisedEntropy = 0.0703
        row.topEntropy = 0.7994
        row.topEntropySupport = 20
        row.probedToken = 1234
        row.probeTokens = 1
        row.finishReason = "step_end"
        row.meanLogProbability = -0.2471
        row.meanEntropy = 0.3327
        row.cost.slmPrefill = 3
        row.cost.slmCached = 420
        row.cost.slmDecoded = 40
        row.cost.probeNanoseconds = 812_345
        row.cost.slmNanoseconds = 32_123_456
        return row
    }

    private static let text = """
        Next, add the two partial sums: 1,284 and 8,988 make 10,272. The last digit agrees with 4 + 8 = 12, so the \
        carry was right and the sum is settled.

        """
    private static let tokens: [Int32] = (0..<40).map { 900 + $0 * 731 % 50_000 }
}
