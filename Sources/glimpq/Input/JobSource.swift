/// Reads the lines of an input as JSON objects, whatever its format.
struct JobSource: ~Copyable {
    /// A line, or several of them where a CSV field has line breaks.
    struct Item {
        /// Number of its first line, from 1.
        let number: Int
        /// What stands in the input, without the line's end.
        let raw: ArraySlice<UInt8>
        /// The JSON object, not yet checked; empty if there is a fault.
        let json: ArraySlice<UInt8>
        /// Why it cannot be a job.
        let fault: LineFault?

        /// Whether there is nothing to see.
        var isBlank: Bool { fault == nil && json.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D } }
    }

    private var lines: LineReader
    private var csv: CSVTable?
    private var dataset: ArraySlice<Problem>?
    private var last: Item?
    private var isRepeating = false

    /// Opens an input.
    ///
    /// - Parameter layout: That of a file of problems, which is read whole; `nil` for a file of jobs.
    /// - Throws: ``FileFailure``; ``CommandFailure`` if the columns of a CSV file are not ours or a problem is incomplete.
    init(path: String, format: InputFormat, layout: DatasetLayout? = nil, interruption: Interruption? = nil) throws {
        var lines = try LineReader(path: path, interruption: interruption)
        dataset = try layout.map { try Dataset.read(&lines, path: path, layout: $0).problems[...] }
        let csv = layout == nil && format == .csv ? try CSVTable(&lines) : nil
        self.lines = lines
        self.csv = csv
    }

    /// What messages call the input.
    var name: String { lines.name }
    /// Size of the file in bytes; `nil` where it is not known.
    var size: Int? { lines.size }
    /// Bytes read so far.
    var bytesRead: Int { lines.bytesRead }

    /// The next line; `nil` at the end.
    ///
    /// - Throws: ``FileFailure``, ``CommandFailure``.
    mutating func next() throws -> Item? {
        if isRepeating {
            isRepeating = false
            return last
        }
        last = nil  // lets go of the buffer before the reader changes it
        last = try read()
        return last
    }

    /// Lets ``next()`` give the last item once more.
    mutating func stepBack() { isRepeating = last != nil }

    private mutating func read() throws -> Item? {
        if dataset != nil {
            guard let problem = dataset?.popFirst() else { return nil }
            let line = Array(problem.line.utf8)[...]
            return Item(number: problem.place, raw: line, json: line, fault: nil)
        }
        if csv != nil { return try csv?.next(&lines) }
        guard let line = try lines.next() else { return nil }
        if line.isTooLong {
            return Item(number: line.number, raw: [], json: [], fault: Self.tooLong)
        }
        let bytes = line.bytes.last == 0x0D ? line.bytes.dropLast() : line.bytes
        return Item(number: line.number, raw: bytes, json: bytes, fault: nil)
    }

    static let tooLong = LineFault(nil, "the line is longer than \(Figures.bytes(LineReader.longestLine))")
}
