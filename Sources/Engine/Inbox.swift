import Dispatch
import Synchronization

/// Commands from any thread to the engine's thread.
final class Inbox: Sendable {
    private struct State {
        var commands: [EngineCommand] = []
        var isClosed = false
        var isSleeping = false
    }

    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)

    /// Hands a command over.
    ///
    /// - Returns: `false` if the engine has shut down and nobody will look at it.
    func post(_ command: EngineCommand) -> Bool {
        let (accepted, mustWake) = state.withLock { state in
            if state.isClosed { return (false, false) }
            state.commands.append(command)
            defer { state.isSleeping = false }
            return (true, state.isSleeping)
        }
        if mustWake { wake.signal() }
        return accepted
    }

    /// Takes all commands, oldest first.
    ///
    /// - Parameter waiting: Whether to sleep until there is one.
    func take(waiting: Bool) -> [EngineCommand] {
        while true {
            let commands = state.withLock { state -> [EngineCommand] in
                if state.commands.isEmpty {
                    state.isSleeping = waiting
                    return []
                }
                defer { state.commands = [] }
                return state.commands
            }
            if !commands.isEmpty || !waiting { return commands }
            wake.wait()
        }
    }

    /// Refuses further commands.
    ///
    /// - Returns: What had been posted and not taken.
    func close() -> [EngineCommand] {
        state.withLock { state in
            state.isClosed = true
            defer { state.commands = [] }
            return state.commands
        }
    }
}
