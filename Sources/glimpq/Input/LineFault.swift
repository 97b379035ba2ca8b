/// Why a line of input is refused.
struct LineFault: Error, Hashable, CustomStringConvertible {
    /// JSON path or column; `nil` if the line as a whole is at fault.
    let path: String?
    /// What was expected and what was there.
    let reason: String

    init(_ path: String?, _ reason: String) {
        self.path = path
        self.reason = reason
    }

    init(_ path: String, expected: String, got: JSONNode?) {
        self.init(path, "expected \(expected), got \(got?.shown ?? "nothing")")
    }

    /// Path and reason.
    var description: String { (path.map { $0 + ": " } ?? "") + reason }
}
