/// Finds the parts of a line of our own form without copying any. It accepts less than JSON: what it does not
/// expect, such as exponents, `null` or keys of rare use, makes it give up.
struct UsualLineScanner {
    /// A string's inside.
    struct Text {
        let range: Range<Int>
        let hasEscapes: Bool
    }

    /// Where the parts stand; `nil` for what the line leaves out.
    struct Parts {
        var customID: Text?
        var prompt: Text?
        var messages: Range<Int>?
        var strategy: Text?
        /// Ends where its braces do; whether it is JSON is for somebody else to say.
        var parameters: Range<Int>?
        var seed: Range<Int>?
        var referenceAnswer: Text?
        var metadata: Range<Int>?
    }

    private let bytes: UnsafeRawBufferPointer
    private var place = 0
    private var depth = 0

    /// Starts at the beginning of a line of well-formed UTF-8.
    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The parts; `nil` if the line is not a usual one.
    mutating func parts() -> Parts? {
        var parts = Parts()
        skipSpace()
        guard take("{") else { return nil }
        repeat {
            skipSpace()
            guard let name = string(), !name.hasEscapes else { return nil }
            skipSpace()
            guard take(":") else { return nil }
            skipSpace()
            guard member(name.range, &parts) else { return nil }
            skipSpace()
        } while take(",")
        guard take("}") else { return nil }
        skipSpace()
        guard place == bytes.count, isGood(parts) else { return nil }
        return parts
    }

    private mutating func member(_ name: Range<Int>, _ parts: inout Parts) -> Bool {
        switch name.count {
        case 4 where spells("seed", name) && parts.seed == nil:
            parts.seed = digits(atMost: 18)
            return parts.seed != nil
        case 6 where spells("prompt", name) && parts.prompt == nil:
            parts.prompt = string()
            return parts.prompt != nil
        case 6 where spells("params", name) && parts.parameters == nil:
            parts.parameters = braces()
            return parts.parameters != nil
        case 8 where spells("messages", name) && parts.messages == nil:
            parts.messages = messages()
            return parts.messages != nil
        case 8 where spells("metadata", name) && parts.metadata == nil:
            let start = place
            guard peek == UInt8(ascii: "{"), value() else { return false }
            parts.metadata = start..<place
            return true
        case 8 where spells("strategy", name) && parts.strategy == nil:
            parts.strategy = string()
            return parts.strategy?.hasEscapes == false
        case 9 where spells("custom_id", name) && parts.customID == nil:
            parts.customID = string()
            return parts.customID != nil
        case 16 where spells("reference_answer", name) && parts.referenceAnswer == nil:
            parts.referenceAnswer = string()
            return parts.referenceAnswer != nil
        default: return false
        }
    }

    /// The limits that a short line can still break.
    private func isGood(_ parts: Parts) -> Bool {
        if let id = parts.customID, id.range.isEmpty || id.range.count > 512 { return false }
        if let prompt = parts.prompt {
            return parts.messages == nil && hasVisibleASCII(prompt.range)
        }
        return parts.messages != nil
    }

    /// Whether a string holds a letter, digit or mark of ASCII outside escapes, hence more than white space.
    private func hasVisibleASCII(_ range: Range<Int>) -> Bool {
        var place = range.lowerBound
        while place < range.upperBound {
            let byte = bytes[place]
            if byte == UInt8(ascii: "\\") {
                place += bytes[place + 1] == UInt8(ascii: "u") ? 6 : 2
            } else if (0x21...0x7E).contains(byte) {
                return true
            } else {
                place += 1
            }
        }
        return false
    }

