import Foundation
import Testing
import Tokenization

/// Prompts against Jinja's rendering of the chat templates that ship with the models;
/// `Tests/Golden/templates/make.py` made the file.
@Suite struct PublishedTemplateTests {
    struct Prompt: Decodable {
        struct Turn: Decodable {
            var role: String
            var content: String
        }

        var template: String
        var turns: [Turn]
        var prompt: String
    }

    static func prompts() throws -> [Prompt] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Golden/templates/prompts.json")
        return try JSONDecoder().decode([Prompt].self, from: Data(contentsOf: file))
    }

    static let control = [
        "<|im_start|>", "<|im_end|>", "<think>", "</think>", "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜User｜>",
        "<｜Assistant｜>", "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>",
    ]

    @Test func rendersLikeJinja() throws {
        var file = TestTokenizer()
        for spelling in Self.control { file.add(spelling) }
        let tokenizer = try file.tokenizer()
        let prompts = try Self.prompts()
        #expect(prompts.count > 100)
        for golden in prompts {
            let template = try PromptTemplate(named: golden.template)
            let turns = try golden.turns.map { turn in
                PromptTemplate.Turn(role: try #require(.init(rawValue: turn.role)), content: turn.content)
            }
            let tokens = try template.tokens(for: turns, with: tokenizer)
            let text = String(decoding: tokens.flatMap { tokenizer.bytes(of: $0) }, as: UTF8.self)
            #expect(text == golden.prompt, "\(golden.template), \(golden.turns)")
            // Where no turn spells a control token, the tokens are those of the whole prompt encoded at once.
            if turns.allSatisfy({ turn in !Self.control.contains { turn.content.contains($0) } }) {
                #expect(tokens == tokenizer.encode(golden.prompt, matchingSpecialTokens: true), "\(golden.template)")
            }
        }
    }

    @Test(arguments: [
        ("qwen3", ["<|im_start|>", "<|im_end|>", "<tool_call>", "<think>"]),
        ("qwen2.5", ["<|im_start|>", "<|im_end|>", "<tool_call>"]), ("chatml", ["<|im_start|>", "<|im_end|>"]),
        ("llama3", ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]),
        ("llama3.1", ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|eom_id|>"]),
    ])
    func isChosenByTokens(name: String, tokens: [String]) throws {
        var file = TestTokenizer()
        for spelling in tokens { file.add(spelling) }
        #expect(PromptTemplate(detectedIn: try file.tokenizer()).family.rawValue == name)
    }
}
