import Logging
import Postgres
import Queue
import Routing

/// Reads an input, stores the good lines and accounts for the rest.
struct EnqueueRun {
    /// The strategies, for the help text.
    static let strategyNames = Strategy.names.joined(separator: ", ")

    /// What became of the lines so far.
    private(set) var summary: EnqueueSummary
    private let path: String
    private let format: InputFormat
    private let layout: DatasetLayout?
    private let parser: JobParser
    /// Whether the batch remembers which lines it has, and skips them.
    private let remembers: Bool
    private let interruption: Interruption?
    private var reporter: EnqueueReporter
    private var nextPart = 0
    private let start = ContinuousClock.now

    /// Prepares a run.
    ///
    /// - Parameters:
    ///   - path: The file; `-` is standard input.
    ///   - format: Its form.
    ///   - layout: That of a file of problems; `nil` for a file of jobs.
    ///   - batch: Name of the batch.
    ///   - parser: Turns lines into jobs.
    ///   - remembers: Whether a line that the batch has from this input is skipped.
    ///   - reporter: Hears of refused lines and progress.
    ///   - interruption: Ends the run between two lines.
    init(
        path: String, format: InputFormat = .jsonl, layout: DatasetLayout? = nil, batch: String, parser: JobParser,
        remembers: Bool = true,
        reporter: EnqueueReporter, interruption: Interruption? = nil
    ) {
        self.path = path
        self.format = format
        self.layout = layout
        self.parser = parser
        self.remembers = remembers
        self.reporter = reporter
        self.interruption = interruption
        summary = EnqueueSummary(source: Self.source(of: path), batch: batch)
    }

    /// The name by which a batch knows an input: the file's without its folder and an ending of `.gz`, `-` for standard
    /// input.
    static func source(of path: String) -> String {
        var name = path.split(separator: "/").last ?? path[...]
        if name.hasSuffix(".gz") && name.count > 3 { name = name.dropLast(3) }
        return String(String.UnicodeScalarView(name.unicodeScalars.prefix(1000)))
    }

    private func source() throws -> JobSource {
        try JobSource(path: path, format: format, layout: layout, interruption: interruption)
    }

    /// Only checks the lines.
    mutating func check() throws {
        var lines = JobLines(try source(), parser: parser)
        lines.batch = 0
        loop: while true {
            switch try lines.next() {
            case .refuse(let item, let fault): try refuse(item, fault, name: lines.name)
            case .pause: try report(lines)
            case .end: break loop
            case .store, .needBatch, .needHashes, .needAllHashes: break
            }
        }
        summary.inserted = lines.jobs
        try finish()
    }

    /// Stores the good lines.
    ///
    /// - Throws: ``FileFailure``, ``CommandFailure``, `PostgresError`, ``QueueError``; `CancellationError` if it was
    ///   interrupted. What was committed by then is in ``summary`` and stays.
    mutating func insert(_ options: ConnectionOptions, tenant: String? = nil, logger: Logger) async throws {
        // Opened first, so that a wrong file name does not leave an empty batch behind.
        var lines = JobLines(try source(), parser: parser)
        var inserter = try await JobInserter.openExisting(options, batch: summary.batch, logger: logger)
        if let inserter {
            summary.batchID = inserter.batchID
            lines.batch = inserter.batchID
            lines.stored = StoredLines(isEmpty: !remembers)
        }
        do {
            loop: while true {
                switch try lines.next() {
                case .refuse(let item, let fault): try refuse(item, fault, name: lines.name)
                case .pause:
                    await note(inserter)
                    try report(lines)
                case .needBatch:
                    let new = try await JobInserter.open(
                        options, batch: summary.batch, tenant: tenant, logger: logger)
                    (inserter, summary.batchID, lines.batch) = (new, new.batchID, new.batchID)
                    lines.stored = StoredLines(isEmpty: !remembers)
                case .needHashes: lines.stored.continue(with: try await storedPart(inserter)?.hashes)
                case .needAllHashes:
                    var rest: [UInt64] = []
                    while let part = try await storedPart(inserter) { rest += part.hashes }
                    lines.stored.scatter(with: rest)
                case .store(let rows, let hashes): try await send(rows, hashes, inserter)
                case .end: break loop
                }
            }
            try await inserter?.settle()
        } catch {
            try? await inserter?.settle()  // what is on its way may well arrive
            await note(inserter)
            summary.duplicates += lines.skipped
            try? finish()
            throw error
        }
        await note(inserter)
        summary.duplicates += lines.skipped
        if summary.inserted > 0 { try? await inserter?.wake(queue: parser.defaults.queue) }  // they poll anyway
        _ = try await inserter?.finish()
        try finish()
    }

    private mutating func send(_ rows: JobRows, _ hashes: [UInt64], _ inserter: JobInserter?) async throws {
        guard let inserter else { return }
        var part: InputPart?
        if remembers {
            while try await storedPart(inserter) != nil {}  // numbers go on behind those that are there
            part = InputPart(
                source: summary.source, number: nextPart, settings: parser.defaults.fingerprint, hashes: hashes)
            nextPart += 1
        }
        try await inserter.send(rows, remembering: part)
    }

    /// The next stretch that the batch has of this input.
    private mutating func storedPart(_ inserter: JobInserter?) async throws -> InputPart? {
        guard !summary.knowsAllParts, let inserter else { return nil }
        guard let part = try await inserter.storedPart(of: summary.source, number: nextPart) else {
            summary.knowsAllParts = true
            return nil
        }
        nextPart += 1
        if part.settings != parser.defaults.fingerprint { summary.hasOtherSettings = true }
        return part
    }

    /// Takes over what is committed.
    private mutating func note(_ inserter: JobInserter?) async {
        guard let counts = await inserter?.committed else { return }
        summary.inserted = counts.inserted
        summary.duplicates = counts.duplicates
    }

    private mutating func refuse(_ item: JobSource.Item, _ fault: LineFault, name: String) throws {
        summary.refused += 1
        try reporter.refuse(item, fault, name: name)
    }

    private mutating func report(_ lines: borrowing JobLines) throws {
        if interruption?.isRequested == true { throw CancellationError() }
        try reporter.report(
            EnqueueReporter.Progress(
                batch: summary.batch, jobs: lines.jobs, skipped: lines.skipped, stored: summary.inserted,
                refused: summary.refused, bytesRead: lines.bytesRead, size: lines.size,
                elapsed: ContinuousClock.now - start))
    }

    private mutating func finish() throws {
        summary.seconds = (ContinuousClock.now - start) / .seconds(1)
        try reporter.finish(refused: summary.refused)
    }
}
