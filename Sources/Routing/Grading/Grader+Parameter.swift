extension Grader {
    /// The kinds, by name.
    private static let table:
        [(name: String, make: @Sendable (inout ParameterReader) throws(SpecificationError) -> Grader)] = [
            ("exact", { _ in .exact }), ("boxed", { _ in .boxed }), ("numeric", numeric), ("math", math),
            ("choice", { _ in .choice }), ("regex", regex), ("code", { _ in .code }),
        ]

    /// Names of the kinds.
    public static var names: [String] { table.map(\.name) }

    /// A grader from the parameter `grader`: the name of a kind, or an object with `kind` and its options, for example
    /// `{"kind": "numeric", "tolerance": 1e-6}`.
    ///
    /// - Throws: `SpecificationError` under `parameters.grader` or a key below it.
    init(_ value: JSONValue) throws(SpecificationError) {
        var options: ParameterReader
        let name: String
        switch value {
        case .string(let text):
            name = text
            options = ParameterReader(members: [:], path: "parameters.grader")
        case .object(var members):
            guard case .string(let kind)? = members.removeValue(forKey: "kind") else {
                throw Self.unknown(members["kind"] ?? value, key: "parameters.grader.kind")
            }
            name = kind
            options = ParameterReader(members: members, path: "parameters.grader")
        default: throw Self.unknown(value, key: "parameters.grader")
        }
        guard let entry = Self.table.first(where: { $0.name == name }) else {
            throw Self.unknown(.string(name), key: "parameters.grader")
        }
        self = try entry.make(&options)
        try options.finish(of: "grader \(name)")
    }

    private static func unknown(_ value: JSONValue, key: String) -> SpecificationError {
        SpecificationError(
            key: key,
            expected: "one of \(names.map(\.debugDescription).joined(separator: ", ")), alone or as kind in an object",
            got: value.shown)
    }

    private static func numeric(_ reader: inout ParameterReader) throws(SpecificationError) -> Grader {
        .numeric(
            NumericTolerance(
                relative: try tolerance("tolerance", &reader) ?? NumericTolerance.standard.relative,
                absolute: try tolerance("absolute_tolerance", &reader) ?? NumericTolerance.standard.absolute))
    }

    private static func math(_ reader: inout ParameterReader) throws(SpecificationError) -> Grader {
        .math(tolerance: try tolerance("tolerance", &reader) ?? defaultMathTolerance)
    }

    private static func regex(_ reader: inout ParameterReader) throws(SpecificationError) -> Grader {
        .regex(
            isWhole: try reader.flag("whole") ?? false, ignoresCase: try reader.flag("ignore_case") ?? false)
    }

    private static func tolerance(
        _ key: String, _ reader: inout ParameterReader
    ) throws(SpecificationError) -> Double? {
        try reader.number(key, expected: "a number in 0...1e6") { (0...1e6).contains($0) }
    }
}
