import ArgumentParser
import Engine
import Foundation

/// Checks what a worker needs, and says what to mend.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check database, schema, fleet, models and machine; say what to mend.",
        discussion: """
            Exit code 3 if something is broken; warnings alone give 0, or 1 with --strict. As a member of glimpq_admin or \
            glimpq_analyst it sees most.
            """)

    @OptionGroup var shared: SharedOptions

    @Option(help: ArgumentHelp("Model pool file. Default: GLIMPQ_MODELS.", valueName: "file"))
    var models: String?

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "End with exit code 1 if there are warnings.")
    var strict = false

    func run() async throws {
        let settings = try shared.settings([.models: models])
        let findings =
            await DatabaseChecks(options: shared.connection(settings)).run() + PoolChecks.run(settings.text(.models))
            + MachineChecks.run()
        let palette = Palette(isOn: Terminal.output.usesColour)
        try ByteSink.standardOutput.write(
            json ? JSONText.array(findings.map(\.json)) + "\n" : findings.map { $0.text(palette) + "\n" }.joined())
        if findings.contains(where: { $0.grade == .broken }) { throw QuietEnd(status: .environment) }
        if strict && findings.contains(where: { $0.grade == .warning }) { throw QuietEnd(status: .failed) }
    }
}
