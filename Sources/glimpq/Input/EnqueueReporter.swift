/// Says on standard error what happens while a file is enqueued: a line that is rewritten on a terminal, plain lines or
/// JSON elsewhere, and the first of the refused lines.
struct EnqueueReporter {
    /// How far a run is.
    struct Progress {
        var batch: String
        /// Jobs that were found good, the skipped ones not counted.
        var jobs: Int
        /// Lines that the batch has already.
        var skipped: Int
        /// Jobs that are committed.
        var stored: Int
        var refused: Int
        var bytesRead: Int
        /// Size of the input; `nil` where it is not known.
        var size: Int?
        var elapsed: Duration

        /// Share of the input that was read.
        var fraction: Double? { size.flatMap { $0 > 0 ? Double(bytesRead) / Double($0) : nil } }
    }

    /// Faults that are shown; the others are counted.
    private static let mostShown = 20

    private let rejects: RejectFile?
    private let asJSON: Bool
    private var meter: ProgressMeter
    private var shown = 0

    /// - Parameters:
    ///   - rejects: Where refused lines are written down.
    ///   - asJSON: Whether progress is for programs.
    init(rejects: RejectFile? = nil, asJSON: Bool = false) {
        self.rejects = rejects
        self.asJSON = asJSON
        meter = ProgressMeter(noun: "jobs", isInteractive: Terminal.error.isInteractive && !asJSON)
    }

    /// Accounts for a refused line.
    mutating func refuse(_ item: JobSource.Item, _ fault: LineFault, name: String) throws {
        try rejects?.add(item, fault, file: name)
        shown += 1
        guard shown <= Self.mostShown else { return }
        try ByteSink.standardError.write(line: meter.cleared + "\(name):\(item.number): \(fault)")
    }

    /// Says how far it is, now and then.
    mutating func report(_ progress: Progress) throws {
        guard
            let text = meter.report(
                count: progress.jobs + progress.skipped, fraction: progress.fraction, elapsed: progress.elapsed)
        else { return }
        try ByteSink.standardError.write(asJSON ? Self.json(progress) + "\n" : text)
    }

    /// Says what else there is to say about refused lines.
    mutating func finish(refused: Int) throws {
        try ByteSink.standardError.write(meter.cleared)
        if refused > Self.mostShown {
            let rest = Figures.grouped(refused - Self.mostShown)
            let hint = rejects.map { "they are in \($0.path)" } ?? "--reject FILE writes them down"
            try ByteSink.standardError.write(line: "… and \(rest) more refused lines; \(hint)")
        }
        try rejects?.flush()
    }

    private static func json(_ progress: Progress) -> String {
        let seconds = progress.elapsed / .seconds(1)
        let rate = seconds > 0 ? Double(progress.jobs + progress.skipped) / seconds : 0
        let toGo = progress.fraction.flatMap { $0 > 0 ? seconds * (1 - $0) / $0 : nil }
        return JSONText.object([
            ("event", "\"progress\""), ("batch", JSONText.string(progress.batch)), ("jobs", "\(progress.jobs)"),
            ("skipped", "\(progress.skipped)"), ("stored", "\(progress.stored)"), ("refused", "\(progress.refused)"),
            ("bytes", "\(progress.bytesRead)"), ("bytes_total", progress.size.map { "\($0)" } ?? "null"),
            ("seconds", JSONText.rounded(seconds)), ("per_second", JSONText.rounded(rate)),
            ("seconds_to_go", toGo.map(JSONText.rounded) ?? "null"),
        ])
    }
}
