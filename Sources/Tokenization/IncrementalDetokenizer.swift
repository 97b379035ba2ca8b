/// Turns a stream of tokens into text as it grows. Never gives out half a character: the bytes of an unfinished one
/// wait for the next token. All pieces joined equal the decoding of all bytes at once.
public struct IncrementalDetokenizer: Sendable {
    private var pending: [UInt8] = []

    /// Starts with no bytes.
    public init() {}

    /// Adds the bytes of the next token and returns the text that is now complete; ill-formed bytes become U+FFFD.
    public mutating func append(_ bytes: some Sequence<UInt8>) -> String {
        pending.append(contentsOf: bytes)
        let complete = pending.count - Self.unfinishedSuffix(of: pending)
        defer { pending.removeFirst(complete) }
        return String(decoding: pending[..<complete], as: UTF8.self)
    }

    /// Ends the stream and returns what was still waiting, as U+FFFD.
    public mutating func finish() -> String {
        defer { pending.removeAll() }
        return String(decoding: pending, as: UTF8.self)
    }

    /// Number of bytes at the end that begin a character and could still become one: 0 to 3.
    private static func unfinishedSuffix(of bytes: [UInt8]) -> Int {
        for length in 1...3 where length <= bytes.count {
            let lead = bytes[bytes.count - length]
            switch lead {
            case 0x80..<0xC0: continue
            case 0xC2..<0xF5:
                let needed = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
                guard length < needed else { return 0 }
                return length == 1 || isPossible(lead: lead, second: bytes[bytes.count - length + 1]) ? length : 0
            default: return 0
            }
        }
        return 0
    }

    /// Whether a well-formed character can begin with these two bytes (Unicode, table 3-7).
    private static func isPossible(lead: UInt8, second: UInt8) -> Bool {
        switch lead {
        case 0xE0: (0xA0..<0xC0).contains(second)
        case 0xED: (0x80..<0xA0).contains(second)
        case 0xF0: (0x90..<0xC0).contains(second)
        case 0xF4: (0x80..<0x90).contains(second)
        default: (0x80..<0xC0).contains(second)
        }
    }
}
