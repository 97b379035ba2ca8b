/// Compares answers with reference answers.
public enum Grader: String, Sendable, Hashable, CaseIterable {
    /// The whole answer, white space around it apart.
    case exact
    /// What stands in the last `\boxed{…}`, else the whole answer.
    case boxed

    /// What a grader says about an answer.
    public struct Grade: Sendable, Hashable {
        /// The part of the answer that was compared.
        public var extracted: String
        /// Whether it equals the reference.
        public var isCorrect: Bool
    }

    /// Grades an answer.
    public func grade(answer: String, reference: String) -> Grade {
        let extracted = extract(answer)
        return Grade(extracted: extracted, isCorrect: extracted == extract(reference))
    }

    private func extract(_ text: String) -> String {
        switch self {
        case .exact: text.trimmed()
        case .boxed: (Self.lastBoxed(text) ?? text).trimmed()
        }
    }

    /// The contents of the last `\boxed{…}` whose braces are balanced.
    private static func lastBoxed(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        let opening = Array(#"\boxed{"#.utf8)
        guard bytes.count > opening.count else { return nil }
        for start in stride(from: bytes.count - opening.count, through: 0, by: -1)
        where bytes[start..<start + opening.count].elementsEqual(opening) {
            let inner = start + opening.count
            var depth = 1
            for position in inner..<bytes.count {
                if bytes[position] == UInt8(ascii: "{") { depth += 1 }
                if bytes[position] == UInt8(ascii: "}") { depth -= 1 }
                if depth == 0 { return String(decoding: bytes[inner..<position], as: UTF8.self) }
            }
        }
        return nil
    }
}

extension String {
    /// Without white space at both ends.
    func trimmed() -> String {
        let scalars = unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return "" }
        return String(String.UnicodeScalarView(scalars[first...last]))
    }
}
