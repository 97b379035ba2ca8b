/// What one check of `doctor` found.
struct Finding: Equatable {
    /// How bad it is.
    enum Grade: String {
        case ok
        case warning
        case broken
    }

    /// What was looked at, e.g. `database version`.
    let name: String
    /// How bad it is.
    let grade: Grade
    /// What was found.
    let found: String
    /// From where on there is a fault, where that is a matter of degree.
    let limit: String?
    /// What to do about it.
    let remedy: String?

    /// All is well.
    init(_ name: String, _ found: String, limit: String? = nil) { self.init(name, .ok, found, limit: limit) }

    init(_ name: String, _ grade: Grade, _ found: String, limit: String? = nil, remedy: String? = nil) {
        self.name = name
        self.grade = grade
        self.found = found
        self.limit = limit
        self.remedy = remedy
    }

    /// One or two lines.
    func text(_ palette: Palette) -> String {
        let sign =
            switch grade {
            case .ok: palette.good("ok     ")
            case .warning: palette.large("warning")
            case .broken: palette.bad("BROKEN ")
            }
        let padding = String(repeating: " ", count: max(0, 36 - name.count))
        let bound = grade == .ok ? "" : limit.map { " (limit: \($0))" } ?? ""
        return "\(sign)  \(name)\(padding)  \(found)\(bound)"
            + (remedy.map { "\n" + String(repeating: " ", count: 47) + "→ \($0)" } ?? "")
    }

    /// One object.
    var json: String {
        JSONText.object([
            ("check", JSONText.string(name)), ("grade", JSONText.string(grade.rawValue)),
            ("found", JSONText.string(found)), ("limit", limit.map(JSONText.string) ?? "null"),
            ("remedy", remedy.map(JSONText.string) ?? "null"),
        ])
    }
}
