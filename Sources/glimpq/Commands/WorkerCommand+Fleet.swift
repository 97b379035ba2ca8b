import Worker

extension WorkerConfiguration {
    /// Takes over the settings of listener and spool.
    ///
    /// - Parameter environment: The process's environment, for places that depend on the user.
    /// - Throws: ``CommandFailure``
    mutating func apply(_ settings: Settings, environment: [String: String]) throws {
        listens = try PoolerMode(settings) == .none
        switch settings.text(.listen) {
        case nil: break
        case "on": listens = true
        case "off": listens = false
        case let text?:
            throw CommandFailure(
                .usage, "setting \(Setting.listen.variable): expected on or off, got \(text.debugDescription)")
        }
        let folder = settings.text(.spool) ?? Self.spoolFolder(environment)
        spool = folder == "off" ? nil : folder
    }

    /// Where a service manager, else the desktop's conventions, want a program to keep its state.
    static func spoolFolder(_ environment: [String: String]) -> String? {
        func folder(_ variable: String) -> String? { environment[variable].flatMap { $0.isEmpty ? nil : $0 } }
        if let state = folder("STATE_DIRECTORY") { return "\(state.prefix { $0 != ":" })/spool" }
        if let state = folder("XDG_STATE_HOME") { return state + "/glimpq/spool" }
        return folder("HOME").map { $0 + "/.local/state/glimpq/spool" }
    }
}
