import Decoder
import Synchronization

/// Says what happens while weights are loaded: what becomes of the cache at once, how far it is every few seconds.
final class LoadProgress: Sendable {
    /// What to say, and how urgently.
    struct Line: Equatable {
        var message: String
        var isWarning = false
        /// Names and values.
        var details: [(name: String, value: String)]

        /// One sentence for people.
        var sentence: String { ([message] + details.map { "\($0.name) \($0.value)" }).joined(separator: ", ") }

        static func == (a: Line, b: Line) -> Bool { a.sentence == b.sentence && a.isWarning == b.isWarning }
    }

    private struct Phase {
        var message: String
        var model: String
        var start: Duration
        var lastLine: Duration
    }

    private let interval: Duration
    private let clock: @Sendable () -> Duration
    private let say: @Sendable (Line) -> Void
    private let phase = Mutex<Phase?>(nil)

    /// - Parameters:
    ///   - interval: Time between two lines about the same thing.
    ///   - clock: Time since some moment.
    ///   - say: Takes a line; may be called by any thread.
    init(
        interval: Duration = .seconds(3), clock: (@Sendable () -> Duration)? = nil,
        say: @escaping @Sendable (Line) -> Void
    ) {
        self.interval = interval
        let start = ContinuousClock.now
        self.clock = clock ?? { ContinuousClock.now - start }
        self.say = say
    }

    /// Takes note of an event.
    func report(model: String, _ event: LoadEvent) {
        let name = (name: "model", value: model)
        switch event {
        case .packing(let done, let total): advance("packing weights", model, done, total)
        case .reading(let done, let total): advance("reading packed weights", model, done, total)
        case .waiting(let file):
            say(
                Line(
                    message: "waiting for another process that packs the same weights",
                    details: [name, ("file", file)]))
        case .rejected(let file, let reason):
            say(
                Line(
                    message: "packed weights are of no use and made anew",
                    details: [name, ("file", file), ("reason", reason)]))
        case .written(let file, let bytes):
            say(
                Line(
                    message: "packed weights are kept for the next start",
                    details: [name, ("file", file), ("size", Figures.bytes(bytes))]))
        case .unavailable(let file, let reason):
            say(
                Line(
                    message: "packed weights cannot be kept and are not shared", isWarning: true,
                    details: [name, ("file", file), ("reason", reason)]))
        }
    }

    private func advance(_ message: String, _ model: String, _ done: Int, _ total: Int) {
        let now = clock()
        let line: Line? = phase.withLock { phase in
            guard var current = phase, current.message == message, current.model == model else {
                phase = Phase(message: message, model: model, start: now, lastLine: now)
                return nil
            }
            guard now - current.lastLine >= interval else { return nil }
            current.lastLine = now
            phase = current
            let seconds = max((now - current.start) / .seconds(1), 1e-9)
            return Line(
                message: message,
                details: [
                    ("model", model), ("done", "\(Figures.bytes(min(done, total))) of \(Figures.bytes(total))"),
                    ("share", Figures.percent(Double(min(done, total)) / Double(max(total, 1)))),
                    ("rate", Figures.bytes(Int(Double(done) / seconds)) + "/s"),
                ])
        }
        if let line { say(line) }
    }
}
