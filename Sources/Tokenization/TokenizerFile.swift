/// What a `tokenizer.json` of Hugging Face tokenizers holds, as far as byte-level BPE needs it, checked part by part; or
/// the same from the metadata of a GGUF file.
struct TokenizerFile {
    /// One entry of `added_tokens`.
    struct AddedToken {
        var id: Int
        var content: [UInt8]
        var isSpecial: Bool
        /// Whether it is looked for in the normalised text instead of the original.
        var isNormalized: Bool
    }

    /// One entry of `model.vocab`.
    struct Entry {
        /// As in the file: in the byte alphabet.
        var key: ArraySlice<UInt8>
        var id: Int
    }

    /// One entry of `model.merges`, in the byte alphabet.
    struct Merge {
        var left: ArraySlice<UInt8>
        var right: ArraySlice<UInt8>
    }

    /// Name of the document in messages.
    let source: String
    /// Ids up to the document's own length are taken: tables by id then grow no faster than what was read.
    private let largestID: Int
    var addedTokens: [AddedToken] = []
    var normalizesToNFC = false
    var pattern: SplitPattern?
    var entries: [Entry] = []
    var merges: [Merge] = []
    var ignoresMerges = false

    /// Which kind of file it is: they name their parts differently.
    let origin: Origin

    /// The kinds of files.
    enum Origin {
        /// `tokenizer.json`
        case json
        /// The metadata of a GGUF file
        case gguf
    }

    /// Nothing yet of a document of `byteCount` bytes.
    init(source: String, origin: Origin, byteCount: Int) {
        self.source = source
        self.origin = origin
        largestID = min(4096 + byteCount, SpellingTable.maximumID) - 1
    }

    /// Where the vocabulary stands, for messages.
    var vocabularyPlace: String { origin == .json ? "model.vocab" : "tokenizer.ggml.tokens" }
    /// Where the merges stand, for messages.
    var mergesPlace: String { origin == .json ? "model.merges" : "tokenizer.ggml.merges" }

    /// Where an entry stands, for messages.
    func place(of entry: Entry) -> String {
        if origin == .gguf { return "\(vocabularyPlace)[\(entry.id)]" }
        var path = JSONPath()
        for key in ["model", "vocab"] { path.push(.key(Array(key.utf8)[...])) }
        path.push(.key(entry.key))
        return path.description
    }

    /// Reads the document. Unknown keys that cannot change token ids are passed over.
    ///
    /// - Throws: ``TokenizerError``.
    init(bytes: [UInt8], source: String) throws {
        self.init(source: source, origin: .json, byteCount: bytes.count)
        var cursor = try JSONCursor(bytes: bytes, source: source)
        try cursor.readObject { cursor, key in
            switch String(decoding: key, as: UTF8.self) {
            case "added_tokens": try readAddedTokens(&cursor)
            case "normalizer": try readNormalizer(&cursor)
            case "pre_tokenizer": try readPreTokenizer(&cursor)
            case "decoder": try readDecoder(&cursor)
            case "model": try readModel(&cursor)
            default: try cursor.skipValue()
            }
        }
        try cursor.expectEnd()
        if pattern == nil { throw missing("pre_tokenizer", expected: "a Split by one of: \(SplitPattern.supported)") }
        if entries.isEmpty { throw missing("model.vocab", expected: "a vocabulary") }
    }

    private func missing(_ jsonPath: String, expected: String) -> TokenizerError {
        .malformed(source: source, jsonPath: jsonPath, expected: expected, found: "nothing")
    }

    private mutating func readAddedTokens(_ cursor: inout JSONCursor) throws {
        addedTokens = []
        try cursor.readArray { cursor in
            var id: Int?
            var content: [UInt8]?
            var isSpecial = false
            var isNormalized = false
            try cursor.readObject { cursor, key in
                let name = String(decoding: key, as: UTF8.self)
                switch name {
                case "id": id = try cursor.readNatural(atMost: largestID)
                case "content": content = Array(try cursor.readStringBytes())
                case "special": isSpecial = try cursor.readBool()
                case "normalized": isNormalized = try cursor.readBool()
                case "single_word", "lstrip", "rstrip":
                    if try cursor.readBool() { throw cursor.unsupported("\(name) = true", supported: "false") }
                default: try cursor.skipValue()
                }
            }
            guard let id, let content, !content.isEmpty else {
                throw cursor.malformed("an id and a content", id == nil ? "no id" : "no content")
            }
            guard content.count <= AddedTokenMatcher.longestSpelling else {
                throw cursor.unsupported(
                    "a content of \(content.count) bytes", supported: "at most \(AddedTokenMatcher.longestSpelling)")
            }
            addedTokens.append(
                AddedToken(id: id, content: content, isSpecial: isSpecial, isNormalized: isNormalized))
        }
    }

