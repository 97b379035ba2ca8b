/// Reads the records of a problem file: JSON lines, one JSON array, or CSV under a row of names.
enum DatasetRecords {
    /// All records in the order of the file.
    ///
    /// - Throws: ``FileFailure``; ``CommandFailure`` naming file and line.
    static func read(_ lines: inout LineReader, path: String) throws -> [DatasetRecord] {
        var name = path[...]
        if name.hasSuffix(".gz") { name = name.dropLast(3) }
        if name.hasSuffix(".parquet") { throw parquet(path) }
        if name.hasSuffix(".csv") { return try table(&lines) }
        return try json(&lines, path: path)
    }

    /// Parquet needs a library of its own; the data sets' usual tools convert it in a line.
    private static func parquet(_ path: String) -> CommandFailure {
        let target = path.replacing(".parquet", with: ".jsonl")
        return CommandFailure(
            .environment,
            "\(path): Parquet is not read; convert the file first (needs pandas and pyarrow): python3 -c \"import pandas; "
                + "pandas.read_parquet('\(path)').to_json('\(target)', orient='records', lines=True)\"")
    }

    private static func json(_ lines: inout LineReader, path: String) throws -> [DatasetRecord] {
        var records: [DatasetRecord] = []
        while let line = try lines.next() {
            if line.isTooLong { throw fault(path, line.number, JobSource.tooLong) }
            let bytes = Array(line.bytes)
            guard let first = bytes.first(where: { !isSpace($0) }) else { continue }
            if records.isEmpty {
                if bytes.starts(with: "PAR1".utf8) { throw parquet(path) }
                if first == UInt8(ascii: "[") { return try array(bytes, &lines, path: path, line: line.number) }
            }
            records.append(try record(bytes, place: line.number, path: path))
        }
        return records
    }

    private static func record(_ bytes: [UInt8], place: Int, path: String) throws -> DatasetRecord {
        let node = try parse(bytes, path: path, line: place)
        guard case .object(let members) = node.value else {
            throw fault(path, place, LineFault(nil, "expected a JSON object, got \(node.shown)"))
        }
        return DatasetRecord(place: place, members: members, in: bytes)
    }

    /// One array over any number of lines.
    private static func array(
        _ start: [UInt8], _ lines: inout LineReader, path: String, line: Int
    ) throws -> [DatasetRecord] {
        var bytes = start
        while let next = try lines.next() {
            if next.isTooLong { throw fault(path, next.number, JobSource.tooLong) }
            bytes.append(0x0A)
            bytes += next.bytes
        }
        let node = try parse(bytes, path: path, line: line)
        guard case .array(let elements) = node.value else { return [] }
        return try elements.enumerated().map { index, element in
            guard case .object(let members) = element.value else {
                throw fault(path, index + 1, LineFault(nil, "expected an object in the array, got \(element.shown)"))
            }
            return DatasetRecord(place: index + 1, members: members, in: bytes)
        }
    }

    private static func parse(_ bytes: [UInt8], path: String, line: Int) throws -> JSONNode {
        if let offset = UTF8Check.firstFault(bytes) { throw fault(path, line, JobParser.illFormed(bytes, offset)) }
        do throws(JSONSyntaxError) {
            return try JSONReader.parse(bytes)
        } catch {
            throw fault(path, line, LineFault(nil, "not JSON: \(error)"))
        }
    }

    /// Records over several lines where quoted fields hold line breaks; the first names the columns.
    private static func table(_ lines: inout LineReader) throws -> [DatasetRecord] {
        let path = lines.name
        var columns: [String]?
        var records: [DatasetRecord] = []
        var open: [UInt8] = []
        var start = 0
        while let line = try lines.next() {
            if line.isTooLong || open.count > LineReader.longestLine {
                throw fault(path, line.number, JobSource.tooLong)
            }
            if open.isEmpty { start = line.number } else { open.append(0x0A) }
            open += line.bytes
            // A record goes on over the end of the line exactly if the quotes so far are odd in number.
            if open.count(where: { $0 == UInt8(ascii: "\"") }) % 2 == 1 { continue }
            if open.last == 0x0D { open.removeLast() }
            defer { open.removeAll(keepingCapacity: true) }
            if open.allSatisfy(isSpace) { continue }
            if let offset = UTF8Check.firstFault(open) { throw fault(path, start, JobParser.illFormed(open, offset)) }
            let record = CSVRecord(open[...])
            if let failure = record.fault { throw fault(path, start, failure) }
            let fields = record.fields.map { String(decoding: $0, as: UTF8.self) }
            guard let known = columns else {
                columns = fields
                continue
            }
            guard fields.count == known.count else {
                throw fault(path, start, LineFault(nil, "expected \(known.count) fields, got \(fields.count)"))
            }
            records.append(DatasetRecord(place: start, columns: known, fields: fields))
        }
        guard open.isEmpty else {
            throw fault(path, start, LineFault(nil, "a quote is not closed before the end of the file"))
        }
        return records
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A
    }

    private static func fault(_ path: String, _ line: Int, _ fault: LineFault) -> CommandFailure {
        CommandFailure(.environment, "\(path):\(line): \(fault)")
    }
}