    /// A string with its quotes; escapes are checked, and U+0000 is refused.
    private mutating func string() -> Text? {
        guard take("\"") else { return nil }
        let start = place
        var hasEscapes = false
        while place < bytes.count {
            let byte = bytes[place]
            if byte == UInt8(ascii: "\"") {
                place += 1
                return Text(range: start..<place - 1, hasEscapes: hasEscapes)
            }
            if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                guard escape() else { return nil }
            } else if byte < 0x20 {
                return nil
            } else {
                place += 1
            }
        }
        return nil
    }

    private mutating func escape() -> Bool {
        place += 1
        guard let letter = peek else { return false }
        place += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return true
        case UInt8(ascii: "u"):
            guard let code = hexadecimal(), code != 0 else { return false }
            if (0xD800..<0xDC00).contains(code) {
                guard take("\\"), take("u"), let low = hexadecimal() else { return false }
                return (0xDC00..<0xE000).contains(low)
            }
            return !(0xDC00..<0xE000).contains(code)
        default: return false
        }
    }

    private mutating func hexadecimal() -> UInt32? {
        guard place + 4 <= bytes.count else { return nil }
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Self.digit(bytes[place]) else { return nil }
            code = code << 4 | UInt32(digit)
            place += 1
        }
        return code
    }

    /// The value of a hexadecimal digit.
    static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// A whole number without sign.
    private mutating func digits(atMost limit: Int) -> Range<Int>? {
        let start = place
        while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { place += 1 }
        let count = place - start
        guard count > 0, count <= limit, count == 1 || bytes[start] != UInt8(ascii: "0") else { return nil }
        return start..<place
    }

    /// An object by its braces alone.
    private mutating func braces() -> Range<Int>? {
        guard peek == UInt8(ascii: "{") else { return nil }
        let start = place
        var open = 0
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "{"): open += 1
            case UInt8(ascii: "}"): open -= 1
            case UInt8(ascii: "\""):
                guard string() != nil else { return nil }
                continue
            default: break
            }
            place += 1
            if open == 0 { return start..<place }
        }
        return nil
    }

    /// An array of turns of exactly a role and a content.
    private mutating func messages() -> Range<Int>? {
        let start = place
        guard take("[") else { return nil }
        repeat {
            skipSpace()
            guard take("{") else { return nil }
            var (hasRole, hasContent) = (false, false)
            repeat {
                skipSpace()
                guard let name = string() else { return nil }
                skipSpace()
                guard take(":") else { return nil }
                skipSpace()
                guard let text = string() else { return nil }
                if spells("role", name.range), !hasRole {
                    guard isRole(text.range) else { return nil }
                    hasRole = true
                } else if spells("content", name.range), !hasContent {
                    hasContent = true
                } else {
                    return nil
                }
                skipSpace()
            } while take(",")
            guard take("}"), hasRole, hasContent else { return nil }
            skipSpace()
        } while take(",")
        guard take("]") else { return nil }
        return start..<place
    }

    private func isRole(_ range: Range<Int>) -> Bool {
        spells("user", range) || spells("assistant", range) || spells("system", range)
    }

    /// Any value without exponents, deep nesting and large objects.
    private mutating func value() -> Bool {
        guard let byte = peek else { return false }
        switch byte {
        case UInt8(ascii: "\""): return string() != nil
        case UInt8(ascii: "{"): return object()
        case UInt8(ascii: "["): return array()
        case UInt8(ascii: "t"): return word("true")
        case UInt8(ascii: "f"): return word("false")
        case UInt8(ascii: "n"): return word("null")
        default:
            _ = take("-")
            guard digits(atMost: 100) != nil else { return false }
            if take(".") {
                let start = place
                while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { place += 1 }
                guard place > start, place - start <= 100 else { return false }
            }
            return peek != UInt8(ascii: "e") && peek != UInt8(ascii: "E")
        }
    }

    private mutating func object() -> Bool {
        depth += 1
        place += 1
        guard depth <= 8 else { return false }
        skipSpace()
        if take("}") {
            depth -= 1
            return true
        }
        var names: [Range<Int>] = []
        repeat {
            skipSpace()
            guard let name = string(), !name.hasEscapes, names.count < 32 else { return false }
            for known in names where known.count == name.range.count {
                if bytes[known].elementsEqual(bytes[name.range]) { return false }
            }
            names.append(name.range)
            skipSpace()
            guard take(":") else { return false }
            skipSpace()
            guard value() else { return false }
            skipSpace()
        } while take(",")
        depth -= 1
        return take("}")
    }

    private mutating func array() -> Bool {
        depth += 1
        place += 1
        guard depth <= 8 else { return false }
        skipSpace()
        if take("]") {
            depth -= 1
            return true
        }
        repeat {
            skipSpace()
            guard value() else { return false }
            skipSpace()
        } while take(",")
        depth -= 1
        return take("]")
    }

    private mutating func word(_ spelling: StaticString) -> Bool {
        guard place + spelling.utf8CodeUnitCount <= bytes.count else { return false }
        guard spells(spelling, place..<place + spelling.utf8CodeUnitCount) else { return false }
        place += spelling.utf8CodeUnitCount
        return true
    }

    private func spells(_ text: StaticString, _ range: Range<Int>) -> Bool {
        guard text.utf8CodeUnitCount == range.count else { return false }
        return text.withUTF8Buffer { UnsafeRawBufferPointer($0).elementsEqual(bytes[range]) }
    }

    private var peek: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peek == UInt8(ascii: character) else { return false }
        place += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A { place += 1 }
    }

}
