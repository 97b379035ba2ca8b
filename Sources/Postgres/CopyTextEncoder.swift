/// Writes rows in the text format of COPY: columns separated by tabs, `\N` for NULL, backslash escapes.
public struct CopyTextEncoder: Sendable {
    /// What was written and not yet taken.
    public private(set) var bytes: [UInt8] = []
    private var isFirstColumn = true

    /// Creates an encoder.
    public init() {}

    /// Appends a column; `nil` is NULL.
    public mutating func append(_ value: String?) {
        if isFirstColumn { isFirstColumn = false } else { bytes.append(UInt8(ascii: "\t")) }
        guard let value else {
            bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "N")])
            return
        }
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes.append(contentsOf: [byte, byte])
            case UInt8(ascii: "\n"): bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "n")])
            case UInt8(ascii: "\r"): bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "r")])
            case UInt8(ascii: "\t"): bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "t")])
            default: bytes.append(byte)
            }
        }
    }

    /// Ends the row.
    public mutating func endRow() {
        bytes.append(UInt8(ascii: "\n"))
        isFirstColumn = true
    }

    /// Hands over what was written and starts anew.
    public mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }
}
