import Foundation
import Routing
import Synchronization

/// Has code judged by a command of the operator's.
///
/// The command is called with two files: the code, and the job's reference answer (for LiveCodeBench a JSON object with
/// the tests). It says right with exit code 0 and wrong with 1; anything else is no verdict. Code that exceeds a limit is
/// wrong. The command runs in a folder and a process group of its own, with a bare environment (no database settings),
/// nothing to read on standard input, and limits on processor time, wall time, memory, the size of files and output. What
/// it leaves running is killed. That keeps accidents apart from the worker; it is no sandbox against malice: for code
/// that nobody trusts name a command that starts a container or a virtual machine.
public struct CodeGrader: Sendable {
    /// What the command may use.
    public struct Limits: Sendable, Hashable {
        /// Processor time of each process, in seconds.
        public var processorSeconds = 10
        /// From start to end, in seconds.
        public var wallSeconds = 30
        /// Address space of each process, in MiB.
        public var mebibytes = 2048
        /// Bytes of output; more ends the command.
        public var outputBytes = 1 << 20
        /// Largest file that it may write, in MiB.
        public var fileMebibytes = 64

        /// The defaults.
        public init() {}
    }

    private let command: String
    private let limits: Limits
    private let places: Places

    /// Creates a grader.
    ///
    /// - Parameters:
    ///   - command: Path of a program.
    ///   - limits: What it may use.
    ///   - atOnce: Most commands at the same time; the models want the processors as well.
    public init(command: String, limits: Limits = Limits(), atOnce: Int = 2) {
        self.command = command
        self.limits = limits
        places = Places(count: atOnce)
    }

    /// Judges code.
    ///
    /// - Throws: `CancellationError`.
    func grade(code: String, reference: String) async throws -> Grade {
        if code.isEmpty { return Grade(extracted: code, isCorrect: false) }
        await places.take()
        defer { places.give() }
        try Task.checkCancellation()
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("glimpq-grade-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            try Data(code.utf8).write(to: folder.appendingPathComponent("answer"))
            try Data(reference.utf8).write(to: folder.appendingPathComponent("reference"))
        } catch {
            return Grade(extracted: code, undecided: "the grading command's files cannot be written: \(error)")
        }
        let run = LimitedCommand(
            command: command, arguments: [folder.path + "/answer", folder.path + "/reference"], folder: folder.path,
            limits: limits)
        let end = await run.end()
        return verdict(end, code: code)
    }

    private func verdict(_ end: LimitedCommand.End, code: String) -> Grade {
        switch end.cause {
        case .exit(0): return Grade(extracted: code, isCorrect: true)
        case .exit(1), .signal, .wallTime, .output: return Grade(extracted: code, isCorrect: false)
        case .exit(let status):
            return Grade(
                extracted: code,
                undecided: "the grading command ended with exit code \(status), expected 0 (right) or 1 (wrong)"
                    + (end.lastLine.isEmpty ? "" : "; it said: \(end.lastLine)"))
        case .noStart(let reason):
            return Grade(extracted: code, undecided: "the grading command \(command) does not start: \(reason)")
        }
    }

    /// Places for commands that run at once.
    private final class Places: Sendable {
        private struct State {
            var free: Int
            var waiting: [CheckedContinuation<Void, Never>] = []
        }

        private let state: Mutex<State>

        init(count: Int) { state = Mutex(State(free: count)) }

        func take() async {
            await withCheckedContinuation { continuation in
                let isFree = state.withLock { state in
                    if state.free == 0 {
                        state.waiting.append(continuation)
                        return false
                    }
                    state.free -= 1
                    return true
                }
                if isFree { continuation.resume() }
            }
        }

        func give() {
            let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
                if state.waiting.isEmpty {
                    state.free += 1
                    return nil
                }
                return state.waiting.removeFirst()
            }
            next?.resume()
        }
    }
}
