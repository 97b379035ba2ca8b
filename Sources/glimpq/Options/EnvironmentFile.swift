/// A configuration file: lines of `NAME=value`, comments after `#` at the start of a line, values optionally in quotes.
/// The same file serves systemd (`EnvironmentFile=`) and containers (`--env-file`).
struct EnvironmentFile {
    /// The values by name.
    let values: [String: String]

    /// Reads the text of a file.
    ///
    /// - Parameters:
    ///   - text: The contents.
    ///   - path: Named in messages.
    /// - Throws: ``CommandFailure`` with file and line for anything that is not a known setting.
    init(_ text: String, path: String) throws {
        var values: [String: String] = [:]
        let known = Set(Setting.allCases.map(\.variable))
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let content = line.trimmed
            if content.isEmpty || content.first == "#" { continue }
            let place = "\(path):\(index + 1)"
            guard let equals = content.firstIndex(of: "=") else {
                throw CommandFailure(
                    .environment, "\(place): expected NAME=value, got \(String(content).debugDescription)")
            }
            let name = String(content[..<equals].trimmed)
            guard known.contains(name) else {
                let names = known.sorted().joined(separator: ", ")
                throw CommandFailure(.environment, "\(place): expected one of \(names), got \(name.debugDescription)")
            }
            guard values[name] == nil else { throw CommandFailure(.environment, "\(place): \(name) is set twice") }
            values[name] = Self.unquoted(content[content.index(after: equals)...].trimmed)
        }
        self.values = values
    }

    private static func unquoted(_ text: Substring) -> String {
        for quote in ["\"", "'"] where text.count >= 2 && text.hasPrefix(quote) && text.hasSuffix(quote) {
            return String(text.dropFirst().dropLast())
        }
        return String(text)
    }
}

extension Substring {
    /// Without white space at both ends.
    var trimmed: Substring {
        let start = drop { $0.isWhitespace }
        guard let end = start.lastIndex(where: { !$0.isWhitespace }) else { return start }
        return start[...end]
    }
}
