/// A byte-level BPE tokenizer, as `tokenizer.json` of Hugging Face tokenizers or the metadata of a GGUF file describe
/// it: text to token ids and back. Immutable; any number of tasks may use one at once.
///
/// Supported: models of type BPE over the byte alphabet with all 256 bytes, the split patterns of Qwen2, Qwen3 and
/// Llama 3, normalisation form C or none, `ignore_merges`, added tokens without stripping. Anything else is refused
/// with its JSON path. The post-processor is not applied: no beginning-of-text token is ever put before the ids.
public final class Tokenizer: Sendable {
    /// One token that is matched in text as a whole, before byte-pair encoding.
    public struct AddedToken: Sendable, Hashable {
        /// Its id.
        public let id: Int32
        /// Its spelling.
        public let content: String
        /// Whether it is a control token, which decoding for people leaves out.
        public let isSpecial: Bool
    }

    /// One more than the largest token id.
    public let count: Int
    /// The added tokens in the order of the file.
    public let addedTokens: [AddedToken]

    let vocabulary: SpellingTable
    let addedByID: [Int32: AddedToken]
    let addedBySpelling: [[UInt8]: Int32]
    let originalMatcher: AddedTokenMatcher
    let normalizedMatcher: AddedTokenMatcher
    let normalizesToNFC: Bool
    let pattern: SplitPattern
    let ignoresMerges: Bool
    let merges: MergeTable
    let byteTokens: [Int32]

    /// Reads a `tokenizer.json`.
    ///
    /// - Parameters:
    ///   - bytes: The contents of the file.
    ///   - source: What to call the file in messages.
    /// - Throws: ``TokenizerError``.
    public convenience init(tokenizerJSON bytes: [UInt8], source: String = "tokenizer.json") throws {
        try self.init(TokenizerFile(bytes: bytes, source: source))
    }

    /// Builds the tables. Throws ``TokenizerError``.
    init(_ file: TokenizerFile) throws {
        guard let pattern = file.pattern else { preconditionFailure("the file is read only with a pattern") }
        self.pattern = pattern
        normalizesToNFC = file.normalizesToNFC
        ignoresMerges = file.ignoresMerges

        addedTokens = file.addedTokens.map {
            AddedToken(
                id: Int32($0.id), content: String(decoding: $0.content, as: UTF8.self), isSpecial: $0.isSpecial)
        }
        addedByID = Dictionary(addedTokens.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
        addedBySpelling = Dictionary(
            addedTokens.map { (Array($0.content.utf8), $0.id) }, uniquingKeysWith: { $1 })
        originalMatcher = AddedTokenMatcher(
            file.addedTokens.filter { !$0.isNormalized }.map { ($0.content, Int32($0.id)) })
        let normalizes = file.normalizesToNFC
        normalizedMatcher = AddedTokenMatcher(
            file.addedTokens.filter(\.isNormalized).map { token in
                let content = token.content[...]
                return (Array(normalizes ? CanonicalComposition.normalize(content) : content), Int32(token.id))
            })

        vocabulary = try Self.vocabulary(of: file, added: Set(addedByID.keys))
        count = max(vocabulary.count, (file.addedTokens.map(\.id).max() ?? -1) + 1)
        merges = try Self.merges(of: file, vocabulary: vocabulary)
        byteTokens = try Self.byteTokens(of: file, vocabulary: vocabulary)
    }

    private static func vocabulary(of file: TokenizerFile, added: Set<Int32>) throws -> SpellingTable {
        var table = SpellingTable(capacity: file.entries.count)
        var spelling: [UInt8] = []
        for entry in file.entries {
            func malformed(_ expected: String, _ found: String) -> TokenizerError {
                .malformed(source: file.source, jsonPath: file.place(of: entry), expected: expected, found: found)
            }
            spelling.removeAll(keepingCapacity: true)
            guard ByteAlphabet.append(entry.key, to: &spelling) else {
                // Trainers list added tokens in the vocabulary too, spelled as they are.
                if added.contains(Int32(entry.id)) { continue }
                throw malformed("characters of the byte alphabet", "others, and no added token has id \(entry.id)")
            }
            guard table.insert(spelling[...], id: entry.id) else {
                throw malformed("a spelling and an id of its own", "a repeated or empty one (id \(entry.id))")
            }
        }
        return table
    }

    private static func merges(of file: TokenizerFile, vocabulary: SpellingTable) throws -> MergeTable {
        guard file.merges.count <= MergeTable.maximumRank else {
            throw TokenizerError.unsupported(
                source: file.source, jsonPath: file.mergesPlace, feature: "a list of \(file.merges.count) merges",
                supported: "at most \(MergeTable.maximumRank)")
        }
        var table = MergeTable(capacity: file.merges.count)
        var spelling: [UInt8] = []
        for (rank, merge) in file.merges.enumerated() {
            func malformed(_ token: ArraySlice<UInt8>) -> TokenizerError {
                .malformed(
                    source: file.source, jsonPath: "\(file.mergesPlace)[\(rank)]", expected: "tokens of the vocabulary",
                    found: "\(String(decoding: token, as: UTF8.self).debugDescription), which is none")
            }
            spelling.removeAll(keepingCapacity: true)
            guard ByteAlphabet.append(merge.left, to: &spelling), let left = vocabulary.id(of: spelling[...]) else {
                throw malformed(merge.left)
            }
            let middle = spelling.count
            guard ByteAlphabet.append(merge.right, to: &spelling), let right = vocabulary.id(of: spelling[middle...])
            else { throw malformed(merge.right) }
            guard let result = vocabulary.id(of: spelling[...]) else { throw malformed(merge.left + merge.right) }
            table.insert(left: left, right: right, MergeTable.Merge(rank: Int32(rank), result: result))
        }
        return table
    }

    private static func byteTokens(of file: TokenizerFile, vocabulary: SpellingTable) throws -> [Int32] {
        try (UInt8(0)...255).map { byte in
            guard let id = vocabulary.id(of: [byte]) else {
                throw TokenizerError.malformed(
                    source: file.source, jsonPath: file.vocabularyPlace, expected: "a token for each of the 256 bytes",
                    found: "none for byte \(byte)")
            }
            return id
        }
    }
}
