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
        /// The bytes; empty if the line was too long. A slice of the reader's buffer: keep a copy, not this.
        let bytes: ArraySlice<UInt8>
        /// Whether the line was longer than allowed.
        let isTooLong: Bool
    }

    /// Longest line in bytes.
    static let longestLine = 64 << 20

    /// Bytes read so far.
    private(set) var bytesRead = 0

    private let input: InputFile
    private let interruption: Interruption?
    private var buffer: [UInt8] = []
    private var start = 0
    private var atEnd = false
    private var lineNumber = 0
    private var chunk = [UInt8](repeating: 0, count: 1 << 18)

    /// Opens a file; `-` is standard input, and a name that ends in `.gz` is unpacked.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - interruption: Ends a wait for a pipe.
    /// - Throws: ``FileFailure``.
    init(path: String, interruption: Interruption? = nil) throws {
        input = try InputFile(path: path)
        self.interruption = interruption
    }

    /// What messages call the input.
    var name: String { input.name }
    /// Size of the file in bytes; `nil` for a pipe.
    var size: Int? { input.size }

    /// The next line; `nil` at the end. A last line without line feed counts.
    ///
    /// - Throws: ``FileFailure``; ``CommandFailure`` if the text is UTF-16.
    mutating func next() throws -> Line? {
        var searched = start
        var overlong = false
        while true {
            if let end = lineFeed(from: searched) {
                let range = overlong ? end..<end : start..<end
                start = end + 1
                return line(range, isTooLong: overlong)
            }
            if buffer.count - start > Self.longestLine {
                overlong = true
                start = buffer.count
            }
            if atEnd {
                guard overlong || start < buffer.count else { return nil }
                let range = start..<buffer.count
                start = buffer.count
                return line(range, isTooLong: overlong)
            }
            buffer.removeFirst(start)
            start = 0
            searched = buffer.count
            try fill()
        }
    }

    private func lineFeed(from place: Int) -> Int? {
        buffer.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress, place < bytes.count,
                let found = memchr(base + place, 0x0A, bytes.count - place)
            else { return nil }
            return UnsafeRawPointer(found) - base
        }
    }

    private mutating func line(_ range: Range<Int>, isTooLong: Bool) -> Line {
        lineNumber += 1
        return Line(number: lineNumber, bytes: buffer[range], isTooLong: isTooLong)
    }

    private mutating func fill() throws {
        if size == nil { try waitForInput() }
        let count = chunk.withUnsafeMutableBytes { read(input.descriptor, $0.baseAddress, $0.count) }
        if count < 0 {
            if errno == EINTR { return }
            throw FileFailure("cannot read", path: name, error: errno)
        }
        if count == 0 {
            atEnd = true
            try input.unpacking?.finish()
        }
        let isFirst = bytesRead == 0
        bytesRead += count
        buffer.append(contentsOf: chunk[..<count])
        if isFirst { try dropByteOrderMark() }
    }

    /// Waits for a pipe or a terminal, which may stay silent for ever.
    private func waitForInput() throws {
        while interruption?.isRequested != true {
            var descriptor = pollfd(fd: input.descriptor, events: Int16(POLLIN), revents: 0)
            if poll(&descriptor, 1, 100) != 0 { return }
        }
        throw CancellationError()
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
        if bytes.withUnsafeBytes(isWellFormed) { return nil }
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

    /// Whether all bytes are well-formed UTF-8 (Unicode, table 3-7).
    static func isWellFormed(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var place = 0
        while place < bytes.count {
            if place + 8 <= bytes.count,
                bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
            {
                place += 8
                continue
            }
            let byte = bytes[place]
            place += 1
            if byte < 0x80 { continue }
            let following: Int
            var second: ClosedRange<UInt8> = 0x80...0xBF
            switch byte {
            case 0xC2...0xDF: following = 1
            case 0xE0: (following, second) = (2, 0xA0...0xBF)
            case 0xED: (following, second) = (2, 0x80...0x9F)
            case 0xE1...0xEF: following = 2
            case 0xF0: (following, second) = (3, 0x90...0xBF)
            case 0xF1...0xF3: following = 3
            case 0xF4: (following, second) = (3, 0x80...0x8F)
            default: return false
            }
            guard place + following <= bytes.count, second.contains(bytes[place]) else { return false }
            for offset in 1..<max(following, 1) where !(0x80...0xBF).contains(bytes[place + offset]) { return false }
            place += following
        }
        return true
    }
}
