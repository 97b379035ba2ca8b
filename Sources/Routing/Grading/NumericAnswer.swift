/// How far a number may be from its reference: within either bound is right.
public struct NumericTolerance: Sendable, Hashable {
    /// As a share of the reference.
    public var relative: Double
    /// In the number's own unit.
    public var absolute: Double

    /// Creates a tolerance; both at least 0.
    public init(relative: Double, absolute: Double) {
        self.relative = relative
        self.absolute = absolute
    }

    /// For numbers that went through decimal text.
    public static let standard = NumericTolerance(relative: 1e-6, absolute: 0)

    /// Whether a value is near enough to a reference.
    func accepts(_ value: Double, _ reference: Double) -> Bool {
        if value == reference { return true }
        guard value.isFinite, reference.isFinite else { return false }
        let difference = abs(value - reference)
        // Whole numbers are counted, not measured: a tolerance that is not given on purpose does not blur them.
        if self == .standard, value == value.rounded(), reference == reference.rounded() { return false }
        return difference <= absolute || difference <= relative * abs(reference)
    }
}

/// A number in an answer.
enum NumericAnswer {
    /// Compares the number that an answer ends with.
    ///
    /// A percentage is right as the number before the sign and as its hundredth: problems ask for either.
    static func grade(_ answer: String, reference: String, _ tolerance: NumericTolerance) -> Grade {
        guard let expected = number(in: reference.trimmed()) else {
            return Grade(
                extracted: answer.trimmed(),
                undecided: "the reference answer is no number: \(reference.prefix(60).debugDescription)")
        }
        let text = FinalAnswer.text(of: answer)
        guard let found = leading(in: text, of: answer) ?? number(in: text) else {
            return Grade(extracted: text, isCorrect: false)
        }
        let isCorrect =
            tolerance.accepts(found.value, expected.value)
            || found.isPercentage != expected.isPercentage
                && tolerance.accepts(
                    found.value / (found.isPercentage ? 100 : 1), expected.value / (expected.isPercentage ? 100 : 1))
        return Grade(extracted: found.text, isCorrect: isCorrect)
    }

    /// A number and how it was written.
    struct Found {
        var value: Double
        var isPercentage: Bool
        var text: String
    }

    /// The number that a text is, units and all; else the last number in it.
    static func number(in text: String) -> Found? {
        if case .formula(let node) = MathAnswer(text), node.variables.isEmpty {
            let value = node.value { _ in ComplexNumber(.nan) }
            if value.isReal, value.isFinite {
                return Found(value: value.real, isPercentage: node.isPercentage, text: text)
            }
        }
        if case .equation(_, let node) = MathAnswer(text), node.variables.isEmpty {
            let value = node.value { _ in ComplexNumber(.nan) }
            if value.isReal, value.isFinite {
                return Found(value: value.real, isPercentage: node.isPercentage, text: text)
            }
        }
        return last(in: text)
    }

    /// The number that what follows "answer is" begins with, where words follow it: `25 dollars (5 less than before)`.
    private static func leading(in text: String, of answer: String) -> Found? {
        guard BoxedAnswer.last(in: answer) == nil, FinalAnswer.said(in: answer) == text, !text.contains("="),
            let start = text.prefix(200).prefixMatch(of: /[^\p{L}\p{N}]*\d[\d.,\/]*\s?[,;(]?\s*(?=\p{L}{2}|\()/)
        else { return nil }
        return last(in: String(start.output))
    }

    /// The last run of digits with sign, thousands separators, point, exponent, fraction and per cent sign.
    private static func last(in text: String) -> Found? {
        let characters = Array(text)
        guard let end = characters.lastIndex(where: { $0.isASCII && $0.isNumber }) else { return nil }
        func isPart(_ place: Int) -> Bool {
            let character = characters[place]
            if character.isASCII && character.isNumber { return true }
            guard place > 0, place < end, characters[place + 1].isNumber || "+-".contains(characters[place + 1]) else {
                return false
            }
            if ".,/".contains(character) {
                return characters[place + 1].isNumber && (character == "." || characters[place - 1].isNumber)
            }
            if "eE".contains(character) { return characters[place - 1].isNumber }
            return "+-".contains(character) && place > 1 && "eE".contains(characters[place - 1])
                && characters[place - 2].isNumber
        }
        var start = end
        while start > 0, isPart(start - 1) { start -= 1 }
        if start > 0, "-−".contains(characters[start - 1]),
            start == 1 || !(characters[start - 2].isNumber || characters[start - 2].isLetter)
        {
            start -= 1
        }
        var run = String(characters[start...end])
        let isPercentage = end + 1 < characters.count && characters[end + 1] == "%"
        run = run.replacing(",", with: "").replacing("−", with: "-")
        let parts = run.split(separator: "/", omittingEmptySubsequences: false)
        let value: Double?
        if parts.count == 2, let above = Double(parts[0]), let below = Double(parts[1]), below != 0 {
            value = above / below
        } else {
            value = Double(run)
        }
        return value.map { Found(value: $0, isPercentage: isPercentage, text: String(characters[start...end])) }
    }
}

extension MathNode {
    fileprivate var isPercentage: Bool {
        if case .percent = self { return true }
        if case .negated(.percent) = self { return true }
        return false
    }
}
