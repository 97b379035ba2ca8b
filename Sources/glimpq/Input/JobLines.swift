import Queue

/// Turns the lines of an input into rows, and leaves everything that has to do with the outside to its caller.
struct JobLines: ~Copyable {
    /// What the caller has to do before the next step.
    enum Step {
        /// Store rows; the hashes are those of their lines.
        case store(JobRows, [UInt64])
        /// Account for a line that cannot be a job.
        case refuse(JobSource.Item, LineFault)
        /// Give the number of the batch: there is a first job for it.
        case needBatch
        /// Give the next hashes of stored lines.
        case needHashes
        /// Give all other hashes of stored lines: the input is not what it was.
        case needAllHashes
        /// Say how far it is, and see whether to go on.
        case pause
        /// Nothing: that was all.
        case end
    }

    /// Lines between two pauses, and bytes read.
    private static let pauseLines = 4096
    private static let pauseBytes = 4 << 20

    /// The batch that rows belong to.
    var batch: Int64?
    /// What is stored already.
    var stored: StoredLines
    /// Jobs that were found good and are not stored yet or were given in ``Step/store(_:_:)``.
    private(set) var jobs = 0
    /// Lines that are stored already.
    private(set) var skipped = 0

    private var source: JobSource
    private var parser: JobParser
    private var usual: UsualLine
    private let limits: JobInserter.Limits
    private var rows = JobRows(batch: 0)
    private var hashes: [UInt64] = []
    private var linesToPause = Self.pauseLines
    private var bytesAtPause = 0

    /// Starts at the beginning of an input.
    init(_ source: consuming JobSource, parser: JobParser, limits: JobInserter.Limits = JobInserter.Limits()) {
        self.source = source
        self.parser = parser
        self.limits = limits
        usual = UsualLine(defaults: parser.defaults)
        stored = StoredLines(isEmpty: true)
    }

    /// What messages call the input.
    var name: String { source.name }
    /// Bytes read so far.
    var bytesRead: Int { source.bytesRead }
    /// Size of the input in bytes; `nil` where it is not known.
    var size: Int? { source.size }

    /// Goes on until there is something to do for the caller.
    ///
    /// - Throws: ``FileFailure``, ``CommandFailure``, `CancellationError`.
    mutating func next() throws -> Step {
        if rows.count == 0, let batch { rows = JobRows(batch: batch) }
        while rows.count < limits.rows, rows.size < limits.bytes {
            if linesToPause == 0 || source.bytesRead - bytesAtPause > Self.pauseBytes {
                linesToPause = Self.pauseLines
                bytesAtPause = source.bytesRead
                return .pause
            }
            linesToPause -= 1
            guard let item = try source.next() else { return rows.count > 0 ? take() : .end }
            if item.isBlank { continue }
            do throws(LineFault) {
                if let step = try step(item) { return step }
            } catch {
                return .refuse(item, error)
            }
        }
        return take()
    }

    private mutating func take() -> Step {
        defer {
            rows = JobRows(batch: batch ?? 0)
            hashes = []
        }
        return .store(rows, hashes)
    }

    /// Takes a line in; `nil` if the next can follow at once.
    private mutating func step(_ item: JobSource.Item) throws(LineFault) -> Step? {
        if let fault = item.fault { throw fault }
        let hash = LineHash.of(item.raw)
        switch stored.meet(hash) {
        case .stored:
            skipped += 1
            return nil
        case .unknown:
            source.stepBack()
            return .needHashes
        case .unlike:
            guard try parser.job(Array(item.json)) != nil else { return nil }
            source.stepBack()
            return .needAllHashes
        case .new: break
        }
        guard batch != nil else {
            guard try parser.job(Array(item.json)) != nil else { return nil }
            source.stepBack()
            return .needBatch
        }
        if !usual.append(item.json, to: &rows) {
            guard let job = try parser.job(Array(item.json)) else { return nil }
            rows.append(checked: job)
            usual.learn(item.json, job)
        }
        hashes.append(hash)
        jobs += 1
        return nil
    }
}
