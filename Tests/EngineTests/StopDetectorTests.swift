import Generation
import Testing

@testable import Engine

@Suite struct StopDetectorTests {
    private static let end = StopCondition.ThinkingEnd(token: 7)

    private func stop(_ pieces: [String], _ condition: StopCondition) -> (index: Int, reason: FinishReason)? {
        var detector = StopDetector(condition, endOfText: [9])
        for (i, piece) in pieces.enumerated() {
            if let reason = detector.accept(TokenID(100 + i), bytes: Array(piece.utf8)) { return (i, reason) }
        }
        return nil
    }

    @Test func delimiterInsideAToken() {
        let condition = StopCondition(delimiter: "\n\n", thinkingEnd: Self.end)
        #expect(stop(["a", ".\n\n"], condition)! == (1, .delimiter))
        #expect(stop(["a\n", "\nb"], condition)! == (1, .delimiter))
        #expect(stop(["\n\n"], condition)! == (0, .delimiter))
        #expect(stop(["a\n", "b\n", "c"], condition) == nil)
    }

    @Test func thinkingEndAsTextOverManyTokens() {
        let condition = StopCondition(delimiter: "\n\n", thinkingEnd: Self.end)
        #expect(stop(["x</", "th", "ink", ">"], condition)! == (3, .thinkingEnd))
        #expect(stop(["\n</think>\n\n"], condition)! == (0, .thinkingEnd))
    }

    @Test func tokens() {
        var detector = StopDetector(StopCondition(thinkingEnd: Self.end), endOfText: [9])
        #expect(detector.accept(7, bytes: Array("</think>".utf8)) == .thinkingEnd)
        #expect(detector.accept(9, bytes: []) == .endOfText)
        var open = StopDetector(.endOfText, endOfText: [9])
        #expect(open.accept(7, bytes: Array("</think>\n\n".utf8)) == nil)
        #expect(open.accept(9, bytes: []) == .endOfText)
    }
}
