import ArgumentParser
import Foundation
import Queue
import Testing
import Worker

@testable import Postgres
@testable import glimpq

@Suite struct CommandLineTests {
    private func ending(_ arguments: [String]) -> Ending? {
        do {
            var command = try Glimpq.parseAsRoot(arguments)
            if !(command is any AsyncParsableCommand) && !(command is ModelsShow) { try command.run() }  // help
            return nil
        } catch {
            return Ending(of: error)
        }
    }

    @Test(arguments: [
        ["bogus"], ["enqueue"], ["enqueue", "f", "--priority", "high"], ["cancel"], ["cancel", "1", "--batch", "b"],
        ["retry", "--class", "x", "1"], ["migrate", "--status", "--sql"], ["models", "forward", "d"],
        ["bench", "queue"], ["bench", "queue", "--database", "d", "--batch", "0"],
        ["results", "--format", "xml"], ["status", "--interval", "0"], ["trace"], ["status", "--nonsense"],
        ["trace", "a-1"], ["trace", "0"], ["trace", "99999999999999999999"], ["trace", "17", "--json", "--html", "f"],
        ["queues", "set", "q"], ["queues", "set", "q", "--ageing", "0s"],
        ["queues", "set", "q", "--max-running", "many"], ["queues", "limit", "q", "t"],
    ])
    func usageErrorsEndWithTwo(_ arguments: [String]) throws {
        let ending = try #require(self.ending(arguments))
        #expect(ending.status == .usage)
        #expect(ending.message?.isEmpty == false)
    }

    @Test(arguments: [["--help"], ["--version"], ["enqueue", "--help"], ["help", "models", "forward"]])
    func helpIsNoError(_ arguments: [String]) throws {
        let ending = try #require(self.ending(arguments))
        #expect(ending.status == .done)
        #expect(ending.message?.isEmpty == false)
    }

    @Test(arguments: [
        ["enqueue", "-", "--batch", "b", "--param", "tau=1", "--param", "seed=2"], ["results", "-o", "f"],
        ["status", "--watch", "--json"], ["trace", "17", "--html", "f"], ["trace", "a-1", "--batch", "b"],
        ["doctor", "--models", "m"],
        ["migrate", "--database", "postgres://x/y"], ["models", "show", "d"], ["bench", "m", "--threads", "2"],
        ["bench", "--requests", "m"], ["bench", "models", "m"],
        ["bench", "queue", "--database", "d", "--measure", "traces"],
        ["pause"], ["resume", "--queue", "q"],
    ])
    func commandsParse(_ arguments: [String]) {
        #expect(ending(arguments) == nil)
    }

    @Test func errorsHaveTheirExitCodes() {
        #expect(Ending(of: CommandFailure(.environment, "x")).status == .environment)
        #expect(Ending(of: QueueError.schemaMissing).status == .environment)
        #expect(Ending(of: QueueError.unknownBatch("b")).status == .failed)
        #expect(Ending(of: FileFailure(path: "p", reason: "r")).message == "glimpq: p: r")
        // A server that cannot serve now is not a job that failed: whoever started the program may start it again.
        for state in ["25006", "57P03", "53300"] {
            var message = ServerMessage(client: "no")
            message.sqlState = state
            #expect(Ending(of: PostgresError.server(message, statement: "s")).status == .environment)
        }
        #expect(Ending(of: BrokenPipe()).status == .done)
        #expect(Ending(of: BrokenPipe()).message == nil)
        #expect(Ending(of: QuietEnd(status: .environment)).status == .environment)
        #expect(Ending(of: QuietEnd(status: .failed)).message == nil)
    }

    /// The newest heading of the change log is the version that the program reports.
    @Test func changeLogKnowsTheVersion() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appendingPathComponent("CHANGELOG.md"), encoding: .utf8)
        let heading = text.split(separator: "\n").first { $0.hasPrefix("## ") && !$0.contains("Unreleased") }
        #expect(heading?.hasPrefix("## \(Product.version)") == true)
    }
}
