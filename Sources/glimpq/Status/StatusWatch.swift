import Postgres
import Queue

/// Shows the state again and again until it is interrupted, also while the database is away.
struct StatusWatch {
    /// Time between two looks, in seconds.
    let interval: Double
    /// Whether to print JSON, one object per look.
    let asJSON: Bool
    private let interruption = Interruption.listen()
    private var reader: StatusReader
    private var last: StatusReport?
    /// Why there is nothing newer; `nil` if all is well.
    private var outage: String?

    init(_ reader: StatusReader, interval: Double, asJSON: Bool) {
        self.reader = reader
        self.interval = interval
        self.asJSON = asJSON
    }

    /// Goes on until Ctrl-C.
    mutating func run() async throws {
        guard Terminal.output.isInteractive && !asJSON else { return try await runPlainly() }
        try ByteSink.standardOutput.write(StatusScreen.enter)
        do {
            try await runOnScreen()
        } catch {
            try? ByteSink.standardOutput.write(StatusScreen.leave)
            throw error
        }
        try ByteSink.standardOutput.write(StatusScreen.leave)
    }

    private mutating func runPlainly() async throws {
        while await look() {
            if let outage {
                try ByteSink.standardError.write(line: outage)
            } else if let last {
                try ByteSink.standardOutput.write(asJSON ? last.json + "\n" : last.text(Palette(isOn: false)) + "\n")
            }
            _ = await wait { false }
        }
        if let failure { throw failure }
    }

    private mutating func runOnScreen() async throws {
        while await look() {
            var size = Terminal(descriptor: 1)
            try draw(size)
            while await wait({ Terminal(descriptor: 1) != size }) {
                size = Terminal(descriptor: 1)
                try draw(size)
            }
        }
        if let failure { throw failure }
    }

    /// What ended the watch, if it was no interruption.
    private var failure: (any Error)?

    /// Reads the state.
    ///
    /// - Returns: Whether to go on.
    private mutating func look() async -> Bool {
        let reader = self.reader
        let task = Task {
            var reader = reader
            let report = try await reader.read()
            return (reader, report)
        }
        // An interruption must not wait for a slow answer.
        let interruption = self.interruption
        let guardian = Task {
            while !Task.isCancelled {
                if interruption.isRequested { task.cancel() }
                try? await Task.sleep(for: .milliseconds(50))
            }
        }
        defer { guardian.cancel() }
        do {
            (self.reader, last) = try await task.value
            outage = nil
        } catch let error as PostgresError where error.needsReconnect || error.isRetryable {
            outage = "reconnecting: " + (Ending(of: error).message ?? "\(error)")
        } catch {
            if !interruption.isRequested { failure = error }
            return false
        }
        return !interruption.isRequested
    }

    /// Waits for the next look.
    ///
    /// - Returns: Whether something has changed before that.
    private func wait(_ hasChanged: () -> Bool) async -> Bool {
        let end = ContinuousClock.now + .seconds(interval)
        while ContinuousClock.now < end, !interruption.isRequested {
            if hasChanged() { return true }
            try? await Task.sleep(for: .milliseconds(min(50, interval * 1000)))
        }
        return false
    }

    private func draw(_ terminal: Terminal) throws {
        let palette = Palette(isOn: terminal.usesColour)
        let heading = palette.bold("glimpq") + palette.dim("   every \(Figures.duration(interval))   Ctrl-C ends")
        let note = outage.map { palette.bad($0) } ?? heading
        let lines = StatusScreen.lines(
            last?.sections(palette) ?? [], note: note, columns: terminal.columns, rows: terminal.rows)
        try ByteSink.standardOutput.write(StatusScreen.redrawn(lines))
    }
}
