/// The regular expressions that split text into words before byte-pair encoding, of the model families we know.
/// They differ in how they take numbers.
struct SplitPattern: Sendable, Hashable {
    /// How digits are grouped.
    enum Numbers: Sendable, Hashable {
        /// `\p{N}`: each by itself.
        case single
        /// `\p{N}{1,3}`: groups of up to three.
        case upToThree
        /// ` ?\p{N}`: each by itself, with the space before it.
        case singleWithSpace
    }

    /// How digits are grouped.
    var numbers: Numbers

    /// The pattern that groups digits so.
    init(numbers: Numbers) { self.numbers = numbers }

    /// Recognises an expression by its exact text; `nil` if it is none of ours.
    init?(expression: String) {
        let known: [(String, Numbers)] = [
            (#"\p{N}"#, .single), (#"\p{N}{1,3}"#, .upToThree), (#" ?\p{N}"#, .singleWithSpace),
        ]
        guard let match = known.first(where: { Self.expression(numbers: $0.0) == expression }) else { return nil }
        numbers = match.1
    }

    /// What a message lists as supported.
    static let supported =
        #"the expressions of Qwen2/Qwen3 (\p{N}), of Llama 3 (\p{N}{1,3}) and Qwen's with ' ?\p{N}' for numbers"#

    private static func expression(numbers: String) -> String {
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + numbers
            + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    }
}
