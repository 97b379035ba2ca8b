/// The tokenizer in the metadata of a GGUF file. Tokens and merges stay in the file until they are asked for.
public struct EmbeddedTokenizer: Sendable {
    /// The file, for messages.
    public let file: String
    /// `tokenizer.ggml.model`: `gpt2` is byte-level BPE.
    public let model: String
    /// `tokenizer.ggml.pre`: how text is split into words.
    public let preTokenizer: String?
    /// Spellings by id.
    public let tokens: MappedStrings
    /// Kinds by id: 1 normal, 2 unknown, 3 control, 4 defined by the user, 5 unused, 6 byte.
    public let tokenTypes: [Int]
    /// Pairs of spellings with a space between, by rank.
    public let merges: MappedStrings?
    /// Tokens that end a text, ascending.
    public let endOfTextTokens: [Int32]
    /// The chat template, a Jinja document.
    public let chatTemplate: String?

    /// Control tokens that end a turn or a text, by which a model may end though the metadata name only one of them.
    /// llama.cpp does the same.
    private static let endSpellings: Set<[UInt8]> = Set(
        [
            "<|endoftext|>", "<|im_end|>", "<|end_of_text|>", "<|eot_id|>", "<|eom_id|>",
            "<\u{FF5C}end\u{2581}of\u{2581}sentence\u{FF5C}>",
        ].map { Array($0.utf8) })

    /// Reads the keys `tokenizer.ggml.*`; ids must be below `vocabulary`. Throws `CheckpointError`.
    init(_ metadata: GGUFMetadata, vocabulary: Int) throws {
        func key(_ name: String) -> String { "tokenizer.ggml.\(name)" }
        func missing(_ name: String) -> CheckpointError { metadata.malformed(key(name), "the key is missing") }
        file = metadata.file.path
        guard let model = try metadata.string(key("model")) else { throw missing("model") }
        self.model = model
        preTokenizer = try metadata.string(key("pre"))
        guard let tokens = try metadata.strings(key("tokens")) else { throw missing("tokens") }
        guard tokens.count <= vocabulary else {
            throw metadata.malformed(
                key("tokens"), "\(tokens.count) tokens, expected at most the \(vocabulary) rows of the embedding")
        }
        self.tokens = tokens
        tokenTypes = try metadata.integers(key("token_type")) ?? Array(repeating: 1, count: tokens.count)
        guard tokenTypes.count == tokens.count else {
            throw metadata.malformed(
                key("token_type"), "\(tokenTypes.count) elements, expected one for each of \(tokens.count) tokens")
        }
        merges = try metadata.strings(key("merges"))
        chatTemplate = try metadata.string("tokenizer.chat_template")
        var ends: Set<Int32> = []
        for name in ["eos_token_id", "eot_token_id", "eom_token_id"] {
            if let id = try metadata.integer(key(name), in: 0...vocabulary - 1) { ends.insert(Int32(id)) }
        }
        let control = 3, types = tokenTypes
        tokens.forEach { id, spelling in
            if types[id] == control, Self.endSpellings.contains(Array(spelling)) { ends.insert(Int32(id)) }
        }
        endOfTextTokens = ends.sorted()
    }
}
