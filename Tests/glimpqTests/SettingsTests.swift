import Foundation
import Testing
import Worker

@testable import glimpq

@Suite struct SettingsTests {
    @Test func flagsGoBeforeEnvironmentBeforeFile() throws {
        let file = ["GLIMPQ_QUEUE": "f", "GLIMPQ_MODELS": "f", "GLIMPQ_LOG_LEVEL": "f"]
        let environment = ["GLIMPQ_QUEUE": "e", "GLIMPQ_MODELS": "e", "GLIMPQ_LOG_LEVEL": ""]
        let settings = Settings(flags: [.queue: "c"], environment: environment, file: file)
        #expect(settings.text(.queue) == "c")
        #expect(settings.text(.models) == "e")
        #expect(settings.text(.logLevel) == "f")  // an empty variable counts as absent
        #expect(settings.text(.databaseURL) == nil)
    }

    @Test func keysWithDotsHaveTheirVariables() {
        let environment = Dictionary(uniqueKeysWithValues: Setting.allCases.map { ($0.variable, $0.rawValue) })
        let settings = Settings(environment: environment)
        for setting in Setting.allCases { #expect(settings.text(setting) == setting.rawValue) }
        #expect(Setting.databaseURL.variable == "GLIMPQ_DATABASE_URL")
    }

    @Test func numbersAreChecked() throws {
        let settings = Settings(environment: ["GLIMPQ_THREADS": "2", "GLIMPQ_IN_FLIGHT": "many"])
        #expect(try settings.integer(.threads, in: 1...8) == 2)
        #expect(throws: CommandFailure.self) { try settings.integer(.threads, in: 3...8) }
        let error = #expect(throws: CommandFailure.self) { try settings.integer(.inFlight, in: 1...8) }
        #expect(
            error?.description == #"setting GLIMPQ_IN_FLIGHT: expected a whole number in 1...8, got "many""#)
        #expect(error?.status == .usage)
        let flag = Settings(flags: [.inFlight: "0"], environment: ["GLIMPQ_IN_FLIGHT": "3"])
        let refusal = #expect(throws: CommandFailure.self) { try flag.integer(.inFlight, in: 1...8) }
        #expect(refusal?.description == #"--in-flight: expected a whole number in 1...8, got "0""#)
    }

    @Test func fileForm() throws {
        let file = try EnvironmentFile("# comment\n\n GLIMPQ_QUEUE = 'a b' \nGLIMPQ_MODELS=x=y\r\n", path: "f")
        #expect(file.values == ["GLIMPQ_QUEUE": "a b", "GLIMPQ_MODELS": "x=y"])
    }

    @Test(arguments: [
        ("GLIMPQ_QUEU=x", "f:1: expected one of GLIMPQ_DATABASE_URL"),
        ("\nnonsense", #"f:2: expected NAME=value, got "nonsense""#),
        ("GLIMPQ_QUEUE=a\nGLIMPQ_QUEUE=b", "f:2: GLIMPQ_QUEUE is set twice"),
    ])
    func fileFaults(text: String, reason: String) {
        let error = #expect(throws: CommandFailure.self) { try EnvironmentFile(text, path: "f") }
        #expect(error?.description.hasPrefix(reason) == true)
    }

    /// Every setting is in the example file, with a comment above it.
    @Test func exampleFileIsComplete() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let path = root.appendingPathComponent("Config/glimpq.example.env")
        let text = try String(contentsOf: path, encoding: .utf8)
        // What is not needed is there as an example only.
        let file = try EnvironmentFile(text.replacing("\n#GLIMPQ_", with: "\nGLIMPQ_"), path: path.path)
        #expect(
            Set(try EnvironmentFile(text, path: path.path).values.keys) == [
                "GLIMPQ_DATABASE_URL", "GLIMPQ_MODELS", "GLIMPQ_QUEUE",
            ])
        #expect(Set(file.values.keys) == Set(Setting.allCases.map(\.variable)))
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated()
        where line.hasPrefix("GLIMPQ_") || line.hasPrefix("#GLIMPQ_") {
            #expect(index > 0 && lines[index - 1].hasPrefix("# "), "no comment above \(line)")
        }
    }

    @Test func aPoolerIsNamedOrHintedAt() throws {
        func mode(_ environment: [String: String]) throws -> PoolerMode {
            try PoolerMode(Settings(environment: environment))
        }
        #expect(try mode([:]) == .none)
        #expect(try mode(["GLIMPQ_POOLER": "transaction"]) == .transaction)
        #expect(throws: CommandFailure.self) { try mode(["GLIMPQ_POOLER": "session"]) }
        for (url, plain) in [
            ("postgres://h/db?pgbouncer=true", "postgres://h/db"),
            ("postgres://h/db?a=b&pgbouncer=true", "postgres://h/db?a=b"),
            ("postgres://h/db?pgbouncer=true&a=b", "postgres://h/db?a=b"),
            ("host=h pgbouncer=true dbname=d", "host=h dbname=d"),
        ] {
            let environment = ["GLIMPQ_DATABASE_URL": url]
            #expect(try mode(environment) == .transaction)
            #expect(PoolerMode.url(Settings(environment: environment)) == plain)
            #expect(try mode(environment.merging(["GLIMPQ_POOLER": "none"]) { $1 }) == .none)
        }
    }

    @Test func theSpoolHasAPlaceWhereStateBelongs() throws {
        func folder(_ environment: [String: String]) -> String? { WorkerConfiguration.spoolFolder(environment) }
        #expect(folder(["HOME": "/h"]) == "/h/.local/state/glimpq/spool")
        #expect(folder(["HOME": "/h", "XDG_STATE_HOME": "/s"]) == "/s/glimpq/spool")
        #expect(folder(["HOME": "/h", "STATE_DIRECTORY": "/v/a:/v/b"]) == "/v/a/spool")
        #expect(folder([:]) == nil)
        var configuration = WorkerConfiguration()
        try configuration.apply(Settings(flags: [.spool: "off"], environment: [:]), environment: ["HOME": "/h"])
        #expect(configuration.spool == nil && configuration.listens)
        try configuration.apply(
            Settings(flags: [.spool: "/x", .pooler: "transaction"], environment: [:]), environment: [:])
        #expect(configuration.spool == "/x" && !configuration.listens)
        #expect(throws: CommandFailure.self) {
            try configuration.apply(Settings(flags: [.listen: "maybe"], environment: [:]), environment: [:])
        }
    }
}