    private mutating func readModel(_ cursor: inout JSONCursor) throws {
        try cursor.readObject { cursor, key in
            switch String(decoding: key, as: UTF8.self) {
            case "type": try cursor.expectType("BPE")
            case "vocab":
                entries = []
                try cursor.readObject { cursor, key in
                    entries.append(Entry(key: key, id: try cursor.readNatural(atMost: largestID)))
                }
            case "merges":
                merges = []
                try cursor.readArray { cursor in merges.append(try Self.readMerge(&cursor)) }
            case "ignore_merges": ignoresMerges = try cursor.readBool()
            case "dropout":
                if !cursor.readNull() { throw cursor.unsupported("dropout", supported: "null") }
            case "continuing_subword_prefix", "end_of_word_suffix":
                if !cursor.readNull(), try !cursor.readStringBytes().isEmpty {
                    throw cursor.unsupported("a prefix or suffix of subwords", supported: "null or empty")
                }
            default: try cursor.skipValue()
            }
        }
    }

    /// Reads `"left right"` or `["left", "right"]`; tokenizers wrote the former before release 0.20.
    private static func readMerge(_ cursor: inout JSONCursor) throws -> Merge {
        if try cursor.kind() == .string {
            let bytes = try cursor.readStringBytes()
            let space = UInt8(ascii: " ")
            guard let middle = bytes.firstIndex(of: space), bytes.lastIndex(of: space) == middle else {
                throw cursor.malformed("two tokens with a space between them", "another number of spaces")
            }
            return Merge(left: bytes[..<middle], right: bytes[(middle + 1)...])
        }
        var left: ArraySlice<UInt8> = [], right: ArraySlice<UInt8> = []
        var count = 0
        try cursor.readArray { cursor in
            (left, right) = (right, try cursor.readStringBytes())
            count += 1
        }
        guard count == 2 else { throw cursor.malformed("two tokens", "\(count)") }
        return Merge(left: left, right: right)
    }
}

extension TokenizerFile {
    private mutating func readNormalizer(_ cursor: inout JSONCursor) throws {
        normalizesToNFC = false
        if cursor.readNull() { return }
        try cursor.readObject { cursor, key in
            guard key.elementsEqual("type".utf8) else { return try cursor.skipValue() }
            try cursor.expectType("NFC")
        }
        normalizesToNFC = true
    }

    /// `Sequence[Split(Regex, Isolated), ByteLevel]`.
    private mutating func readPreTokenizer(_ cursor: inout JSONCursor) throws {
        var pattern: SplitPattern?
        try cursor.readObject { cursor, key in
            switch String(decoding: key, as: UTF8.self) {
            case "type": try cursor.expectType("Sequence")
            case "pretokenizers":
                var index = 0
                try cursor.readArray { cursor in
                    switch index {
                    case 0: pattern = try Self.readSplit(&cursor)
                    case 1: try Self.readByteLevel(&cursor)
                    default: throw cursor.unsupported("a third pre-tokenizer", supported: "Split, then ByteLevel")
                    }
                    index += 1
                }
                if index < 2 { throw cursor.malformed("Split, then ByteLevel", "\(index) pre-tokenizers") }
            default: try cursor.skipValue()
            }
        }
        self.pattern = pattern
    }

    private static func readSplit(_ cursor: inout JSONCursor) throws -> SplitPattern {
        var pattern: SplitPattern?
        try cursor.readObject { cursor, key in
            switch String(decoding: key, as: UTF8.self) {
            case "type": try cursor.expectType("Split")
            case "pattern":
                try cursor.readObject { cursor, key in
                    let kind = String(decoding: key, as: UTF8.self)
                    guard kind == "Regex" else { throw cursor.unsupported("a pattern by \(kind)", supported: "Regex") }
                    let expression = try cursor.readString()
                    pattern = SplitPattern(expression: expression)
                    if pattern == nil {
                        throw cursor.unsupported("the expression \(expression)", supported: SplitPattern.supported)
                    }
                }
            case "behavior": try cursor.expectType("Isolated")
            case "invert":
                if try cursor.readBool() { throw cursor.unsupported("invert = true", supported: "false") }
            default: try cursor.skipValue()
            }
        }
        guard let pattern else { throw cursor.malformed("a Split with a pattern", "no pattern") }
        return pattern
    }

    private static func readByteLevel(_ cursor: inout JSONCursor) throws {
        try cursor.readObject { cursor, key in
            switch String(decoding: key, as: UTF8.self) {
            case "type": try cursor.expectType("ByteLevel")
            case "add_prefix_space", "use_regex":
                if try cursor.readBool() { throw cursor.unsupported("true", supported: "false") }
            default: try cursor.skipValue()
            }
        }
    }

    private func readDecoder(_ cursor: inout JSONCursor) throws {
        if cursor.readNull() { return }
        try cursor.readObject { cursor, key in
            guard key.elementsEqual("type".utf8) else { return try cursor.skipValue() }
            try cursor.expectType("ByteLevel")
        }
    }
}

extension JSONCursor {
    /// Reads the name of a variant, of which one is supported.
    fileprivate mutating func expectType(_ supported: String) throws {
        let type = try readString()
        if type != supported { throw unsupported(type, supported: supported) }
    }
}
