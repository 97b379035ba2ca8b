import ArgumentParser

@main
struct Glimpq: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "glimpq",
        abstract: "Batch reasoning over a PostgreSQL work queue, by a small and a large language model together.")
}
