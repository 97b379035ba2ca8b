/// Progress of work whose end is not known, on standard error.
struct CountedProgress {
    private var meter: ProgressMeter
    private let start = ContinuousClock.now

    /// - Parameter noun: What is counted, in the plural.
    init(noun: String) { meter = ProgressMeter(noun: noun, isInteractive: Terminal.error.isInteractive) }

    /// Says how far it is, now and then.
    mutating func report(_ count: Int) throws {
        if let text = meter.report(count: count, fraction: nil, elapsed: ContinuousClock.now - start) {
            try ByteSink.standardError.write(text)
        }
    }

    /// Takes the line away.
    func finish() throws { try ByteSink.standardError.write(meter.cleared) }
}
