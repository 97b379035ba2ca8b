import Postgres
import Queue

/// Encodes the usual line straight from its bytes into a row of COPY: our own form, with keys, parameters and spellings
/// that hold no surprise. Everything else is left to ``JobParser``, which knows all rules and words all refusals.
///
/// A line that this accepts gives the row that the parser would give; the tests compare both on mutated lines.
struct UsualLine {
    /// Strategy and parameters that the parser has found good, and what it made of them.
    fileprivate struct Variant {
        let strategy: [UInt8]?
        let parameters: [UInt8]?
        let hasMessages: Bool
        let hasSeed: Bool
        /// The columns as they are stored.
        let encodedParameters: [UInt8]
        let encodedStrategy: [UInt8]
    }

    /// Longer lines are rare, and have limits to be checked.
    private static let longest = 1 << 16
    private static let mostVariants = 16

    private let encodedPair: [UInt8]
    private let encodedTail: [UInt8]
    private var variants: [Variant] = []

    /// Creates an encoder of lines with these defaults.
    init(defaults: JobDefaults) {
        func column(_ text: String?) -> [UInt8] {
            var encoder = CopyTextEncoder()
            encoder.append(text)
            return encoder.bytes
        }
        encodedPair = column(defaults.pair)
        let model = NewJob()
        encodedTail = Array(
            [
                column(String(defaults.priority)), column(defaults.queue), column(defaults.tenant),
                column(String(model.maximumAttempts)), column(nil),
            ].joined(separator: [0x09]))
    }

    /// Adds the line's job to the rows.
    ///
    /// - Returns: `false` if the line is not a usual one; nothing was added.
    func append(_ line: ArraySlice<UInt8>, to rows: inout JobRows) -> Bool {
        guard line.count <= Self.longest else { return false }
        return line.withUnsafeBytes { bytes in
            guard UTF8Check.isWellFormed(bytes) else { return false }
            var scanner = UsualLineScanner(bytes)
            guard let parts = scanner.parts() else { return false }
            guard let variant = variants.first(where: { $0.fits(parts, bytes) }) else { return false }
            return rows.append { encoder in
                write(parts, bytes, variant, &encoder)
                return true
            }
        }
    }

    /// Remembers what the parser made of a line's strategy and parameters.
    mutating func learn(_ line: ArraySlice<UInt8>, _ job: NewJob) {
        guard variants.count < Self.mostVariants, line.count <= Self.longest else { return }
        line.withUnsafeBytes { bytes in
            var scanner = UsualLineScanner(bytes)
            guard let parts = scanner.parts(), !variants.contains(where: { $0.fits(parts, bytes) }) else { return }
            // Two seeds may agree in this line and not in the next.
            if parts.seed != nil && job.params.contains("\"seed\"") { return }
            var (parameters, strategy) = (CopyTextEncoder(), CopyTextEncoder())
            parameters.append(job.params)
            strategy.append(job.strategy)
            variants.append(
                Variant(
                    strategy: parts.strategy.map { Array(bytes[$0.range]) },
                    parameters: parts.parameters.map { Array(bytes[$0]) }, hasMessages: parts.messages != nil,
                    hasSeed: parts.seed != nil, encodedParameters: parameters.bytes, encodedStrategy: strategy.bytes))
        }
    }

    private func write(
        _ parts: UsualLineScanner.Parts, _ bytes: UnsafeRawBufferPointer, _ variant: Variant,
        _ encoder: inout CopyTextEncoder
    ) {
        func raw(_ range: Range<Int>?) {
            encoder.beginColumn()
            if let range {
                encoder.append(escaping: UnsafeRawBufferPointer(rebasing: bytes[range]))
            } else {
                null()
            }
        }
        func string(_ part: UsualLineScanner.Text?) {
            encoder.beginColumn()
            guard let part else { return null() }
            let text = UnsafeRawBufferPointer(rebasing: bytes[part.range])
            if part.hasEscapes { encoder.append(unescaping: text) } else { encoder.append(verbatim: text) }
        }
        func null() { Self.null.withUnsafeBytes { encoder.append(verbatim: $0) } }
        func encoded(_ column: [UInt8]) {
            encoder.beginColumn()
            column.withUnsafeBytes { encoder.append(verbatim: $0) }
        }
        string(parts.customID)
        string(parts.prompt)
        raw(parts.messages)
        encoded(variant.encodedParameters)
        encoded(encodedPair)
        encoded(variant.encodedStrategy)
        raw(parts.seed)
        string(parts.referenceAnswer)
        raw(parts.metadata)
        encoded(encodedTail)
    }

    private static let null: [UInt8] = Array("\\N".utf8)
}

extension UsualLine.Variant {
    /// Whether a line asks for the same.
    fileprivate func fits(_ parts: UsualLineScanner.Parts, _ bytes: UnsafeRawBufferPointer) -> Bool {
        func same(_ known: [UInt8]?, _ range: Range<Int>?) -> Bool {
            guard let known, let range else { return known == nil && range == nil }
            return known.count == range.count && known.elementsEqual(UnsafeRawBufferPointer(rebasing: bytes[range]))
        }
        return hasMessages == (parts.messages != nil) && hasSeed == (parts.seed != nil)
            && same(parameters, parts.parameters) && same(strategy, parts.strategy?.range)
    }
}

extension CopyTextEncoder {
    /// Appends a JSON string's inside, whose escapes were checked, to the column that was begun.
    fileprivate mutating func append(unescaping text: UnsafeRawBufferPointer) {
        var place = 0
        func hexadecimal(_ start: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 << 4 | UInt32(UsualLineScanner.digit(text[start + $1]) ?? 0) }
        }
        while place < text.count {
            let start = place
            while place < text.count, text[place] != UInt8(ascii: "\\") { place += 1 }
            append(verbatim: UnsafeRawBufferPointer(rebasing: text[start..<place]))
            guard place + 1 < text.count else { return }
            let letter = text[place + 1]
            place += 2
            switch letter {
            case UInt8(ascii: "n"): append(escaping: 0x0A)
            case UInt8(ascii: "t"): append(escaping: 0x09)
            case UInt8(ascii: "r"): append(escaping: 0x0D)
            case UInt8(ascii: "b"): append(escaping: 0x08)
            case UInt8(ascii: "f"): append(escaping: 0x0C)
            case UInt8(ascii: "u"):
                var code = hexadecimal(place)
                place += 4
                if (0xD800..<0xDC00).contains(code) {
                    code = 0x10000 + (code - 0xD800) << 10 + (hexadecimal(place + 2) - 0xDC00)
                    place += 6
                }
                guard let scalar = Unicode.Scalar(code) else { continue }
                for byte in UTF8.encode(scalar) ?? .init() { append(escaping: byte) }
            default: append(escaping: letter)
            }
        }
    }
}
