import Foundation
import Tokenization

/// A tokenizer.json in parts that a test can change.
struct TestTokenizer {
    static let qwen =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

    var addedTokens: [[String: Any]] = []
    var normalizer: Any = NSNull()
    var expression = TestTokenizer.qwen
    var vocabulary: [String: Any] = TestTokenizer.bytes
    var merges: [Any] = []
    var model: [String: Any] = [:]
    var preTokenizer: Any?

    /// The byte alphabet, in the order of the ids.
    static var alphabet: [String] {
        var next: UInt32 = 0x100
        return (UInt32(0)..<256).map { byte in
            let isItself = (33...126).contains(byte) || (161...172).contains(byte) || (174...255).contains(byte)
            defer { if !isItself { next += 1 } }
            return String(decoding: [UInt16(isItself ? byte : next)], as: UTF16.self)
        }
    }

    static var bytes: [String: Any] {
        Dictionary(uniqueKeysWithValues: alphabet.enumerated().map { ($0.element, $0.offset) })
    }

    mutating func add(_ content: String, special: Bool = true) {
        addedTokens.append([
            "id": 1000 + addedTokens.count, "content": content, "special": special, "normalized": false,
            "single_word": false, "lstrip": false, "rstrip": false,
        ])
    }

    func json() throws -> [UInt8] {
        let split: [String: Any] = ["type": "Split", "pattern": ["Regex": expression], "behavior": "Isolated"]
        let byteLevel: [String: Any] = ["type": "ByteLevel", "add_prefix_space": false, "use_regex": false]
        var model: [String: Any] = ["type": "BPE", "vocab": vocabulary, "merges": merges]
        model.merge(self.model) { $1 }
        let document: [String: Any] = [
            "version": "1.0", "added_tokens": addedTokens, "normalizer": normalizer,
            "pre_tokenizer": preTokenizer ?? ["type": "Sequence", "pretokenizers": [split, byteLevel]],
            "decoder": ["type": "ByteLevel"], "model": model,
        ]
        return Array(try JSONSerialization.data(withJSONObject: document, options: [.sortedKeys]))
    }

    func tokenizer() throws -> Tokenizer { try Tokenizer(tokenizerJSON: json(), source: "test.json") }
}
