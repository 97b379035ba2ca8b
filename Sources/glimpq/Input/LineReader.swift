#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Reads a file or standard input line by line, in memory bounded by the longest line allowed.
struct LineReader: ~Copyable {
    /// One line without its end.
    struct Line {
        /// From 1.
        let number: Int
        /// The bytes; empty if the line was too long.
        let bytes: [UInt8]
        /// Whether the line was longer than allowed.
        let isTooLong: Bool
    }

    /// Longest line in bytes.
    static let longestLine = 64 << 20

    /// What messages call the input.
    let name: String
    /// Size of the file in bytes; `nil` for a pipe.
    let size: Int?
    /// Bytes read so far.
    private(set) var bytesRead = 0

    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var start = 0
    private var atEnd = false
    private var lineNumber = 0
    private var chunk = [UInt8](repeating: 0, count: 1 << 18)

    /// Opens a file; `-` is standard input.
    ///
    /// - Throws: ``FileFailure``.
    init(path: String) throws {
        if path == "-" {
            name = "stdin"
            descriptor = 0
        } else {
            name = path
            descriptor = open(path, O_RDONLY)
            if descriptor < 0 { throw FileFailure("cannot open", path: path, error: errno) }
        }
        var information = stat()
        guard fstat(descriptor, &information) == 0 else { throw FileFailure("cannot read", path: path, error: errno) }
        if information.st_mode & S_IFMT == S_IFDIR { throw FileFailure(path: path, reason: "is a folder; name a file") }
        size = information.st_mode & S_IFMT == S_IFREG ? Int(information.st_size) : nil
    }

    deinit {
        if descriptor > 0 { close(descriptor) }
    }

    /// The next line; `nil` at the end. A last line without line feed counts.
    ///
    /// - Throws: ``FileFailure``; ``CommandFailure`` if the text is UTF-16.
    mutating func next() throws -> Line? {
        var searched = start
        var overlong = false
        while true {
            if let end = buffer[searched...].firstIndex(of: 0x0A) {
                let bytes = overlong ? [] : Array(buffer[start..<end])
                start = end + 1
                return line(bytes, isTooLong: overlong)
            }
            if buffer.count - start > Self.longestLine {
                overlong = true
                start = buffer.count
            }
            if atEnd {
                guard overlong || start < buffer.count else { return nil }
                let bytes = Array(buffer[start...])
                start = buffer.count
                return line(bytes, isTooLong: overlong)
            }
            buffer.removeFirst(start)
            start = 0
            searched = buffer.count
            try fill()
        }
    }

    private mutating func line(_ bytes: [UInt8], isTooLong: Bool) -> Line {
        lineNumber += 1
        return Line(number: lineNumber, bytes: bytes, isTooLong: isTooLong)
    }

    private mutating func fill() throws {
        let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        if count < 0 {
            if errno == EINTR { return }
            throw FileFailure("cannot read", path: name, error: errno)
        }
        if count == 0 { atEnd = true }
        let isFirst = bytesRead == 0
        bytesRead += count
        buffer.append(contentsOf: chunk[..<count])
        if isFirst { try dropByteOrderMark() }
    }

    private mutating func dropByteOrderMark() throws {
        if buffer.starts(with: [0xEF, 0xBB, 0xBF]) { buffer.removeFirst(3) }
        if buffer.starts(with: [0xFF, 0xFE]) || buffer.starts(with: [0xFE, 0xFF]) {
            throw CommandFailure(
                .environment, "\(name): the text is UTF-16; convert it with: iconv -f UTF-16 -t UTF-8 \(name)")
        }
    }
}

/// Checks of UTF-8.
enum UTF8Check {
    /// Offset of the first byte that is not part of well-formed UTF-8; `nil` if all is well.
    static func firstFault(_ bytes: [UInt8]) -> Int? {
        if String(validating: bytes, as: UTF8.self) != nil { return nil }
        var iterator = bytes.makeIterator()
        var parser = Unicode.UTF8.ForwardParser()
        var offset = 0
        while true {
            switch parser.parseScalar(from: &iterator) {
            case .valid(let scalar): offset += scalar.count
            case .error: return offset
            case .emptyInput: return nil
            }
        }
    }
}
