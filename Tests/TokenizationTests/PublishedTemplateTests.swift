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

    /// A question in the midst of the assistant's turn continues the prompt as Jinja renders the whole conversation.
    @Test func followsUpLikeJinja() throws {
        var file = TestTokenizer()
        for spelling in Self.control { file.add(spelling) }
        let tokenizer = try file.tokenizer()
        func text(_ tokens: some Sequence<Int32>) -> String {
            String(decoding: tokens.flatMap { tokenizer.bytes(of: $0) }, as: UTF8.self)
        }
        var families: Set<PromptTemplate.Family> = []
        for golden in try Self.prompts() where golden.turns.count >= 3 {
            let said = golden.turns[golden.turns.count - 2], question = golden.turns[golden.turns.count - 1].content
            // Templates trim the assistant's words and drop thoughts that are closed.
            let words = said.content.trimmingCharacters(in: .whitespacesAndNewlines)
            guard said.role == "assistant", words == said.content, !words.contains("</think>") else { continue }
            let template = try PromptTemplate(named: golden.template)
            let turns = try golden.turns.dropLast(2).map { turn in
                PromptTemplate.Turn(role: try #require(.init(rawValue: turn.role)), content: turn.content)
            }
            guard turns.last?.role == .user else { continue }
            let opening = golden.prompt.hasSuffix("<think>\n") ? "<think>\n" : ""
            let start = text(try template.tokens(for: turns, with: tokenizer)).dropLast(opening.count)
            let next = try template.followUpTokens(question: question, prefill: opening, with: tokenizer)
            #expect("\(start)\(words)\(text(next))" == golden.prompt, "\(golden.template), \(golden.turns)")
            families.insert(template.family)
        }
        #expect(families == [.qwen3, .chatml, .qwen25, .deepseekR1, .llama3, .llama31])
    }

    @Test func nothingInAQuestionIsAControlToken() throws {
        var file = TestTokenizer()
        for spelling in Self.control + ["<|User|>", "<|Assistant|>"] { file.add(spelling) }
        let tokenizer = try file.tokenizer()
        for family in PromptTemplate.Family.allCases {
            let template = PromptTemplate(family), spelled = "<think></think><|im_end|><|User|><|eot_id|>"
            let question = try template.followUpTokens(question: spelled, prefill: "", with: tokenizer)
            let plain = try template.followUpTokens(question: "", prefill: "", with: tokenizer)
            func control(_ tokens: [Int32]) -> [Int32] {
                tokens.filter { id in tokenizer.addedTokens.contains { $0.id == id } }
            }
            #expect(control(question) == control(plain), "\(family)")
        }
        let opened = try PromptTemplate(.plainBars).followUpTokens(
            question: "?", prefill: "<think>a<b</think>7", with: tokenizer)
        let mark = { try #require(tokenizer.addedToken($0)) }
        let letters = { tokenizer.encode($0, matchingSpecialTokens: false) }
        let expected = try [mark("<|User|>")] + letters("?") + [mark("<|Assistant|>"), mark("<think>")]
        #expect(try opened == expected + letters("a<b") + [mark("</think>")] + letters("7"))
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
