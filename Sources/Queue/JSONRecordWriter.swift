/// Writes a JSON array of flat objects; a member without a value is left out.
struct JSONRecordWriter {
    private var bytes = [UInt8(ascii: "[")]
    private var isFirstRecord = true
    private var isFirstMember = true

    /// Makes room for so many bytes.
    mutating func reserve(_ count: Int) { bytes.reserveCapacity(count) }

    /// Begins an object.
    mutating func beginRecord() {
        if !isFirstRecord { bytes.append(UInt8(ascii: ",")) }
        isFirstRecord = false
        isFirstMember = true
        bytes.append(UInt8(ascii: "{"))
    }

    /// Ends it.
    mutating func endRecord() { bytes.append(UInt8(ascii: "}")) }

    /// The whole array.
    consuming func finished() -> String {
        bytes.append(UInt8(ascii: "]"))
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Writes a number. Names are plain identifiers and need no escapes.
    mutating func member(_ name: StaticString, _ value: (some BinaryInteger)?) {
        guard let value else { return }
        begin(name)
        bytes.append(contentsOf: String(value).utf8)
    }

    /// Writes a truth value.
    mutating func member(_ name: StaticString, _ value: Bool?) {
        guard let value else { return }
        begin(name)
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    /// Writes a text.
    mutating func member(_ name: StaticString, _ value: String?) {
        guard var value else { return }
        begin(name)
        bytes.append(UInt8(ascii: "\""))
        value.withUTF8 { text in
            // What needs no escape goes in one piece.
            var start = 0
            for index in text.indices where text[index] < 0x20 || text[index] == 0x22 || text[index] == 0x5C {
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start..<index]))
                escape(text[index])
                start = index + 1
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start...]))
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x22, 0x5C: bytes.append(byte)
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        default:
            let digits = Array("0123456789abcdef".utf8)
            bytes.append(contentsOf: "u00".utf8)
            bytes.append(digits[Int(byte >> 4)])
            bytes.append(digits[Int(byte & 15)])
        }
    }

    private mutating func begin(_ name: StaticString) {
        if !isFirstMember { bytes.append(UInt8(ascii: ",")) }
        isFirstMember = false
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(contentsOf: "\":".utf8)
    }
}
