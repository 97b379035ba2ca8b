/// Unicode normalisation form C of UTF-8 text (Unicode Standard Annex 15), as Hugging Face tokenizers compute it: with
/// the tables of Unicode 9, so that marks that were assigned later are neither reordered nor composed.
enum CanonicalComposition {
    private static let unicodeVersion = 9

    /// The text in form C; the same bytes where nothing can change.
    static func normalize(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        // Every scalar below U+0300 is its own form C and composes with nothing before it; 0xCC begins U+0300.
        if bytes.allSatisfy({ $0 < 0xCC }) { return bytes }
        let scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars
        if !scalars.contains(where: mayChange) { return bytes }
        var decomposed: [Unicode.Scalar] = []
        for scalar in scalars { decompose(scalar, into: &decomposed) }
        order(&decomposed)
        var result = String.UnicodeScalarView()
        result.append(contentsOf: compose(decomposed))
        return Array(String(result).utf8)[...]
    }

    /// Whether a scalar can differ in form C, or change what stands before it.
    private static func mayChange(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value >= 0x300
            && (Tables.shared.unstable.contains(scalar) || combiningClass(scalar) != 0 || Hangul.isTrailing(scalar))
    }

    private static func combiningClass(_ scalar: Unicode.Scalar) -> UInt8 {
        if scalar.value < 0x300 { return 0 }
        let properties = scalar.properties
        let value = properties.canonicalCombiningClass.rawValue
        return value != 0 && (properties.age?.major ?? .max) <= unicodeVersion ? value : 0
    }

    private static func decompose(_ scalar: Unicode.Scalar, into result: inout [Unicode.Scalar]) {
        if scalar.value < 0xC0 {
            result.append(scalar)
        } else if let parts = Tables.shared.parts[scalar] {
            for part in parts { decompose(part, into: &result) }
        } else if !Hangul.decompose(scalar, into: &result) {
            result.append(scalar)
        }
    }

    /// Sorts each run of marks by combining class, keeping the order of equals.
    private static func order(_ scalars: inout [Unicode.Scalar]) {
        let classes = scalars.map(combiningClass)
        var start = 0
        while start < scalars.count {
            var end = start
            while end < scalars.count, classes[end] != 0 { end += 1 }
            if end - start > 1 {
                let sorted = (start..<end).sorted { (classes[$0], $0) < (classes[$1], $1) }.map { scalars[$0] }
                scalars.replaceSubrange(start..<end, with: sorted)
            }
            start = end + 1
        }
    }

    /// Puts a starter together with each later mark that nothing of its class or higher separates from it.
    private static func compose(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        result.reserveCapacity(scalars.count)
        var starter: Int?
        var lastClass: UInt8 = 0
        for scalar in scalars {
            let itsClass = combiningClass(scalar)
            if let starter {
                let isAdjacent = result.count == starter + 1
                if isAdjacent || (itsClass != 0 && lastClass < itsClass),
                    let whole = Tables.shared.composite(result[starter], scalar)
                {
                    result[starter] = whole
                    continue
                }
            }
            if itsClass == 0 { starter = result.count }
            lastClass = itsClass
            result.append(scalar)
        }
        return result
    }
}

extension CanonicalComposition {
    /// The table in a form that can be looked up.
    private struct Tables: Sendable {
        static let shared = Tables()

        /// What a scalar is made of: one or two others.
        private(set) var parts: [Unicode.Scalar: [Unicode.Scalar]] = [:]
        /// What two scalars make, by both values.
        private var composites: [UInt64: Unicode.Scalar] = [:]
        /// Scalars that are not their own form C, and those that can be the second of a composite.
        private(set) var unstable: Set<Unicode.Scalar> = []

        private init() {
            for entry in canonicalDecompositionTable.utf8.split(separator: UInt8(ascii: ";")) {
                let composes = entry.first != UInt8(ascii: "!")
                let scalars = entry.drop { $0 == UInt8(ascii: "!") }.split(separator: UInt8(ascii: " ")).compactMap {
                    UInt32(Substring($0), radix: 16).flatMap(Unicode.Scalar.init)
                }
                guard let whole = scalars.first else { continue }
                parts[whole] = Array(scalars.dropFirst())
                if composes, scalars.count == 3 {
                    composites[Self.key(scalars[1], scalars[2])] = whole
                    unstable.insert(scalars[2])
                } else {
                    unstable.insert(whole)
                }
            }
        }

        func composite(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
            composites[Self.key(first, second)] ?? Hangul.compose(first, second)
        }

        private static func key(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> UInt64 {
            UInt64(first.value) << 32 | UInt64(second.value)
        }
    }
}
