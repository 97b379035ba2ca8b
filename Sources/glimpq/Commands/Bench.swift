import ArgumentParser

/// Measures parts of the program on this machine.
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure a model, or the queue, on this machine.",
        discussion: "`glimpq bench MODEL` is short for `glimpq bench models MODEL`.",
        subcommands: [BenchModels.self, BenchQueue.self], defaultSubcommand: BenchModels.self)
}
