/// Writes rows in the text format of COPY: columns separated by tabs, `\N` for NULL, backslash escapes.
public struct CopyTextEncoder: Sendable {
    /// What was written and not yet taken.
    public private(set) var bytes: [UInt8] = []
    private var isFirstColumn = true

    /// Creates an encoder.
    public init() {}

    /// Number of bytes that were written and not yet taken.
    public var count: Int { bytes.count }

    /// Appends a column; `nil` is NULL.
    public mutating func append(_ value: String?) {
        beginColumn()
        guard var value else {
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(UInt8(ascii: "N"))
            return
        }
        value.withUTF8 { append(escaping: UnsafeRawBufferPointer($0)) }
    }

    /// Begins a column that the other methods fill.
    public mutating func beginColumn() {
        if isFirstColumn { isFirstColumn = false } else { bytes.append(UInt8(ascii: "\t")) }
    }

    /// Appends text to the column that was begun.
    public mutating func append(escaping text: UnsafeRawBufferPointer) {
        var start = 0
        for place in text.indices {
            let byte = text[place]
            guard byte < 0x0E || byte == UInt8(ascii: "\\"), Self.needsEscape(byte) else { continue }
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[start..<place]))
            append(escaping: byte)
            start = place + 1
        }
        bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[start...]))
    }

    /// Appends a byte of text to the column that was begun.
    public mutating func append(escaping byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\\"): append(escape: byte)
        case UInt8(ascii: "\n"): append(escape: UInt8(ascii: "n"))
        case UInt8(ascii: "\r"): append(escape: UInt8(ascii: "r"))
        case UInt8(ascii: "\t"): append(escape: UInt8(ascii: "t"))
        default: bytes.append(byte)
        }
    }

    /// Appends text without backslashes and control characters, or columns that were escaped before, to the column
    /// that was begun.
    public mutating func append(verbatim text: UnsafeRawBufferPointer) { bytes.append(contentsOf: text) }

    /// Ends the row.
    public mutating func endRow() {
        bytes.append(UInt8(ascii: "\n"))
        isFirstColumn = true
    }

    /// Takes back a row that was begun.
    ///
    /// - Parameter mark: ``count`` at its beginning.
    public mutating func drop(from mark: Int) {
        bytes.removeSubrange(mark...)
        isFirstColumn = true
    }

    /// Hands over what was written and starts anew.
    public mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    private mutating func append(escape letter: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(letter)
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
            || byte == UInt8(ascii: "\t")
    }
}
