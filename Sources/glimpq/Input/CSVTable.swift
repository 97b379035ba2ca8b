/// The records of a CSV file as JSON objects of our own form: the columns bear our keys, `params.tau` and
/// `metadata.source` are members of their objects, and an empty field counts as absent.
struct CSVTable {
    /// What a column holds.
    private enum Column {
        case text(String)
        case number(String)
        case json(String)
        case member(of: String, String)
    }

    private static let texts = [
        "custom_id", "prompt", "strategy", "pair", "reference_answer", "queue", "tenant",
    ]
    private static let numbers = ["seed", "priority", "max_attempts", "timeout"]
    private static let objects = ["params", "metadata"]

    private var columns: [Column] = []
    /// Lines that were read as parts of a record that turned out to be none.
    private var waiting: ArraySlice<Line> = []

    /// Reads the names of the columns.
    ///
    /// - Throws: ``FileFailure``; ``CommandFailure`` if a column has no name, one that we do not know, or one twice.
    init(_ lines: inout LineReader) throws {
        while let record = try record(&lines) {
            if record.isBlank { continue }
            if let fault = record.fault { throw Self.failure(lines.name, record.number, fault.description) }
            var seen: Set<String> = []
            for name in record.fields.map({ String(decoding: $0, as: UTF8.self) }) {
                guard seen.insert(name).inserted else {
                    throw Self.failure(lines.name, record.number, "the column \(name.debugDescription) is there twice")
                }
                guard let column = Self.column(name) else {
                    let known = (Self.texts + ["messages"] + Self.numbers + Self.objects).joined(separator: ", ")
                    throw Self.failure(
                        lines.name, record.number,
                        "unknown column \(name.debugDescription); known are \(known), params.NAME, metadata.NAME")
                }
                columns.append(column)
            }
            return
        }
    }

    private static func failure(_ name: String, _ line: Int, _ reason: String) -> CommandFailure {
        CommandFailure(.environment, "\(name):\(line): \(reason)")
    }

    private static func column(_ name: String) -> Column? {
        if texts.contains(name) { return .text(name) }
        if numbers.contains(name) { return .number(name) }
        if name == "messages" || objects.contains(name) { return .json(name) }
        for object in objects where name.hasPrefix(object + ".") && name.count > object.count + 1 {
            return .member(of: object, String(name.dropFirst(object.count + 1)))
        }
        return nil
    }

    /// The next record; `nil` at the end.
    mutating func next(_ lines: inout LineReader) throws -> JobSource.Item? {
        guard let record = try record(&lines) else { return nil }
        let raw = record.bytes[...]
        func item(_ json: [UInt8], _ fault: LineFault?) -> JobSource.Item {
            JobSource.Item(number: record.number, raw: raw, json: json[...], fault: fault)
        }
        if let fault = record.fault { return item([], fault) }
        if record.isBlank { return item([], nil) }
        if let offset = UTF8Check.firstFault(record.bytes) {
            return item([], JobParser.illFormed(record.bytes, offset))
        }
        guard record.fields.count == columns.count else {
            return item([], LineFault(nil, "expected \(columns.count) fields, got \(record.fields.count)"))
        }
        do throws(LineFault) {
            return item(Array(try json(record.fields).utf8), nil)
        } catch {
            return item([], error)
        }
    }

    /// The record as a JSON object.
    private func json(_ fields: [[UInt8]]) throws(LineFault) -> String {
        var members: [(name: String, value: String)] = []
        var inner: [String: [(name: String, value: String)]] = [:]
        for (column, field) in zip(columns, fields) where !field.isEmpty {
            let text = String(decoding: field, as: UTF8.self)
            switch column {
            case .text(let name): members.append((name, JSONText.string(text)))
            case .number(let name):
                let node = try? JSONReader.parse(field)
                if case .number? = node?.value {
                    members.append((name, text))
                } else {
                    members.append((name, JSONText.string(text)))  // the check of the field says what it expects
                }
            case .json(let name):
                let node: JSONNode
                do { node = try JSONReader.parse(field) } catch { throw LineFault(name, "not JSON: \(error)") }
                guard Self.objects.contains(name) else {
                    members.append((name, text))
                    continue
                }
                guard case .object(let given) = node.value else {
                    throw LineFault(name, expected: "an object", got: node)
                }
                inner[name, default: []] += given.map {
                    ($0.name, String(decoding: field[$0.node.range], as: UTF8.self))
                }
            case .member(let object, let name):
                let isJSON = (try? JSONReader.parse(field)) != nil
                inner[object, default: []].append((name, isJSON ? text : JSONText.string(text)))
            }
        }
        for (name, values) in inner.sorted(by: { $0.key < $1.key }) {
            members.append((name, JSONText.object(values)))
        }
        return JSONText.object(members)
    }

    /// A line that is kept.
    private struct Line {
        let number: Int
        let bytes: [UInt8]
        let isTooLong: Bool
    }

    /// A record as it was read.
    private struct Record {
        let number: Int
        let bytes: [UInt8]
        let fields: [[UInt8]]
        let fault: LineFault?

        var isBlank: Bool { bytes.isEmpty }
    }

    /// Reads lines until they make a record. If they make none, the first alone is at fault, and the others are read
    /// again as if it were not there.
    private mutating func record(_ lines: inout LineReader) throws -> Record? {
        var used: [Line] = []
        var size = 0
        // A record goes on over the end of the line exactly if the quotes so far are odd in number.
        var isOpen = false
        repeat {
            guard let line = try line(&lines) else {
                if used.isEmpty { return nil }
                return broken(used, LineFault(nil, "a quote is not closed before the end of the file"))
            }
            if line.isTooLong { return Record(number: line.number, bytes: [], fields: [], fault: JobSource.tooLong) }
            size += line.bytes.count + 1
            used.append(line)
            if line.bytes.count(where: { $0 == UInt8(ascii: "\"") }) % 2 == 1 { isOpen.toggle() }
            if isOpen && size > LineReader.longestLine {
                return broken(used, LineFault(nil, "a quote is not closed within \(Figures.bytes(size))"))
            }
        } while isOpen
        var bytes = Array(used.map(\.bytes).joined(separator: [0x0A]))
        if bytes.last == 0x0D { bytes.removeLast() }
        let record = CSVRecord(bytes[...])
        if let fault = record.fault { return broken(used, fault) }
        return Record(number: used[0].number, bytes: bytes, fields: record.fields, fault: nil)
    }

    private mutating func broken(_ used: [Line], _ fault: LineFault) -> Record {
        waiting = used.dropFirst() + waiting
        return Record(number: used[0].number, bytes: used[0].bytes, fields: [], fault: fault)
    }

    private mutating func line(_ lines: inout LineReader) throws -> Line? {
        if let line = waiting.popFirst() { return line }
        return try lines.next().map { Line(number: $0.number, bytes: Array($0.bytes), isTooLong: $0.isTooLong) }
    }
}
