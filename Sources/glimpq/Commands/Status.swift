import ArgumentParser
import Queue

/// Shows queues, batches and workers.
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show queues, batches and workers.")

    @OptionGroup var shared: SharedOptions

    @Flag(help: "Go on until interrupted: rewritten on a terminal, a new block each time elsewhere.")
    var watch = false

    @Option(help: ArgumentHelp("With --watch: seconds between two looks.", valueName: "seconds"))
    var interval = 2.0

    @Option(help: "How many of the latest batches to show.")
    var batches = 10

    @Flag(help: "Print JSON, one object per look.")
    var json = false

    func validate() throws {
        if !(0.1...86_400).contains(interval) { throw ValidationError("--interval must be 0.1 to 86400 seconds.") }
        if batches < 0 { throw ValidationError("--batches must not be negative.") }
    }

    func run() async throws {
        let terminal = Terminal.output
        let palette = Palette(isOn: terminal.usesColour)
        try await shared.withReader { reader in
            while true {
                let report = try await StatusReport.read(reader, limit: batches)
                let text = json ? report.json + "\n" : report.text(palette)
                let redraws = watch && !json && terminal.isInteractive
                try ByteSink.standardOutput.write(redraws ? Self.redrawn(text) : text)
                guard watch else { return }
                try await Task.sleep(for: .seconds(interval))
            }
        }
    }

    /// Rewrites the screen without flicker: from the top, each line's rest and what is below cleared.
    private static func redrawn(_ text: String) -> String {
        "\u{1B}[H" + text.replacing("\n", with: "\u{1B}[K\n") + "\u{1B}[J"
    }
}
