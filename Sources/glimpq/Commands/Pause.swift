import ArgumentParser
import Queue

/// Stops claims from a queue.
struct Pause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop workers from taking jobs of a queue; running jobs go on.")

    @OptionGroup var shared: SharedOptions

    @Option(help: "The queue. Default: GLIMPQ_QUEUE, else default.")
    var queue: String?

    func run() async throws {
        let name = try shared.settings([.queue: queue]).text(.queue) ?? "default"
        try await shared.withControl { try await $0.pause(queue: name) }
        try ByteSink.standardOutput.write(line: "queue \(name) is paused; glimpq resume --queue \(name) ends it")
    }
}

/// Ends a pause.
struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let workers take jobs of a paused queue again.")

    @OptionGroup var shared: SharedOptions

    @Option(help: "The queue. Default: GLIMPQ_QUEUE, else default.")
    var queue: String?

    func run() async throws {
        let name = try shared.settings([.queue: queue]).text(.queue) ?? "default"
        try await shared.withControl { try await $0.resume(queue: name) }
        try ByteSink.standardOutput.write(line: "queue \(name) runs")
    }
}
