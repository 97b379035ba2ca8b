import Foundation

@testable import Tokenization

/// The tokenizers of the golden tests.
private enum Golden {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Tests/Golden/tokenizers")

    static let tokenizers: [Tokenizer] = ["qwen", "llama", "demo"].compactMap {
        try? Tokenizer(contentsOf: folder.appendingPathComponent("\($0).json"))
    }

    /// One of them for each input: three times as many inputs, each tokenizer as many as before.
    static func tokenizer(for input: [UInt8]) -> Tokenizer {
        expect(tokenizers.count == 3, "the golden tokenizers are there")
        return tokenizers[input.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF } % 3]
    }

    static func normalized(_ bytes: [UInt8]) -> [UInt8] { Array(CanonicalComposition.normalize(bytes[...])) }
}

extension FuzzTarget {
    private static let texts = [
        "", "What's 12345 + 67?\n\n  \tI'LL 'ſ see.", "<|im_start|>user\nhi<|im_end|>\n<think>",
        "e\u{301}\u{323} 한국어 日本 ½²Ⅷ",
        "👩‍👩‍👧‍👦 🇩🇪 \u{FEFF}\u{200B}\u{A0}\r\n\r\n", "<cafe\u{301}><café><think</think>",
        "\u{1100}\u{1161}\u{11A8}\u{F71}\u{F72}",
        "<|User|>x<|Assistant|>", "<｜User｜>x<｜end▁of▁sentence｜>", String(repeating: " \n", count: 20),
    ]

    private static let words = [
        "<|im_start|>", "<|im_end|>", "<think>", "</think>", "<|endoftext|>", "<|eot_id|>", "'s", "'ſ", "'LL", "\r\n",
        "\u{301}", "\u{323}", "\u{345}", "\u{1161}", "\u{11A8}", "\u{3000}", "½", "٣", "\u{E01EF}", "\u{1E}",
    ]

    /// Any text, encoded by each golden tokenizer: tokens spell the text, and no user's text becomes an added token.
    static let encoding = FuzzTarget(
        name: "encoding", longestInput: 512, seeds: { texts.map { Array($0.utf8) } }, words: words,
        run: { input in
            let text = String(decoding: input, as: UTF8.self)
            let composed = Golden.normalized(Array(text.utf8))
            expect(Golden.normalized(composed) == composed, "form C of form C is itself")
            let tokenizer = Golden.tokenizer(for: input)
            let added = Set(tokenizer.addedTokens.map(\.id))
            let plain = tokenizer.encode(text, matchingSpecialTokens: false)
            expect(added.isDisjoint(with: plain), "user text becomes no added token")
            let spelled = plain.flatMap { tokenizer.bytes(of: $0) }
            expect(spelled == (tokenizer.normalizesToNFC ? composed : Array(text.utf8)), "tokens spell the text")
            let matched = tokenizer.encode(text, matchingSpecialTokens: true).flatMap { tokenizer.bytes(of: $0) }
            expect(
                tokenizer.normalizesToNFC ? Golden.normalized(matched) == composed : matched == spelled,
                "matched tokens spell the text")
            let again = tokenizer.encode(String(decoding: spelled, as: UTF8.self), matchingSpecialTokens: false)
            expect(again == plain, "encoding what was decoded gives the same tokens")
        })

    /// Turns of any content in every template: the control tokens are those of empty turns.
    static let prompt = FuzzTarget(
        name: "prompt", longestInput: 512,
        seeds: {
            texts.map { Array("u\($0)".utf8) }
                + [Array("sBe brief.\u{1E}u1+1?\u{1E}a<think>\nx</think>\n\n2\u{1E}uand \u{1E}".utf8)]
        }, words: words,
        run: { input in
            let turns = parts(of: input, count: 6).filter { !$0.isEmpty }.map { part -> PromptTemplate.Turn in
                let role: PromptTemplate.Turn.Role =
                    switch part.first {
                    case UInt8(ascii: "s"): .system
                    case UInt8(ascii: "a"): .assistant
                    default: .user
                    }
                return .init(role: role, content: String(decoding: part.dropFirst(), as: UTF8.self))
            }
            let empty = turns.map { PromptTemplate.Turn(role: $0.role, content: "") }
            let tokenizer = Golden.tokenizer(for: input)
            let added = Set(tokenizer.addedTokens.map(\.id))
            for family in PromptTemplate.Family.allCases {
                let template = PromptTemplate(family)
                guard let tokens = try? template.tokens(for: turns, with: tokenizer) else { continue }
                let control = try? template.tokens(for: empty, with: tokenizer).filter(added.contains)
                expect(tokens.filter(added.contains) == control, "content forges no control token in \(family)")
            }
        })

    /// Bytes cut into pieces of the lengths that their low bits say: every piece continues the decoding of the whole.
    static let detokenizer = FuzzTarget(
        name: "detokenizer", longestInput: 256, seeds: { texts.map { Array($0.utf8) } },
        run: { input in
            var detokenizer = IncrementalDetokenizer()
            let whole = Array(String(decoding: input, as: UTF8.self).utf8)
            var joined: [UInt8] = []
            var start = 0
            while start < input.count {
                let end = min(input.count, start + Int(input[start] & 3) + (input[start] & 32 == 0 ? 0 : 1))
                joined += detokenizer.append(input[start..<end]).utf8
                expect(whole.starts(with: joined), "pieces are a prefix of the whole")
                start = max(end, start + (end == start ? 1 : 0))
                if end < start { joined += detokenizer.append(input[end..<start]).utf8 }
            }
            joined += detokenizer.finish().utf8
            expect(joined == whole, "all pieces are the whole")
        })
}
