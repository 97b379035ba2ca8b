/// Decides what to say about work that goes on, and when: a line that is rewritten on a terminal, a plain line now and
/// then elsewhere. Knows no clock; the caller gives the time since the start.
struct ProgressMeter {
    /// What is counted, in the plural.
    let noun: String
    /// Whether the line is rewritten in place.
    let isInteractive: Bool
    /// Whether to say nothing at all.
    let isSilent: Bool
    private var lastReport: Duration?

    /// Creates a meter.
    init(noun: String, isInteractive: Bool, isSilent: Bool = false) {
        self.noun = noun
        self.isInteractive = isInteractive
        self.isSilent = isSilent
    }

    /// What to write now; `nil` if it is too early to say anything again.
    ///
    /// - Parameters:
    ///   - count: Units done.
    ///   - fraction: Share of the whole work that is done, where it is known; gives the time to go.
    ///   - elapsed: Time since the start.
    mutating func report(count: Int, fraction: Double?, elapsed: Duration) -> String? {
        if isSilent { return nil }
        let interval: Duration = isInteractive ? .milliseconds(200) : .seconds(10)
        if let lastReport, elapsed - lastReport < interval { return nil }
        if lastReport == nil && elapsed < interval { return nil }
        lastReport = elapsed
        let text = line(count: count, fraction: fraction, elapsed: elapsed)
        return isInteractive ? "\r\u{1B}[K\(text)" : text + "\n"
    }

    /// Takes the rewritten line away.
    var cleared: String { isInteractive && lastReport != nil ? "\r\u{1B}[K" : "" }

    private func line(count: Int, fraction: Double?, elapsed: Duration) -> String {
        let seconds = elapsed / .seconds(1)
        var parts = ["\(Figures.grouped(count)) \(noun)"]
        if let fraction { parts.append(Figures.percent(min(fraction, 1))) }
        if seconds > 0 { parts.append("\(Figures.grouped(Int(Double(count) / seconds))) per s") }
        if let fraction, fraction > 0, fraction < 1 {
            parts.append("\(Figures.duration(seconds * (1 - fraction) / fraction)) to go")
        }
        return parts.joined(separator: "   ")
    }
}
