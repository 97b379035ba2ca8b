import Generation
import Testing

@testable import Routing

@Suite struct ExitRuleTests {
    static func records(_ texts: [String], tokens: [Int] = []) -> [StepRecord] {
        texts.enumerated().map { index, text in
            StepRecord(
                index: index, kind: .thinking, decision: StepDecision(.fixed, owner: .slm), model: "slm", text: text,
                tokens: Array(repeating: 1, count: index < tokens.count ? tokens[index] : 1), finish: .delimiter)
        }
    }

    @Test(
        arguments: [
            (["a"], nil), (["a", "a"], nil), (["b", "a", "a"], .repeatedStep), (["a", "a", "b"], nil),
            (["a", "b", "a", "b", "a"], nil), (["a", "b", "a", "b", "a", "b"], .alternatingSteps),
            (["x", "a", "b", "a", "b", "a", "b"], .alternatingSteps), (["a", "b", "a", "b", "c", "b"], nil),
            // Five times: the quotient 55555 of a long division.
            (["a", "1", "x", "a", "2", "x", "a", "3", "x", "a", "4", "x", "a"], nil),
            (["a", "1", "2", "a", "3", "a", "4", "5", "a", "6", "a", "7", "a"], .recurringStep),
            (["a", "b", "c", "a", "b", "c", "a", "b", "c", "a", "b", "c", "a", "b", "c", "a"], .recurringStep),
            // The first one has left the window.
            (["a", "1", "2", "a", "3", "a", "4", "5", "a", "6", "a", "8", "9", "10", "11", "12", "a"], nil),
        ] as [([String], ThinkingStop?)])
    func repetition(texts: [String], expected: ThinkingStop?) {
        #expect(RepetitionRule().stop(after: Self.records(texts), settings: ReasoningSettings()) == expected)
    }

    @Test func piecesOfOneStepAreNoRepetition() {
        var records = Self.records(["1", "1", "1", "1", "2\n\n"])
        for i in 1..<5 { records[i].decision = StepDecision(.continuation, owner: .slm) }
        for i in 0..<4 { records[i].finish = .length }
        let settings = ReasoningSettings()
        for count in 1...5 {
            #expect(RepetitionRule().stop(after: Array(records[..<count]), settings: settings) == nil)
        }
        // The same whole step again, in pieces again, is one.
        let other = Self.records(["x\n\n"])
        #expect(RepetitionRule().stop(after: other + records + records, settings: settings) == .repeatedStep)
    }

    /// Vector H5: 400 and 512 leave 88 tokens of a budget of 1000.
    @Test func budgets() {
        var settings = ReasoningSettings()
        settings.maximumThinkingTokens = 1000
        let three = Self.records(["a", "b", "c"], tokens: [400, 512, 88])
        #expect(BudgetRule().stop(after: Array(three[..<2]), settings: settings) == nil)
        #expect(BudgetRule().stop(after: three, settings: settings) == .tokenBudget)
        settings.maximumThinkingTokens = 1001
        settings.maximumSteps = 3
        #expect(BudgetRule().stop(after: three, settings: settings) == .stepBudget)
    }

    @Test(
        arguments: [
            (FinishReason.delimiter, nil), (.length, nil), (.thinkingEnd, .thinkingEnd), (.endOfText, .endOfText),
        ] as [(FinishReason, ThinkingStop?)])
    func closing(finish: FinishReason, expected: ThinkingStop?) {
        var records = Self.records(["a"])
        records[0].finish = finish
        #expect(ClosingRule().stop(after: records, settings: ReasoningSettings()) == expected)
    }
}
