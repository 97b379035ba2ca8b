/// Problems with reference answers, read from a local file.
struct Dataset: Sendable {
    /// The file's name without folder and ending.
    let name: String
    /// In the order of the file; ids are unique.
    let problems: [Problem]

    /// Reads a file in one of the layouts that benchmarks are published in.
    ///
    /// - Parameters:
    ///   - path: JSON lines, a JSON array, or CSV, also with `.gz` behind; `-` is standard input.
    ///   - layout: Which fields mean what.
    /// - Throws: ``FileFailure``; ``CommandFailure`` naming file, line and field where a problem is incomplete.
    static func read(_ path: String, layout: DatasetLayout) throws -> Dataset {
        var lines = try LineReader(path: path)
        return try read(&lines, path: path, layout: layout)
    }

    /// Reads the rest of an open file.
    static func read(_ lines: inout LineReader, path: String, layout: DatasetLayout) throws -> Dataset {
        let records = try DatasetRecords.read(&lines, path: path)
        var problems: [Problem] = []
        problems.reserveCapacity(records.count)
        var lineOf: [String: Int] = [:]
        for record in records {
            do throws(LineFault) {
                let problem = try layout.problem(record)
                if let first = lineOf.updateValue(record.place, forKey: problem.id) {
                    throw LineFault(
                        nil, "the id \(problem.id.debugDescription) is that of the problem in line \(first)")
                }
                problems.append(problem)
            } catch {
                throw CommandFailure(.environment, "\(path):\(record.place): \(error) (layout \(layout.rawValue))")
            }
        }
        guard !problems.isEmpty else {
            throw CommandFailure(.environment, "\(path): expected problems, got an empty file")
        }
        return Dataset(name: name(of: path), problems: problems)
    }

    private static func name(of path: String) -> String {
        let source = EnqueueRun.source(of: path)
        guard let dot = source.lastIndex(of: "."), dot != source.startIndex else { return source }
        return String(source[..<dot])
    }
}
