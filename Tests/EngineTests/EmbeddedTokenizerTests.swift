import Checkpoints
import Engine
import Foundation
import Testing
import Tokenization

/// Token ids by the tokenizers in GGUF files against Hugging Face tokenizers; `Tests/Golden/tokenizers/make_golden.py`
/// made the files. The folder can be replaced by a larger set through `GLIMPQ_TOKENIZER_GOLDEN`.
@Suite struct EmbeddedTokenizerTests {
    static let folder: URL = {
        if let other = ProcessInfo.processInfo.environment["GLIMPQ_TOKENIZER_GOLDEN"] {
            return URL(fileURLWithPath: other)
        }
        return URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Golden/tokenizers")
    }()

    static func embedded(_ family: String) throws -> Tokenizer {
        try Tokenizer(of: Checkpoint.open(path: folder.appendingPathComponent("\(family).gguf").path))
    }

    @Test(arguments: ["qwen", "llama"])
    func encodesLikeHuggingFace(family: String) throws {
        let tokenizer = try Self.embedded(family)
        let strings = try JSONDecoder().decode(
            [String].self, from: Data(contentsOf: Self.folder.appendingPathComponent("strings.json")))
        let ids = try String(contentsOf: Self.folder.appendingPathComponent("\(family).ids"), encoding: .utf8)
        // The one token that the file leaves out, because it is matched after normalisation.
        let absent = Data("<caf".utf8)
        var mismatches = 0, compared = 0
        for (text, line) in zip(strings, ids.split(separator: "\n", omittingEmptySubsequences: false))
        where Data(text.utf8).range(of: absent) == nil {
            compared += 1
            let expected = line.split(separator: " ").compactMap { Int32($0) }
            let ids = tokenizer.encode(text, matchingSpecialTokens: true)
            guard ids != expected else { continue }
            mismatches += 1
            if mismatches <= 5 { Issue.record("\(text.debugDescription): \(ids), expected \(expected)") }
        }
        #expect(mismatches == 0, "of \(compared)")
        #expect(compared * 10 > strings.count * 9)
    }

    @Test(arguments: ["qwen", "llama"])
    func equalsTheTokenizerFile(family: String) throws {
        let embedded = try Self.embedded(family)
        let file = try Tokenizer(contentsOf: Self.folder.appendingPathComponent("\(family).json"))
        let absent = Set(file.addedTokens.filter { $0.content.contains("caf") }.map(\.id))
        #expect(
            embedded.addedTokens.map(\.content) == file.addedTokens.filter { !absent.contains($0.id) }.map(\.content))
        #expect(
            embedded.addedTokens.map(\.isSpecial)
                == file.addedTokens.filter { !absent.contains($0.id) }.map(\.isSpecial))
        for id in 0..<Int32(file.count) where !absent.contains(id) {
            #expect(embedded.bytes(of: id) == file.bytes(of: id))
        }
        #expect(PromptTemplate(detectedIn: embedded) == PromptTemplate(detectedIn: file))
    }
}
