import Foundation
import Worker

/// Where a report comes from: what was called, with what, on what, when.
struct EvaluationOrigin {
    /// The command line.
    let command: [String]
    /// What the caller says about the sources.
    let revision: String?
    /// The pool file.
    let pool: String
    /// Names and fingerprints of the models.
    let models: [String]
    /// Name of the pair.
    let pair: String
    /// The command as one would type it.
    var commandLine: String {
        command.enumerated().map { index, word in
            let word = index == 0 ? URL(fileURLWithPath: word).lastPathComponent : word
            let isPlain = word.allSatisfy { $0.isLetter || $0.isNumber || "-_./=:,@%+".contains($0) }
            return isPlain && !word.isEmpty ? word : "'" + word.replacing("'", with: #"'\''"#) + "'"
        }.joined(separator: " ")
    }

    /// The processor and how many of them.
    static var machine: String {
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
        let name =
            line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown processor"
        return "\(ProcessInfo.processInfo.activeProcessorCount) × \(name)"
    }

    /// Names and values for a report that is written now.
    var facts: [(name: String, value: String)] {
        [
            ("command", commandLine),
            ("version", "glimpq \(Product.version)" + (revision.map { ", \($0)" } ?? "")),
            ("model pair", "\(pair) (\(URL(fileURLWithPath: pool).lastPathComponent))"),
        ] + models.map { ("model", $0) } + [
            ("machine", Self.machine), ("reported", Date().formatted(.iso8601)),
        ]
    }

    /// The same for the database.
    var json: String {
        JSONText.object([
            ("command", JSONText.string(commandLine)), ("version", JSONText.string(Product.version)),
            ("revision", revision.map(JSONText.string) ?? "null"), ("pair", JSONText.string(pair)),
            ("models", JSONText.array(models.map(JSONText.string))), ("machine", JSONText.string(Self.machine)),
        ])
    }
}
