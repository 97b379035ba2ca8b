import FoundationEssentials
import Logging

/// Writes one JSON object per line: `time` (RFC 3339, UTC, milliseconds), `level`, `message`, `label`, then the metadata
/// by name. The numbers of jobs, epochs, workers and batches are numbers, everything else is text.
struct JSONLogHandler: LogHandler {
    /// Names whose values are whole numbers.
    private static let numbers: Set<String> = ["job", "epoch", "worker", "batch"]
    /// Names that the line has anyway; metadata of the same name gets an underscore.
    private static let reserved: Set<String> = ["time", "level", "message", "label"]

    let label: String
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    private let write: @Sendable (String) -> Void

    /// Creates a handler that writes to standard error.
    init(label: String) {
        self.init(label: label) { line in try? ByteSink.standardError.write(line: line) }
    }

    /// Creates a handler.
    ///
    /// - Parameter write: Takes one line without its end.
    init(label: String, write: @escaping @Sendable (String) -> Void) {
        self.label = label
        self.write = write
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let provided = metadataProvider?.get() ?? [:]
        let all = metadata.merging(provided) { $1 }.merging(event.metadata ?? [:]) { $1 }
        write(Self.line(event.level, "\(event.message)", label: label, all, at: Date()))
    }

    /// The line of an event.
    static func line(
        _ level: Logger.Level, _ message: String, label: String, _ metadata: Logger.Metadata, at date: Date
    ) -> String {
        let time = date.formatted(.iso8601.year().month().day().time(includingFractionalSeconds: true))
        var members = [
            ("time", JSONText.string(time + "Z")), ("level", JSONText.string(level.rawValue)),
            ("message", JSONText.string(message)), ("label", JSONText.string(label)),
        ]
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            let text = "\(value)"
            let isNumber = numbers.contains(key) && Int64(text).map { "\($0)" == text } ?? false
            members.append((reserved.contains(key) ? "_" + key : key, isNumber ? text : JSONText.string(text)))
        }
        return JSONText.object(members)
    }
}
