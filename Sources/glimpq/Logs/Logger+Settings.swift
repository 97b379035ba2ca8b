import Logging

extension Logger {
    /// The logger that the settings ask for; it writes to standard error.
    ///
    /// - Throws: ``CommandFailure`` for an unknown level or format.
    init(label: String, _ settings: Settings) throws {
        func choice<Value: RawRepresentable<String> & CaseIterable>(
            _ setting: Setting, _ name: String, default value: Value
        ) throws -> Value {
            guard let text = settings.text(setting) else { return value }
            guard let chosen = Value(rawValue: text) else {
                let known = Value.allCases.map(\.rawValue).joined(separator: ", ")
                throw CommandFailure(.usage, "\(name): expected one of \(known), got \(text.debugDescription)")
            }
            return chosen
        }
        let level = try choice(.logLevel, "log level", default: Logger.Level.info)
        switch try choice(.logFormat, "log format", default: LogFormat.text) {
        case .text: self.init(label: label) { StreamLogHandler.standardError(label: $0) }
        case .json: self.init(label: label) { JSONLogHandler(label: $0) }
        }
        logLevel = level
    }
}
