import Foundation
import Testing
import Tokenization

/// Token ids against Hugging Face tokenizers; `Tests/Golden/tokenizers/make_golden.py` made the files. The folder can
/// be replaced by a larger set through the environment variable `GLIMPQ_TOKENIZER_GOLDEN`.
@Suite struct GoldenTests {
    static let families = ["qwen", "llama", "demo"]

    static let folder: URL = {
        if let other = ProcessInfo.processInfo.environment["GLIMPQ_TOKENIZER_GOLDEN"] {
            return URL(fileURLWithPath: other)
        }
        return URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Golden/tokenizers")
    }()

    static func tokenizer(_ family: String) throws -> Tokenizer {
        try Tokenizer(contentsOf: folder.appendingPathComponent("\(family).json"))
    }

    static func strings() throws -> [String] {
        try JSONDecoder().decode([String].self, from: Data(contentsOf: folder.appendingPathComponent("strings.json")))
    }

    /// The two halves of an `.ids` file.
    static func lines(_ family: String) throws -> (matching: [Substring], plain: [Substring]) {
        let text = try String(contentsOf: folder.appendingPathComponent("\(family).ids"), encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let count = try strings().count
        return (Array(lines[..<count]), lines[(count + 1)...].filter { !$0.isEmpty })
    }

    @Test(arguments: families)
    func encodesLikeHuggingFace(family: String) throws {
        let tokenizer = try Self.tokenizer(family)
        let strings = try Self.strings()
        var mismatches = 0
        for (text, line) in zip(strings, try Self.lines(family).matching) {
            let expected = line.split(separator: " ").compactMap { Int32($0) }
            let ids = tokenizer.encode(text, matchingSpecialTokens: true)
            if ids != expected {
                mismatches += 1
                if mismatches <= 5 { Issue.record("\(text.debugDescription): \(ids), expected \(expected)") }
            }
        }
        #expect(mismatches == 0, "of \(strings.count)")
    }

    @Test(arguments: families)
    func encodesLikeHuggingFaceWithoutMatching(family: String) throws {
        let tokenizer = try Self.tokenizer(family)
        let strings = try Self.strings()
        let lines = try Self.lines(family).plain
        #expect(lines.count > 50)
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 1)
            let text = strings[try #require(Int(parts[0]))]
            let expected = parts[1].split(separator: " ").compactMap { Int32($0) }
            #expect(tokenizer.encode(text, matchingSpecialTokens: false) == expected, "\(text.debugDescription)")
        }
    }

    @Test(arguments: families)
    func decodesWhatItEncoded(family: String) throws {
        let tokenizer = try Self.tokenizer(family)
        for text in try Self.strings() {
            let ids = tokenizer.encode(text, matchingSpecialTokens: false)
            let bytes = ids.flatMap { tokenizer.bytes(of: $0) }
            // Form C is the only thing that encoding may change, and only beyond U+0300.
            let isUnchanged = family == "llama" || text.unicodeScalars.allSatisfy { $0.value < 0x300 }
            if isUnchanged { #expect(bytes == Array(text.utf8), "\(text.debugDescription)") }
            let again = tokenizer.encode(String(decoding: bytes, as: UTF8.self), matchingSpecialTokens: false)
            #expect(again == ids, "\(text.debugDescription)")
        }
    }
}
