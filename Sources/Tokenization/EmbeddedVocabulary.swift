/// A tokenizer as GGUF files carry it in their metadata, `tokenizer.ggml.*`.
public struct EmbeddedVocabulary: Sendable {
    /// The file, for messages.
    public var source: String
    /// `tokenizer.ggml.model`.
    public var model: String
    /// `tokenizer.ggml.pre`.
    public var preTokenizer: String?
    /// `tokenizer.ggml.tokens`: spellings by id; normal ones in the byte alphabet, others as they are.
    public var tokens: [ArraySlice<UInt8>]
    /// `tokenizer.ggml.token_type`: kinds by id.
    public var types: [Int]
    /// `tokenizer.ggml.merges`: two spellings with a space between them, by rank.
    public var merges: [ArraySlice<UInt8>]

    /// Describes a vocabulary; `tokens` and `types` have the same count.
    public init(
        source: String, model: String, preTokenizer: String?, tokens: [ArraySlice<UInt8>], types: [Int],
        merges: [ArraySlice<UInt8>]
    ) {
        precondition(tokens.count == types.count, "every token has a type")
        self.source = source
        self.model = model
        self.preTokenizer = preTokenizer
        self.tokens = tokens
        self.types = types
        self.merges = merges
    }
}

extension Tokenizer {
    /// Builds the tokenizer of a GGUF file, equal to the `tokenizer.json` that it was converted from.
    ///
    /// The file names normalisation, split and the use of merges by one word. Added tokens are matched in the text as it
    /// is, before normalisation; the format does not say otherwise.
    ///
    /// - Throws: ``TokenizerError``.
    public convenience init(_ vocabulary: EmbeddedVocabulary) throws {
        try self.init(TokenizerFile(vocabulary))
    }
}

extension TokenizerFile {
    /// What the word in `tokenizer.ggml.pre` stands for.
    private struct Method {
        let numbers: SplitPattern.Numbers
        let normalizesToNFC: Bool
        let ignoresMerges: Bool

        static let qwen = Method(numbers: .single, normalizesToNFC: true, ignoresMerges: false)
        static let llama3 = Method(numbers: .upToThree, normalizesToNFC: false, ignoresMerges: true)

        /// `smaug-bpe` is not among them: files of that name differ in whether merges are ignored.
        static let named: [String: Method] = [
            "qwen2": qwen, "deepseek-r1-qwen": qwen, "llama-bpe": llama3, "llama3": llama3, "llama-v3": llama3,
        ]
    }

    /// Takes over the parts of a GGUF file. Throws ``TokenizerError``.
    init(_ vocabulary: EmbeddedVocabulary) throws {
        self.init(source: vocabulary.source, origin: .gguf, byteCount: vocabulary.tokens.count)
        func unsupported(_ place: String, _ feature: String, _ supported: String) -> TokenizerError {
            .unsupported(source: source, jsonPath: "tokenizer.ggml.\(place)", feature: feature, supported: supported)
        }
        guard vocabulary.model == "gpt2" else {
            throw unsupported("model", "'\(vocabulary.model)'", "gpt2, which is byte-level BPE")
        }
        guard let method = vocabulary.preTokenizer.flatMap({ Method.named[$0] }) else {
            let got = vocabulary.preTokenizer.map { "'\($0)'" } ?? "a vocabulary that does not say how to split text"
            throw unsupported("pre", got, Method.named.keys.sorted().joined(separator: ", "))
        }
        pattern = SplitPattern(numbers: method.numbers)
        normalizesToNFC = method.normalizesToNFC
        ignoresMerges = method.ignoresMerges
        entries.reserveCapacity(vocabulary.tokens.count)
        for (id, (spelling, type)) in zip(vocabulary.tokens, vocabulary.types).enumerated() {
            try take(spelling, type: type, id: id)
        }
        merges.reserveCapacity(vocabulary.merges.count)
        for (rank, merge) in vocabulary.merges.enumerated() {
            let space = UInt8(ascii: " ")
            guard let middle = merge.firstIndex(of: space), merge[(middle + 1)...].firstIndex(of: space) == nil else {
                throw TokenizerError.malformed(
                    source: source, jsonPath: "\(mergesPlace)[\(rank)]",
                    expected: "two tokens with a space between them",
                    found: String(decoding: merge, as: UTF8.self).debugDescription)
            }
            merges.append(Merge(left: merge[..<middle], right: merge[(middle + 1)...]))
        }
    }

    /// Adds the token of an id by its type.
    private mutating func take(_ spelling: ArraySlice<UInt8>, type: Int, id: Int) throws {
        func malformed(_ expected: String, _ found: String) -> TokenizerError {
            .malformed(source: source, jsonPath: "\(vocabularyPlace)[\(id)]", expected: expected, found: found)
        }
        guard id < SpellingTable.maximumID else { throw malformed("an id below \(SpellingTable.maximumID)", "\(id)") }
        switch type {
        case 1: entries.append(Entry(key: spelling, id: id))
        case 5: break
        // Rows of the embedding that no token belongs to; older conversions give them the type of added tokens.
        case 4 where spelling.elementsEqual("[PAD\(id)]".utf8): break
        case 2, 3, 4:
            guard !spelling.isEmpty, String(validating: spelling, as: UTF8.self) != nil else {
                throw malformed("a spelling in UTF-8", spelling.isEmpty ? "an empty one" : "other bytes")
            }
            guard spelling.count <= AddedTokenMatcher.longestSpelling else {
                throw TokenizerError.unsupported(
                    source: source, jsonPath: "\(vocabularyPlace)[\(id)]", feature: "\(spelling.count) bytes",
                    supported: "at most \(AddedTokenMatcher.longestSpelling) for added tokens")
            }
            addedTokens.append(
                AddedToken(id: id, content: Array(spelling), isSpecial: type != 4, isNormalized: false))
        default: throw malformed("token type 1 to 5", "\(type)")
        }
    }
}
