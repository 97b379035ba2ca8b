import ArgumentParser

/// Measures parts of the program on this machine.
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure models, or the queue, on this machine.",
        discussion: "`glimpq bench MODEL` is short for `glimpq bench models MODEL`.",
        subcommands: [BenchModels.self, BenchLatency.self, BenchSpeculative.self, BenchQueue.self],
        defaultSubcommand: BenchModels.self)
}
