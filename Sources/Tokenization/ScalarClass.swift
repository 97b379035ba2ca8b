/// What the split patterns of tokenizers distinguish about a Unicode scalar.
enum ScalarClass: UInt8 {
    /// General category L.
    case letter
    /// General category N.
    case number
    /// U+0020.
    case space
    /// U+000A and U+000D.
    case newline
    /// White_Space apart from the two above.
    case whitespace
    /// Anything else.
    case other

    /// Whether the pattern `\s` matches.
    var isWhitespace: Bool { self == .space || self == .newline || self == .whitespace }

    /// Classes as of this version of Unicode, the one of Hugging Face tokenizers (Oniguruma); letters and numbers that
    /// were assigned later count as `other`, so that token ids do not change with the Swift runtime.
    static let unicodeVersion = 16

    /// The class of a scalar.
    init(_ scalar: Unicode.Scalar) {
        if scalar.isASCII {
            self = Self.ascii[Int(scalar.value)]
        } else {
            self = Self.beyondASCII(scalar)
        }
    }

    private static let ascii: [ScalarClass] = (UInt8(0)..<128).map { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): .letter
        case UInt8(ascii: "0")...UInt8(ascii: "9"): .number
        case 0x20: .space
        case 0x0A, 0x0D: .newline
        case 0x09, 0x0B, 0x0C: .whitespace
        default: .other
        }
    }

    private static func beyondASCII(_ scalar: Unicode.Scalar) -> ScalarClass {
        let properties = scalar.properties
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            return isKnown(properties) ? .letter : .other
        case .decimalNumber, .letterNumber, .otherNumber:
            return isKnown(properties) ? .number : .other
        default: return properties.isWhitespace ? .whitespace : .other
        }
    }

    private static func isKnown(_ properties: Unicode.Scalar.Properties) -> Bool {
        (properties.age?.major ?? .max) <= unicodeVersion
    }
}
