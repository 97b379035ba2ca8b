import Foundation

extension EvaluationPlan {
    /// Reads a plan.
    ///
    /// - Parameter path: A JSON file; paths in it begin at its folder.
    /// - Throws: ``CommandFailure`` naming the file and the key, or the line and column of what is no JSON.
    init(path: String) throws {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw CommandFailure(.environment, "\(path): cannot be read: \(error.localizedDescription)")
        }
        let bytes = [UInt8](data)
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        do {
            try self.init(try JSONReader.parse(bytes), bytes: bytes, folder: folder)
        } catch let error as JSONSyntaxError {
            let line = bytes.prefix(error.offset).count { $0 == 0x0A } + 1
            let column = error.offset - (bytes.prefix(error.offset).lastIndex(of: 0x0A) ?? -1)
            throw CommandFailure(.usage, "\(path):\(line):\(column): \(error.reason)")
        } catch let fault as LineFault {
            throw CommandFailure(.usage, "\(path): \(fault)")
        }
        if name.isEmpty { name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent }
    }

    init(_ node: JSONNode, bytes: [UInt8], folder: URL) throws {
        guard case .object(let members) = node.value else {
            throw LineFault(nil, "expected a JSON object, got \(node.shown)")
        }
        func resolved(_ path: String) -> String {
            URL(fileURLWithPath: path, relativeTo: folder).standardizedFileURL.path
        }
        var fields = JobFields(members, line: bytes)
        name = try fields.text("name") ?? ""
        _ = fields.node("note")
        models = try fields.text("models").map(resolved)
        pair = try fields.text("pair")
        queue = try fields.text("queue") ?? queue
        threads = try fields.integer("threads", in: 1...1024)
        inFlight = try fields.integer("in_flight", in: 1...4096) ?? inFlight
        baseline = try fields.text("baseline") ?? baseline
        seeds = try Self.seeds(&fields, "seeds", prefix: "") ?? seeds
        params = try Self.params(&fields, "params")
        timing = try Self.timing(&fields, bytes, seeds: seeds)
        if let part = try fields.object("bootstrap") { bootstrap = try Self.bootstrap(part.node, bytes) }
        guard let sets = try fields.object("datasets") else {
            throw LineFault("datasets", "expected an object of name and file, got nothing")
        }
        let all = try Self.datasets(sets.node, bytes, resolved: resolved)
        datasets = all
        if let part = try fields.object("calibration") {
            let calibration = try Self.calibration(part.node, bytes, datasets: all, seeds: seeds)
            self.calibration = calibration
            datasets.removeAll { dataset in calibration.sources.contains { $0.name == dataset.name } }
        } else if let dataset = all.first(where: { $0.calibration != nil }) {
            throw LineFault(
                "datasets.\(dataset.name).calibration", "needs calibration.dataset, which says how thresholds are found"
            )
        }
        variants = try Self.variants(&fields, bytes, hasCalibration: calibration != nil)
        signals = try Self.names(&fields, "signals")
        comparisons = try Self.comparisons(&fields)
        try fields.finish()
        try check()
    }

    /// What only shows when the parts are together.
    private func check() throws(LineFault) {
        if datasets.isEmpty { throw LineFault("datasets", "expected at least one beside that of the calibration") }
        if variants.isEmpty { throw LineFault("variants", "expected at least one") }
        var known: Set<String> = []
        for variant in variants where !known.insert(variant.name).inserted {
            throw LineFault(
                variant.place, "another variant is named \(variant.name.debugDescription); give one of them a name")
        }
        func require(_ name: String, _ key: String) throws(LineFault) {
            guard known.contains(name) else {
                throw LineFault(
                    key,
                    "expected the name of a variant, got \(name.debugDescription); there are: "
                        + variants.map(\.name).joined(separator: ", "))
            }
        }
        if known.contains(where: { $0 == baseline }) == false { try require(baseline, "baseline") }
        for name in signals { try require(name, "signals") }
        for (index, list) in comparisons.enumerated() {
            for name in list { try require(name, "comparisons[\(index)]") }
        }
    }
}
