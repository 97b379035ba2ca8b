import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// One run of a command in a process group of its own, with limits.
struct LimitedCommand: Sendable {
    /// How a run ended.
    struct End: Sendable, Hashable {
        /// Why.
        enum Cause: Sendable, Hashable {
            case exit(Int32)
            /// Killed from outside or by a limit of the system: processor time, file size.
            case signal(Int32)
            case wallTime
            case output
            case noStart(String)
        }

        var cause: Cause
        /// The last line that it wrote, shortened.
        var lastLine = ""
    }

    let command: String
    let arguments: [String]
    /// Where it runs.
    let folder: String
    let limits: CodeGrader.Limits

    private static let starting = Mutex(())

    /// Runs the command; a thread of its own waits for it. If the task is cancelled the command is killed.
    func end() async -> End {
        let cancelled = Cancelled()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let thread = Thread { continuation.resume(returning: run(cancelled)) }
                thread.name = "grading command"
                thread.start()
            }
        } onCancel: {
            cancelled.set()
        }
    }

    private func run(_ cancelled: Cancelled) -> End {
        var ends: [Int32] = [-1, -1]
        // One at a time: a command that starts between these calls would hold this one's output open.
        let (process, failure) = Self.starting.withLock { _ -> (pid_t?, String) in
            guard pipe(&ends) == 0 else { return (nil, String(cString: strerror(errno))) }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            return spawn(output: ends[1])
        }
        if ends[1] >= 0 { close(ends[1]) }
        defer { if ends[0] >= 0 { close(ends[0]) } }
        guard let process else { return End(cause: .noStart(failure)) }
        let deadline = ContinuousClock.now + .seconds(limits.wallSeconds)
        var text: [UInt8] = []
        var cause = drain(ends[0], into: &text, until: deadline, cancelled)
        // The output may end before the command does.
        while cause == nil, !hasEnded(process) {
            if ContinuousClock.now >= deadline || cancelled.isSet { cause = .wallTime }
            usleep(2000)
        }
        // Whatever the command has started goes with it; its number stays taken until it is asked for its end.
        kill(-process, SIGKILL)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        return End(cause: cause ?? Self.cause(status), lastLine: Self.lastLine(text))
    }

    private func hasEnded(_ process: pid_t) -> Bool {
        var information = siginfo_t()
        let answer = waitid(P_PID, id_t(process), &information, WEXITED | WNOHANG | WNOWAIT)
        return answer != 0 || information.si_signo != 0
    }

    /// Reads until the output ends; a cause if it must be ended.
    private func drain(
        _ pipe: Int32, into text: inout [UInt8], until deadline: ContinuousClock.Instant, _ cancelled: Cancelled
    ) -> End.Cause? {
        var total = 0
        var chunk = [UInt8](repeating: 0, count: 1 << 14)
        while true {
            if ContinuousClock.now >= deadline || cancelled.isSet { return .wallTime }
            var waiting = pollfd(fd: pipe, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, 50) > 0 else { continue }
            let count = chunk.withUnsafeMutableBytes { read(pipe, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { return nil }
            total += count
            if total > limits.outputBytes { return .output }
            text = Array((text + chunk[..<count]).suffix(4096))
        }
    }

    private static func cause(_ status: Int32) -> End.Cause {
        let signal = status & 0x7F
        return signal == 0 ? .exit(status >> 8 & 0xFF) : .signal(signal)
    }

    private static func lastLine(_ bytes: [UInt8]) -> String {
        let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
        return String((lines.last ?? "").prefix(300))
    }

    /// Starts a shell that sets the limits and becomes the command: the limits hold for the command alone, and nothing
    /// has to be done between fork and exec in a program with threads.
    private func spawn(output: Int32) -> (pid_t?, String) {
        let script =
            "cd \"$1\" && ulimit -t \"$2\" && ulimit -v \"$3\" && ulimit -f \"$4\" && ulimit -c 0 && shift 4 && exec \"$@\""
        let words =
            [
                "/bin/sh", "-c", script, "sh", folder, "\(limits.processorSeconds)", "\(limits.mebibytes * 1024)",
                "\(limits.fileMebibytes * 2048)", command,
            ] + arguments
        let surroundings = [
            "PATH=" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"), "HOME=\(folder)",
            "TMPDIR=\(folder)", "LANG=C.UTF-8",
        ]
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        // Signals that the worker ignores or blocks would stay so in the command.
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var process = pid_t()
        let argumentPointers = words.map { strdup($0) } + [nil]
        let environmentPointers = surroundings.map { strdup($0) } + [nil]
        defer { for pointer in argumentPointers + environmentPointers { free(pointer) } }
        let error = posix_spawn(&process, "/bin/sh", &actions, &attributes, argumentPointers, environmentPointers)
        return error == 0 ? (process, "") : (nil, String(cString: strerror(error)))
    }
}

/// Whether a run is to be given up.
private final class Cancelled: Sendable {
    private let flag = Atomic(false)
    var isSet: Bool { flag.load(ordering: .relaxed) }
    func set() { flag.store(true, ordering: .relaxed) }
}
