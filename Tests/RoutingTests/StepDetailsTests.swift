import Generation
import Testing

@testable import Routing

/// What a record tells of who wrote which piece, and of what was given up.
@Suite struct StepDetailsTests {
    /// Single bytes: `é` is two tokens, `😀` four.
    static let bytes = ScriptedVocabulary()

    private func measured(_ lengths: [Int], _ text: [UInt8]) -> [Int?] {
        let segments = lengths.enumerated().map { place, length in
            StepDetails.Segment(owner: place.isMultiple(of: 2) ? .slm : .llm, tokens: length)
        }
        return segments.measured(on: text.map(TokenID.init), in: Self.bytes).map(\.characters)
    }

    @Test func piecesAreMeasuredInCodePoints() {
        #expect(measured([2, 3, 0, 1], Array("aé😀".utf8.prefix(6))) == [2, 1, 0, 0])
        #expect(measured([1, 2], Array("aéb".utf8)) == [1, 1])
        #expect(measured([4, 3], Array("a\r\ne\u{301}x".utf8)) == [4, 2])
        #expect(measured([], []) == [])
    }

    @Test func piecesOfACutCharacterAddUp() {
        // Every way to part well-formed and ill-formed bytes in two or three.
        for text: [UInt8] in [
            Array("xé😀\n".utf8), [0xF0, 0x9F, 0x41], [0xF0, 0x9F, 0x98, 0x41, 0x98], [0xC3, 0xC3, 0xA9],
            [0xFF, 0xE2, 0x82],
        ] {
            let whole = String(decoding: text, as: UTF8.self).unicodeScalars.count
            for first in 0...text.count {
                for second in first...text.count {
                    let pieces = measured([first, second - first, text.count - second], text)
                    #expect(pieces.allSatisfy { $0 ?? -1 >= 0 }, "\(text) \(first) \(second)")
                    #expect(pieces.compactMap(\.self).reduce(0, +) == whole, "\(text) \(first) \(second)")
                }
            }
        }
    }

    @Test func aSharedStepTellsWhereItsPiecesEnd() async throws {
        let (slm, llm) = TokenLevelTests.models([0.001, 0.019, 0.021, 0, 0, 0], [0, 0, 0.5, 0.02, 0, 0])
        let run = try await run("r-stitch", "", slm: slm, llm: llm)
        #expect(run.text == "ssLLss</think>")
        #expect(run.thinking[0].details.segments.map(\.characters) == [2, 2, 10])
    }

    @Test func aDraftThatWasWrittenAgainIsKeptInTheTrace() async throws {
        let slm = script("small", steps: JudgeTests.small)
        let llm = script("large", steps: JudgeTests.large, answer: "9", opinion: grades { $0 == "s1." ? 6 : 7 })
        let run = try await run("specreason", slm: slm, llm: llm)
        #expect(run.owners == "sLss")
        #expect(run.thinking.map(\.details.rejected) == [[], [.init(owner: .slm, tokens: 5, text: "s1.\n\n")], [], []])
        #expect(run.thinking.map(\.keepsDraft) == [true, false, true, true])
        #expect(run.records.last?.keepsDraft == nil)
    }

    @Test func aMeasureRejectsWithoutAReview() async throws {
        let slm = script("small", steps: JudgeTests.small, entropies: [0, 1, 0, 0])
        let llm = script("large", steps: JudgeTests.large)
        let run = try await run("step-entropy", #"{"tau": 0.5}"#, slm: slm, llm: llm)
        #expect(run.owners.prefix(3) == "sLs")
        #expect(run.thinking.prefix(3).map(\.keepsDraft) == [true, false, true])
        #expect(run.thinking[1].details.rejected.map(\.text) == ["s1.\n\n"])
    }

    @Test(arguments: ["b", "none"]) func alternativesThatWereNotChosenAreKept(wanted: String) async throws {
        var seen = 0
        for seed in 0..<6 as Range<Int64> {
            let llm = script("large", steps: SpecCoTTests.large, opinion: SpecCoTTests.wanting(wanted))
            let run = try await run("speccot", slm: SpecCoTTests.drafter(), llm: llm, seed: seed)
            for record in run.thinking where record.details.review != nil {
                let review = try #require(record.details.review)
                let texts = record.details.rejected.map(\.text)
                #expect(texts.count == review.values.count - (review.kept == nil ? 0 : 1))
                #expect(record.details.rejected.reduce(0) { $0 + $1.tokens } == record.discarded.slm)
                // The kept draft stands in its place among the others.
                if let kept = review.kept {
                    #expect(!texts[..<kept].contains(record.text))
                    seen += 1
                }
                #expect(record.keepsDraft == (review.kept != nil))
            }
        }
        #expect(wanted == "none" ? seen == 0 : seen > 3)
    }
}
