import Postgres
import Queue
import Routing

/// Reads a file of jobs line by line, hands the good ones on and accounts for the rest.
struct EnqueueRun {
    /// The strategies, for the help text.
    static let strategyNames = Strategy.names.joined(separator: ", ")
    /// Faults that are shown; the others are counted.
    private static let mostShown = 20

    /// What became of the lines so far.
    private(set) var summary: EnqueueSummary
    private let path: String
    private var parser: JobParser
    private let rejects: RejectFile?
    private var meter: ProgressMeter
    private let start = ContinuousClock.now

    /// Prepares a run.
    ///
    /// - Throws: ``FileFailure`` if the file for refused lines cannot be written.
    init(path: String, batch: String, parser: JobParser, rejectPath: String?) throws {
        self.path = path
        self.parser = parser
        rejects = try rejectPath.map { try RejectFile(path: $0) }
        summary = EnqueueSummary(batch: batch)
        meter = ProgressMeter(noun: "jobs", isInteractive: Terminal.error.isInteractive)
    }

    /// Only checks the lines.
    mutating func check() async throws {
        var count = 0
        try await forEachJob { _ in count += 1 }
        summary.inserted = count
    }

    /// Stores the good lines.
    mutating func insert(_ options: ConnectionOptions) async throws {
        // Opened first, so that a wrong file name does not leave an empty batch behind.
        let reader = try LineReader(path: path)
        let inserter = try await JobInserter.open(options, batch: summary.batch)
        do {
            try await forEachJob(reader) { try await inserter.add($0) }
        } catch {
            try? await note(committed: inserter.committed)
            throw error
        }
        let counts = try await inserter.finish()
        summary.batchID = await inserter.batchID
        summary.inserted = counts.inserted
        summary.duplicates = counts.duplicates
    }

    private mutating func forEachJob(_ body: (NewJob) async throws -> Void) async throws {
        try await forEachJob(try LineReader(path: path), body)
    }

    private mutating func forEachJob(
        _ opened: consuming LineReader, _ body: (NewJob) async throws -> Void
    ) async throws {
        var reader = opened
        var taken = 0
        while let line = try reader.next() {
            let job: NewJob?
            do throws(LineFault) {
                if line.isTooLong {
                    throw LineFault(nil, "the line is longer than \(Figures.bytes(LineReader.longestLine))")
                }
                job = try parser.job(line.bytes)
            } catch {
                try refuse(line, error, name: reader.name)
                continue
            }
            guard let job else { continue }
            try await body(job)
            taken += 1
            if taken & 255 == 0 { try progress(taken, read: reader.bytesRead, of: reader.size) }
        }
        try ByteSink.standardError.write(meter.cleared)
        if summary.refused > Self.mostShown {
            let rest = Figures.grouped(summary.refused - Self.mostShown)
            let hint = rejects.map { "they are in \($0.path)" } ?? "--reject FILE writes them down"
            try ByteSink.standardError.write(line: "… and \(rest) more refused lines; \(hint)")
        }
        try rejects?.finish()
        summary.seconds = (ContinuousClock.now - start) / .seconds(1)
    }

    private mutating func refuse(_ line: LineReader.Line, _ fault: LineFault, name: String) throws {
        summary.refused += 1
        try rejects?.add(line, fault)
        guard summary.refused <= Self.mostShown else { return }
        try ByteSink.standardError.write(line: meter.cleared + "\(name):\(line.number): \(fault)")
    }

    private mutating func progress(_ count: Int, read: Int, of size: Int?) throws {
        let fraction = size.flatMap { $0 > 0 ? Double(read) / Double($0) : nil }
        if let text = meter.report(count: count, fraction: fraction, elapsed: ContinuousClock.now - start) {
            try ByteSink.standardError.write(text)
        }
    }

    private func note(committed: JobInserter.Counts) throws {
        guard committed.inserted > 0 else { return }
        try ByteSink.standardError.write(
            line: "stopped after \(Figures.grouped(committed.inserted)) jobs of batch \(summary.batch) were stored; "
                + "enqueue the file again to go on (jobs with a custom_id are not stored twice)")
    }
}
