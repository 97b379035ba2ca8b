extension EvaluationPlan {
    static func seeds(_ fields: inout JobFields, _ key: String, prefix: String) throws(LineFault) -> [UInt64]? {
        guard let node = fields.node(key) else { return nil }
        if case .array(let elements) = node.value, !elements.isEmpty {
            var seeds: [UInt64] = []
            for element in elements {
                guard case .number(let digits) = element.value, let seed = UInt64(digits) else {
                    throw LineFault(prefix + key, expected: "whole numbers, 0 or more", got: element)
                }
                seeds.append(seed)
            }
            guard Set(seeds).count == seeds.count else { throw LineFault(prefix + key, "a seed is there twice") }
            return seeds
        }
        throw LineFault(prefix + key, expected: "an array of seeds", got: node)
    }

    static func params(
        _ fields: inout JobFields, _ key: String
    ) throws(LineFault) -> [(name: String, value: String)] {
        guard let part = try fields.object(key), case .object(let members) = part.node.value else { return [] }
        return members.map { ($0.name, CanonicalJSON.text($0.node)) }
    }

    static func names(_ fields: inout JobFields, _ key: String) throws(LineFault) -> [String] {
        guard let node = fields.node(key) else { return [] }
        return try names(node, key)
    }

    private static func names(_ node: JSONNode, _ key: String) throws(LineFault) -> [String] {
        guard case .array(let elements) = node.value, elements.allSatisfy({ $0.string != nil }) else {
            throw LineFault(key, expected: "an array of names of variants", got: node)
        }
        return elements.compactMap(\.string)
    }

    static func comparisons(_ fields: inout JobFields) throws(LineFault) -> [[String]] {
        guard let node = fields.node("comparisons") else { return [] }
        guard case .array(let elements) = node.value else {
            throw LineFault("comparisons", expected: "an array of arrays of names", got: node)
        }
        var lists: [[String]] = []
        for (index, element) in elements.enumerated() {
            let list = try names(element, "comparisons[\(index)]")
            if list.count < 2 { throw LineFault("comparisons[\(index)]", "expected two names or more") }
            lists.append(list)
        }
        return lists
    }

    private static func fields(_ node: JSONNode, _ bytes: [UInt8], _ prefix: String) -> JobFields {
        guard case .object(let members) = node.value else { return JobFields([], line: bytes, prefix: prefix) }
        return JobFields(members, line: bytes, prefix: prefix)
    }

    static func timing(_ all: inout JobFields, _ bytes: [UInt8], seeds: [UInt64]) throws(LineFault) -> [Timing] {
        guard let node = all.node("timing") else { return [] }
        guard case .array(let elements) = node.value else {
            throw LineFault("timing", expected: "an array of objects with in_flight and problems", got: node)
        }
        var groups: [Timing] = []
        for (index, element) in elements.enumerated() {
            let place = "timing[\(index)]."
            var part = fields(element, bytes, place)
            guard let inFlight = try part.integer("in_flight", in: 1...4096) else {
                throw LineFault(place + "in_flight", "expected how many jobs are in flight, got nothing")
            }
            guard let problems = try part.integer("problems", in: 1...100_000_000) else {
                throw LineFault(place + "problems", "expected how many problems of each data set, got nothing")
            }
            let own = try Self.seeds(&part, "seeds", prefix: place) ?? Array(seeds.prefix(1))
            try part.finish()
            if groups.contains(where: { $0.inFlight == inFlight }) {
                throw LineFault(place + "in_flight", "there is another group with \(inFlight)")
            }
            groups.append(Timing(inFlight: inFlight, problems: problems, seeds: own))
        }
        return groups
    }

    static func bootstrap(_ node: JSONNode, _ bytes: [UInt8]) throws(LineFault) -> Bootstrap {
        var part = fields(node, bytes, "bootstrap.")
        var bootstrap = Bootstrap()
        bootstrap.rounds = try part.integer("rounds", in: 100...1_000_000) ?? bootstrap.rounds
        bootstrap.seed = try part.seed("seed") ?? bootstrap.seed
        try part.finish()
        return bootstrap
    }

    static func datasets(
        _ node: JSONNode, _ bytes: [UInt8], resolved: (String) -> String
    ) throws(LineFault) -> [DatasetSource] {
        guard case .object(let members) = node.value else { return [] }
        var sources: [DatasetSource] = []
        for (name, value) in members {
            if let path = value.string {
                sources.append(DatasetSource(name: name, path: resolved(path), limit: nil, params: []))
                continue
            }
            guard case .object = value.value else {
                throw LineFault("datasets.\(name)", expected: "a file, or an object with path", got: value)
            }
            var part = fields(value, bytes, "datasets.\(name).")
            guard let path = try part.text("path") else {
                throw LineFault("datasets.\(name).path", "expected a file, got nothing")
            }
            var layout = DatasetLayout.glimpq
            if let wanted = try part.text("layout") {
                guard let known = DatasetLayout(rawValue: wanted) else {
                    throw LineFault(
                        "datasets.\(name).layout",
                        "expected one of \(DatasetLayout.names), got \(wanted.debugDescription)")
                }
                layout = known
            }
            sources.append(
                DatasetSource(
                    name: name, path: resolved(path), layout: layout,
                    limit: try part.integer("limit", in: 1...100_000_000), calibration: try part.text("calibration"),
                    params: try params(&part, "params")))
            try part.finish()
        }
        return sources
    }

    static func calibration(
        _ node: JSONNode, _ bytes: [UInt8], datasets: [DatasetSource], seeds: [UInt64]
    ) throws(LineFault) -> Calibration {
        var part = fields(node, bytes, "calibration.")
        func source(_ name: String, _ key: String) throws(LineFault) -> DatasetSource {
            guard let dataset = datasets.first(where: { $0.name == name }) else {
                throw LineFault(
                    key, "expected one of \(datasets.map(\.name).joined(separator: ", ")), got \(name.debugDescription)"
                )
            }
            return dataset
        }
        var sources = [try source(part.text("dataset") ?? "", "calibration.dataset")]
        for dataset in datasets {
            guard let name = dataset.calibration, !sources.contains(where: { $0.name == name }) else { continue }
            sources.append(try source(name, "datasets.\(dataset.name).calibration"))
        }
        let calibration = Calibration(
            sources: sources, seeds: try Self.seeds(&part, "seeds", prefix: "calibration.") ?? Array(seeds.prefix(1)),
            tolerance: try part.number("tolerance") ?? 0.005, rounds: try part.integer("rounds", in: 1...100) ?? 14)
        try part.finish()
        return calibration
    }
}
