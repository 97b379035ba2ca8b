import Foundation
import Testing

/// The glimpq program as the build made it, run as a process.
struct Program {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// How a run ended.
    struct Ending {
        var code: Int32
        var output: String
        var errors: String
    }

    /// A run that is under way.
    final class Run {
        let process: Process
        private let output: URL
        private let errors: URL

        init(_ arguments: [String], database: String, input: String? = nil) throws {
            let folder = FileManager.default.temporaryDirectory
            output = folder.appendingPathComponent(UUID().uuidString)
            errors = folder.appendingPathComponent(UUID().uuidString)
            process = Process()
            process.executableURL = try Program.executable()
            process.arguments = arguments
            process.environment = [
                "GLIMPQ_DATABASE_URL": database, "PATH": "/usr/bin:/bin",
                "GLIMPQ_MODELS": Program.root.appendingPathComponent("Config/models.demo.json").path,
            ]
            for file in [output, errors] { try Data().write(to: file) }
            process.standardOutput = try FileHandle(forWritingTo: output)
            process.standardError = try FileHandle(forWritingTo: errors)
            if let input {
                let file = folder.appendingPathComponent(UUID().uuidString)
                try Data(input.utf8).write(to: file)
                process.standardInput = try FileHandle(forReadingFrom: file)
            } else {
                process.standardInput = FileHandle.nullDevice
            }
            try process.run()
        }

        /// Ends the process as a power cut would.
        func kill() {
            Foundation.kill(process.processIdentifier, SIGKILL)
        }

        func terminate() { process.terminate() }

        /// Waits for the end.
        func ending() async throws -> Ending {
            while process.isRunning { try await Task.sleep(for: .milliseconds(10)) }
            return Ending(
                code: process.terminationStatus, output: try String(contentsOf: output, encoding: .utf8),
                errors: try String(contentsOf: errors, encoding: .utf8))
        }
    }

    /// Runs the program to its end.
    static func run(_ arguments: [String], database: String, input: String? = nil) async throws -> Ending {
        try await Run(arguments, database: database, input: input).ending()
    }

    /// The program lies beside the test bundle.
    private static func executable() throws -> URL {
        var folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        for bundle in Bundle.allBundles where bundle.bundlePath.hasSuffix(".xctest") {
            folder = bundle.bundleURL.deletingLastPathComponent()
        }
        let program = folder.appendingPathComponent("glimpq")
        try #require(FileManager.default.isExecutableFile(atPath: program.path), "no program at \(program.path)")
        return program
    }

    /// The shipped test problems, one JSON object a line.
    static func problems(_ count: Int) throws -> String {
        let file = root.appendingPathComponent("Ops/demo-pair/problems/test-500.jsonl")
        return try String(contentsOf: file, encoding: .utf8)
            .split(separator: "\n").prefix(count).joined(separator: "\n") + "\n"
    }
}
