import Testing
import Tokenization

@Suite struct IncrementalDetokenizerTests {
    static func pieces(_ chunks: [[UInt8]]) -> [String] {
        var detokenizer = IncrementalDetokenizer()
        return chunks.map { detokenizer.append($0) } + [detokenizer.finish()]
    }

    @Test func halfACharacterWaits() {
        #expect(Self.pieces([[0xE2], [0x82], [0xAC, 0x61], [0xC3]]) == ["", "", "€a", "", "\u{FFFD}"])
        #expect(Self.pieces([[0xF0, 0x9F], [0x8E, 0x89]]) == ["", "🎉", ""])
        // A lead byte that is followed by something else is given out as soon as that is known.
        #expect(Self.pieces([[0xF0, 0x9F], [0x61]]) == ["", "\u{FFFD}a", ""])
        // No character begins so.
        #expect(
            Self.pieces([[0xC0], [0xF5], [0xED, 0xA0], [0xE0, 0x80]]).joined()
                == String(repeating: "\u{FFFD}", count: 6))
    }

    /// All pieces joined equal the decoding at once, for any bytes and any cuts; no piece but the last ends early.
    @Test func anyBytesAnyCuts() {
        var state: UInt64 = 3
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let alphabet: [[UInt8]] = [
            [0x41], [0x80], [0xBF], [0xC2], [0xC3, 0xA9], [0xE0], [0xE2, 0x82, 0xAC], [0xED], [0xA0], [0xF0], [0x9F],
            [0xF4], [0x90], [0xF0, 0x9F, 0x8E, 0x89], [0xFF], [0xC0],
        ]
        for _ in 0..<5000 {
            let chunks = (0..<next(12)).map { _ in (0..<next(4)).flatMap { _ in alphabet[next(alphabet.count)] } }
            #expect(Self.pieces(chunks).joined() == String(decoding: chunks.joined(), as: UTF8.self), "\(chunks)")
        }
    }

    @Test(arguments: GoldenTests.families)
    func tokensOfRealText(family: String) throws {
        let tokenizer = try GoldenTests.tokenizer(family)
        for text in try GoldenTests.strings().prefix(500) {
            let tokens = tokenizer.encode(text, matchingSpecialTokens: true).map { tokenizer.bytes(of: $0) }
            let pieces = Self.pieces(tokens)
            #expect(pieces.dropLast().allSatisfy { !$0.contains("\u{FFFD}") } || text.contains("\u{FFFD}"))
            #expect(Array(pieces.joined().utf8) == Array(tokens.joined()))
        }
    }
}
