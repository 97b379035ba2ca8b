import Foundation

/// A place in a JSON document, as editors count it.
struct JSONPlace: Equatable, CustomStringConvertible {
    /// From 1.
    let line: Int
    /// In bytes, from 1.
    let column: Int

    var description: String { "line \(line), column \(column)" }

    /// The place of a byte.
    init(offset: Int, in bytes: [UInt8]) {
        let before = bytes.prefix(offset)
        line = before.count { $0 == UInt8(ascii: "\n") } + 1
        column = offset - (before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0) + 1
    }

    /// The place of the key or element that a path leads to, or of the innermost one that is there. The document has to be
    /// sound.
    init(of path: [any CodingKey], in bytes: [UInt8]) {
        var walk = Walk(bytes: bytes)
        self.init(offset: walk.offset(of: path[...]), in: bytes)
    }

    /// Walks through a sound document.
    private struct Walk {
        let bytes: [UInt8]
        private var at = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        mutating func offset(of path: ArraySlice<any CodingKey>) -> Int {
            skipSpace()
            let start = at
            guard let key = path.first, let open = byte else { return start }
            at += 1
            var index = 0
            while open == UInt8(ascii: "{") || open == UInt8(ascii: "[") {
                skipSpace()
                guard let next = byte, next != UInt8(ascii: "}"), next != UInt8(ascii: "]") else { return start }
                let place = at
                var isWanted = key.intValue == index
                if open == UInt8(ascii: "{") {
                    isWanted = string() == key.stringValue
                    skipSpace()
                    at += 1
                }
                if isWanted { return path.count == 1 ? place : offset(of: path.dropFirst()) }
                skipValue()
                skipSpace()
                if byte == UInt8(ascii: ",") { at += 1 }
                index += 1
            }
            return start
        }

        private var byte: UInt8? { at < bytes.count ? bytes[at] : nil }

        private mutating func skipSpace() {
            while let byte, [0x20, 0x09, 0x0a, 0x0d].contains(byte) { at += 1 }
        }

        private mutating func string() -> String {
            let start = at
            at += 1
            while let byte, byte != UInt8(ascii: "\"") { at += byte == UInt8(ascii: "\\") ? 2 : 1 }
            at += 1
            return (try? JSONDecoder().decode(String.self, from: Data(bytes[start..<min(at, bytes.count)]))) ?? ""
        }

        private mutating func skipValue() {
            skipSpace()
            var depth = 0
            while let byte {
                switch byte {
                case UInt8(ascii: "\""): _ = string()
                case UInt8(ascii: "{"), UInt8(ascii: "["):
                    depth += 1
                    at += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    if depth == 0 { return }
                    depth -= 1
                    at += 1
                case UInt8(ascii: ",") where depth == 0: return
                default: at += 1
                }
            }
        }
    }
}
