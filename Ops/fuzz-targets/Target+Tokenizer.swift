import Foundation

@testable import Tokenization

extension FuzzTarget {
    private static let pattern =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    /// The byte alphabet as members of a vocabulary.
    private static let alphabet: String = {
        var next: UInt32 = 0x100
        return (UInt32(0)..<256).map { byte in
            let isItself = (33...126).contains(byte) || (161...172).contains(byte) || (174...255).contains(byte)
            defer { if !isItself { next += 1 } }
            return quoted(String(decoding: [UInt16(isItself ? byte : next)], as: UTF16.self)) + ":\(byte)"
        }.joined(separator: ",")
    }()

    private static func document(
        added: String, normalizer: String, numbers: String, vocabulary: String, merges: String, model: String
    ) -> String {
        let expression = quoted(pattern.replacing(#"|\p{N}|"#, with: "|\(numbers)|"))
        let extra = vocabulary.isEmpty ? "" : ",\(vocabulary)"
        let settings = model.isEmpty ? "" : ",\(model)"
        return """
            {"version":"1.0","added_tokens":[\(added)],"normalizer":\(normalizer),"pre_tokenizer":{"type":"Sequence",\
            "pretokenizers":[{"type":"Split","pattern":{"Regex":\(expression)},"behavior":"Isolated","invert":false},\
            {"type":"ByteLevel","add_prefix_space":false,"use_regex":false}]},"decoder":{"type":"ByteLevel"},\
            "model":{"type":"BPE","vocab":{\(alphabet)\(extra)},"merges":[\(merges)]\(settings)}}
            """
    }

    private static let sampleParts: [[String]] = [
        [
            #"{"id":300,"content":"<|a|>","special":true},{"id":301,"content":"<é>","normalized":true}"#,
            #"{"type":"NFC"}"#, #"\p{N}"#, #""ab":256,"abc":257,"aa":258"#, #""a b",["ab","c"],"a a""#,
            #""ignore_merges":true"#,
        ],
        ["", "null", #"\p{N}{1,3}"#, #""ĠĠ":256"#, #""Ġ Ġ""#, #""dropout":null,"byte_fallback":false"#],
        ["", "null", #" ?\p{N}"#, "", "", ""],
    ]

    private static let words = [
        "added_tokens", "normalizer", "\"NFC\"", "pre_tokenizer", "pretokenizers", "vocab", "merges", "ignore_merges",
        "\"content\":", "\"id\":", "\"special\":true", "\"normalized\":true", "\"single_word\":true", "\"lstrip\":true",
        "\"rstrip\":true", "true", "false", "null", "\\u0301", "\\ud83d\\ude00", "\\ud800", "Ġ", "Ċ", "16777215",
        "e\u{301}", "\u{1E}", "\"a b\"", "[\"a\",\"b\"]", "continuing_subword_prefix",
    ]

    private static let texts = [
        "", "abcabd <|a|>é e\u{301} 12345  \n\n x", "<|a|><|a|><é><e\u{301}>aaaaaaa",
        String(repeating: "ab", count: 40),
    ]

    private static func check(_ document: [UInt8]) {
        guard let tokenizer = try? Tokenizer(tokenizerJSON: document) else { return }
        expect(tokenizer.count <= 1024 + 64 * document.count, "\(tokenizer.count) ids are in proportion to the file")
        for text in texts {
            for matching in [false, true] {
                let ids = tokenizer.encode(text, matchingSpecialTokens: matching)
                expect(ids.allSatisfy { $0 >= 0 && Int($0) < tokenizer.count }, "ids \(ids) are tokens")
                if matching { continue }
                let bytes = ids.flatMap { id in Array(tokenizer.vocabulary.spelling(of: id)) }
                let plain = Array(text.utf8)[...]
                let expected = tokenizer.normalizesToNFC ? CanonicalComposition.normalize(plain) : plain
                expect(bytes.elementsEqual(expected), "the tokens of \(text.debugDescription) spell it")
            }
        }
    }

    /// `tokenizer.json` as a whole.
    static let tokenizerFile = FuzzTarget(
        name: "tokenizer-file", longestInput: 8192,
        seeds: {
            sampleParts.map {
                Array(
                    document(
                        added: $0[0], normalizer: $0[1], numbers: $0[2], vocabulary: $0[3], merges: $0[4], model: $0[5]
                    ).utf8)
            } + [Array(#"{"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}"#.utf8), Array("{}".utf8)]
        }, words: words, run: { check($0) })

    /// The parts of a `tokenizer.json` that differ from model to model, inside a sound document.
    static let tokenizerParts = FuzzTarget(
        name: "tokenizer-parts", longestInput: 1024,
        seeds: { sampleParts.map { Array($0.joined(separator: "\u{1E}").utf8) } }, words: words,
        run: { input in
            let texts = parts(of: input, count: 6).map { String(decoding: $0, as: UTF8.self) }
            check(
                Array(
                    document(
                        added: texts[0], normalizer: texts[1].isEmpty ? "null" : texts[1], numbers: texts[2],
                        vocabulary: texts[3], merges: texts[4], model: texts[5]
                    ).utf8))
        })
}
