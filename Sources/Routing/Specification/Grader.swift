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
        case .boxed: (BoxedAnswer.last(in: text) ?? text).trimmed()
        }
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
